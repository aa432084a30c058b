"""READY copies are dispatched to markers; each marker then finds their own, and the next one."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from viatique.access import Permission, Role, may
from viatique.db import dispatch as stored
from viatique.db import locks
from viatique.db.accounts import list_accounts
from viatique.db.copies import find_copy
from viatique.db.dispatch import AssignedCopy, Mode, ReadyCopy
from viatique.db.exams import Exam, find_exam
from viatique.db.locks import Lock
from viatique.db.pool import Connection, Database
from viatique.errors import Conflict, InvalidInput
from viatique.marking.dispatch import Slot, part_leaves, parts_of, share_out
from viatique.models import CopyId, ExamId
from viatique.run import Run

logger = logging.getLogger("grading")

TRIES = 5
"""How often a copy that somebody took at the same moment is replaced by another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """What a dispatch did; ``loads``: what each account has of the exam now, in parts of copies."""

    changed: int
    loads: dict[str, int]


def dispatch_copies(
    database: Database,
    run: Run,
    exam_id: ExamId,
    mode: Mode,
    *,
    markers: Sequence[str] = (),
    is_rebalanced: bool = False,
) -> Dispatched:
    """Gives every READY copy that is not marked yet to markers, evenly.

    Doing it again gives out what has come since. With ``is_rebalanced``, copies that nobody touched
    move until all have as much. How an exam is shared out (by question, read twice) may change
    while no assigned copy was touched.

    Args:
        database: where.
        run: who, under which correlation id.
        exam_id: the exam.
        mode: how it is shared out.
        markers: account ids; none = every account that is a marker.
        is_rebalanced: whether what somebody has may move.

    Raises:
        NotFound: no such exam.
        InvalidInput: an account may not mark, or there are too few.
        Conflict: copies are being marked in another mode.
    """
    with database.transaction() as connection:
        exam = find_exam(connection, exam_id)
        stored.lock_for_dispatch(connection, exam_id)
        accounts = _markers(connection, markers)
        _change_mode(connection, exam, mode, run)
        ready = _ready(connection, exam)
        held = stored.list_assignments(connection, exam_id)
        changes = share_out(
            [
                slot
                for slot in _slots(exam, mode, ready)
                if slot in held or _is_open(slot, mode, ready)
            ],
            held,
            accounts,
            fixed={copy_id for copy_id, copy in ready.items() if copy.is_touched},
            is_rebalanced=is_rebalanced,
            begun={copy_id: copy.begun_by for copy_id, copy in ready.items() if copy.begun_by},
        )
        stored.put_assignments(connection, exam_id, changes, run=run)
    logger.info("copies_dispatched", extra={"exam_id": exam_id, "changed": len(changes)})
    return Dispatched(changed=len(changes), loads=dict(Counter((held | changes).values())))


def list_my_copies(
    database: Database, run: Run, exam_id: ExamId, *, after: int = 0, limit: int = 100
) -> tuple[AssignedCopy, ...]:
    """What is assigned to ``run.actor``, from the copy after number ``after`` on.

    Raises:
        NotFound: no such exam.
    """
    with database.transaction() as connection:
        pairs = part_leaves(find_exam(connection, exam_id).scheme)
        return stored.list_copies_of_account(
            connection, exam_id, run.actor, pairs, after=after, limit=limit
        )


def take_next(
    database: Database, run: Run, exam_id: ExamId, *, ttl_s: int, after: CopyId | None = None
) -> Lock | None:
    """Locks the next copy ``run.actor`` has something left to mark on; None when there is none.

    In an exam that is not dispatched, that is any copy nobody holds. Copies that other tabs of the
    actor hold are passed over.

    Raises:
        NotFound: no such exam, or no copy ``after``.
    """
    with database.transaction() as connection:
        pairs = part_leaves(find_exam(connection, exam_id).scheme)
        number = find_copy(connection, after).number if after else 0
        for _ in range(TRIES):
            find = partial(stored.find_next, connection, exam_id, run.actor, pairs)
            copy_id = find(after=number) or find(after=0)
            if copy_id is None:
                return None
            lock = locks.insert_lock(connection, copy_id, ttl_s=ttl_s, take_over=False, run=run)
            if isinstance(lock, Lock):
                logger.info("copy_locked", extra={"copy_id": copy_id})
                return lock
    return None


def _markers(connection: Connection, wanted: Sequence[str]) -> list[str]:
    known = {
        account.account_id: account.role
        for account in list_accounts(connection)
        if not account.is_disabled
    }
    if not wanted:
        return sorted(one for one, role in known.items() if role is Role.MARKER)
    for one in wanted:
        if one not in known or not may(known[one], Permission.MARK):
            raise InvalidInput(
                f"Account {one[:40]!r} may not mark.", next_step="`viatique account list`"
            )
    return list(wanted)


def _change_mode(connection: Connection, exam: Exam, mode: Mode, run: Run) -> None:
    before = stored.find_mode(connection, exam.exam_id)
    if before and _shape(before) != _shape(mode):
        _take_back(connection, exam, run)
    stored.put_mode(connection, exam.exam_id, mode, run=run)


def _shape(mode: Mode) -> tuple[bool, int]:
    return mode.is_by_question, mode.readings


def _take_back(connection: Connection, exam: Exam, run: Run) -> None:
    ready = _ready(connection, exam)
    held = stored.list_assignments(connection, exam.exam_id)
    if any(slot.copy_id not in ready or ready[slot.copy_id].is_touched for slot in held):
        raise Conflict(
            f"Copies of exam {exam.exam_id} are being marked as they were dispatched.",
            next_step="Dispatch the rest in the same way.",
        )
    stored.delete_assignments(connection, exam.exam_id, run=run)


def _ready(connection: Connection, exam: Exam) -> dict[CopyId, ReadyCopy]:
    leaves = [leaf.question_id for leaf in exam.scheme.leaves()]
    return stored.list_ready(connection, exam.exam_id, leaves)


def _is_open(slot: Slot, mode: Mode, ready: Mapping[CopyId, ReadyCopy]) -> bool:
    """Whether it may be given to somebody: a copy somebody began cannot be read blindly."""
    return mode.readings == 1 or not ready[slot.copy_id].is_touched


def _slots(exam: Exam, mode: Mode, copy_ids: Iterable[CopyId]) -> list[Slot]:
    return [
        Slot(copy_id=copy_id, part=part, reading=reading)
        for copy_id in copy_ids
        for part in parts_of(exam.scheme, is_by_question=mode.is_by_question)
        for reading in range(1, mode.readings + 1)
    ]
