"""Who holds a copy, and until when. A lock that expired is nobody's; its row needs no cleaning.

Each statement locks the copy's row first (``locking_conflict``, ``marking_conflict``), so that
markers and finalize take turns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from viatique.db.pool import Connection
from viatique.lifecycle import LockConflict, UnlockReason
from viatique.models import CopyId, ExamId
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What is shown to write on a copy: the token that locking it gave.

    A marks file shows none, and may write while nobody holds the copy.
    """

    copy_id: CopyId
    token: UUID | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock as it stands."""

    copy_id: CopyId
    token: UUID = field(repr=False)
    account_id: str
    expires_at: datetime


def insert_lock(
    connection: Connection, copy_id: CopyId, *, ttl_s: int, take_over: bool, run: Run
) -> Lock | LockConflict:
    """Locks a copy for ``run.actor`` with a new token and a LOCK event.

    Args:
        connection: in a transaction.
        copy_id: the copy.
        ttl_s: seconds it lasts.
        take_over: whether the actor's own live lock, held elsewhere, is replaced.
        run: who.

    Returns:
        The lock, or ALREADY_LOCKED, ALREADY_GRADED.
    """
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT locking_conflict(%(copy)s, %(actor)s, %(take_over)s) AS conflict
        ), taken AS (
            INSERT INTO copy_lock (copy_id, token, account_id, acquired_at, expires_at)
            SELECT %(copy)s, gen_random_uuid(), %(actor)s, clock_timestamp(),
                clock_timestamp() + make_interval(secs => %(ttl)s)
            FROM guard WHERE conflict IS NULL
            ON CONFLICT ON CONSTRAINT copy_lock_pk DO UPDATE SET
                token = EXCLUDED.token, account_id = EXCLUDED.account_id,
                acquired_at = EXCLUDED.acquired_at, expires_at = EXCLUDED.expires_at
            RETURNING copy_id, token, account_id, expires_at
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'LOCK', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('take_over', %(take_over)s::boolean)
            FROM taken JOIN copy USING (copy_id)
        )
        SELECT conflict, copy_id, token, account_id, expires_at
        FROM guard LEFT JOIN taken ON true
        """,
        {
            "copy": copy_id,
            "take_over": take_over,
            "ttl": ttl_s,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchone()
    return _lock_or_conflict(row or {})


def extend_lock(connection: Connection, hold: Hold, *, ttl_s: int, run: Run) -> Lock | LockConflict:
    """Lets a live lock last ``ttl_s`` seconds from now; an expired one has to be taken again."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), extended AS (
            UPDATE copy_lock
            SET expires_at = clock_timestamp() + make_interval(secs => %(ttl)s)
            FROM guard WHERE conflict IS NULL AND copy_id = %(copy)s
            RETURNING copy_id, token, account_id, expires_at
        )
        SELECT conflict, copy_id, token, account_id, expires_at
        FROM guard LEFT JOIN extended ON true
        """,
        {"copy": hold.copy_id, "token": hold.token, "ttl": ttl_s, "actor": run.actor},
    ).fetchone()
    return _lock_or_conflict(row or {})


def delete_lock(connection: Connection, hold: Hold, *, run: Run) -> LockConflict | None:
    """Gives a live lock back, with an UNLOCK event; None when that is done."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), released AS (
            DELETE FROM copy_lock USING guard
            WHERE conflict IS NULL AND copy_id = %(copy)s RETURNING copy_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id)
            SELECT 'UNLOCK', exam_id, copy_id, %(actor)s, %(correlation)s
            FROM released JOIN copy USING (copy_id)
        )
        SELECT conflict FROM guard
        """,
        {
            "copy": hold.copy_id,
            "token": hold.token,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchone()
    return _conflict(row or {})


def delete_lock_of_anyone(
    connection: Connection, copy_id: CopyId, *, reason: UnlockReason, run: Run
) -> LockConflict | None:
    """Takes a live lock from whoever has it, with a FORCE_UNLOCK event.

    Returns:
        None when that is done; MISSING, EXPIRED when nobody has it.
    """
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT copy_is_taken(%(copy)s) AS is_taken
        ), released AS (
            DELETE FROM copy_lock USING guard
            WHERE is_taken IS NOT NULL AND copy_id = %(copy)s AND expires_at > clock_timestamp()
            RETURNING copy_id, account_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'FORCE_UNLOCK', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('account', account_id, 'reason', %(reason)s::text)
            FROM released JOIN copy USING (copy_id)
        )
        SELECT CASE
            WHEN EXISTS (SELECT FROM released) THEN NULL
            WHEN EXISTS (SELECT FROM copy_lock WHERE copy_id = %(copy)s) THEN 'expired'
            ELSE 'missing'
        END AS conflict
        """,
        {
            "copy": copy_id,
            "reason": reason,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchone()
    return _conflict(row or {})


def keep_copies(connection: Connection, copy_ids: list[CopyId]) -> None:
    """Keeps the copies as they are until the commit, in one order for everybody."""
    connection.execute(
        "SELECT copy_id FROM copy WHERE copy_id = ANY(%(copies)s) ORDER BY copy_id FOR UPDATE",
        {"copies": copy_ids},
    )


def list_held(connection: Connection, exam_id: ExamId) -> frozenset[CopyId]:
    """The copies of the exam that somebody is marking now."""
    rows = connection.execute(
        """
        SELECT copy_id FROM copy_lock JOIN copy USING (copy_id)
        WHERE exam_id = %(exam)s AND expires_at > clock_timestamp()
        """,
        {"exam": exam_id},
    ).fetchall()
    return frozenset(CopyId(row["copy_id"]) for row in rows)


def find_lock(connection: Connection, copy_id: CopyId) -> Lock | None:
    """The copy's live lock."""
    row = connection.execute(
        """
        SELECT copy_id, token, account_id, expires_at
        FROM copy_lock WHERE copy_id = %(copy)s AND expires_at > clock_timestamp()
        """,
        {"copy": copy_id},
    ).fetchone()
    return _lock(row) if row else None


def _lock_or_conflict(row: Mapping[str, Any]) -> Lock | LockConflict:
    return _conflict(row) or _lock(row)


def _conflict(row: Mapping[str, Any]) -> LockConflict | None:
    return LockConflict(row["conflict"]) if row["conflict"] else None


def _lock(row: Mapping[str, Any]) -> Lock:
    return Lock(
        copy_id=CopyId(row["copy_id"]),
        token=row["token"],
        account_id=row["account_id"],
        expires_at=row["expires_at"],
    )
