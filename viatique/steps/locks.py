"""A marker takes a copy, keeps it, gives it back; a coordinator may take it away.

A refusal is a value, never an exception: each is logged as a WARNING and counted by its type.
"""

import logging
from dataclasses import dataclass

from viatique.db import locks
from viatique.db.copies import find_copy
from viatique.db.dispatch import Duty, find_duty
from viatique.db.locks import Hold, Lock
from viatique.db.pool import Connection, Database
from viatique.errors import Forbidden, IllegalTransition
from viatique.lifecycle import CopyStatus, LockConflict, UnlockReason
from viatique.models import CopyId
from viatique.run import Run
from viatique.steps.measure import observe_lock_conflict

logger = logging.getLogger("grading")

NOT_YET = frozenset({CopyStatus.STAGING, CopyStatus.QUARANTINE})
"""Statuses before a copy may be marked; no copy comes back to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why nothing was written.

    Attributes:
        current: what is stored instead of what the caller knows; for STALE_VERSION only.
    """

    conflict: LockConflict
    current: object = None


def acquire(
    database: Database, run: Run, copy_id: CopyId, *, ttl_s: int, take_over: bool = False
) -> Lock | Refused:
    """Locks a copy for ``run.actor``; ``take_over`` replaces the actor's own lock from elsewhere.

    Raises:
        NotFound: no such copy.
        IllegalTransition: the copy may not be marked yet.
        Forbidden: it is dispatched to other markers.
    """
    with database.transaction() as connection:
        if find_copy(connection, copy_id).status in NOT_YET:
            raise IllegalTransition(f"Copy {copy_id} may not be marked yet.")
        duty_of(connection, run, copy_id)
        taken = locks.insert_lock(connection, copy_id, ttl_s=ttl_s, take_over=take_over, run=run)
        if isinstance(taken, LockConflict):
            return refuse(connection, run, copy_id, taken)
    logger.info("copy_locked", extra={"copy_id": copy_id})
    return taken


def heartbeat(database: Database, run: Run, hold: Hold, *, ttl_s: int) -> Lock | Refused:
    """Lets the lock last ``ttl_s`` seconds from now.

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        find_copy(connection, hold.copy_id)
        extended = locks.extend_lock(connection, hold, ttl_s=ttl_s, run=run)
        if isinstance(extended, LockConflict):
            return refuse(connection, run, hold.copy_id, extended)
    return extended


def release(database: Database, run: Run, hold: Hold) -> Refused | None:
    """Gives the copy back.

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        find_copy(connection, hold.copy_id)
        conflict = locks.delete_lock(connection, hold, run=run)
        if conflict:
            return refuse(connection, run, hold.copy_id, conflict)
    logger.info("copy_unlocked", extra={"copy_id": hold.copy_id})
    return None


def force_release(
    database: Database, run: Run, copy_id: CopyId, reason: UnlockReason
) -> Refused | None:
    """Takes the copy from whoever holds it.

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        find_copy(connection, copy_id)
        conflict = locks.delete_lock_of_anyone(connection, copy_id, reason=reason, run=run)
        if conflict:
            return refuse(connection, run, copy_id, conflict)
    logger.info("copy_force_unlocked", extra={"copy_id": copy_id, "reason": reason})
    return None


def lock_of(database: Database, copy_id: CopyId) -> Lock | None:
    """Who holds the copy now.

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        find_copy(connection, copy_id)
        return locks.find_lock(connection, copy_id)


def duty_of(connection: Connection, run: Run, copy_id: CopyId) -> Duty:
    """What ``run.actor`` has to do with the copy.

    Raises:
        Forbidden: nothing, because it is dispatched to other markers.
    """
    duty = find_duty(connection, copy_id, run.actor)
    if duty.is_outsider:
        raise Forbidden(f"Copy {copy_id} is dispatched to other markers.")
    return duty


def refuse(
    connection: Connection,
    run: Run,
    copy_id: CopyId,
    conflict: LockConflict,
    current: object = None,
) -> Refused:
    """The refusal, logged and counted."""
    observe_lock_conflict(connection, conflict, run=run)
    logger.warning("lock_conflict", extra={"copy_id": copy_id, "conflict_type": conflict})
    return Refused(conflict=conflict, current=current)
