"""The whole exam's identities are decided jointly, from the readings kept in the store."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from viatique.db import identities
from viatique.db.exams import list_students
from viatique.db.identities import Applied, StoredReading
from viatique.db.pool import Connection, Database
from viatique.errors import StoredFileCorrupt
from viatique.files import Kind, Store
from viatique.identity.decision import decide
from viatique.models import CopyId, Decision, ExamId, HeaderReading, IdentityState, Sha256, Student
from viatique.ocr import evidence
from viatique.run import Run
from viatique.steps.measure import observe_identify
from viatique.tracing import traced

logger = logging.getLogger("viatique.steps")

SETTLED = frozenset({IdentityState.CONFIRMED, IdentityState.UNKNOWN})
"""Identities a person gave: the decision starts from them and never changes them."""


@traced
def decide_identities(
    database: Database, store: Store, run: Run, exam_id: ExamId, *, threshold: float
) -> int:
    """Decides every copy that was read and stores what changed.

    Nothing is held while deciding; if readings, people's answers or the roster changed meanwhile,
    it decides again from what there is now.

    Returns:
        How many copies changed.

    Raises:
        StoredFileCorrupt: a reading is damaged, or gone though nobody was erased.
    """
    while True:
        with database.transaction() as connection:
            facts = _facts(connection, exam_id)
        try:
            decisions = _decide(store, *facts, threshold)
        except StoredFileCorrupt:
            with database.transaction() as connection:
                if _facts(connection, exam_id) == facts:
                    raise
            continue
        with database.transaction() as connection:
            identities.lock_decisions(connection, exam_id)
            if _facts(connection, exam_id) == facts:
                applied = identities.apply_decisions(connection, decisions, run=run)
                _observe(connection, applied, run)
                break
    logger.info("identities_decided", extra={"exam_id": exam_id, "changed": len(applied)})
    return len(applied)


def _facts(
    connection: Connection, exam_id: ExamId
) -> tuple[tuple[StoredReading, ...], tuple[Student, ...]]:
    """All that a decision depends on: what was read, who answered what, who is on the roster."""
    return identities.list_readings(connection, exam_id), list_students(connection, exam_id)


def _observe(connection: Connection, applied: Sequence[Applied], run: Run) -> None:
    for one in applied:
        if one.is_first:
            observe_identify(connection, one.duration_s, decision=one.state, run=run)


def _decide(
    store: Store, stored: Sequence[StoredReading], roster: Sequence[Student], threshold: float
) -> list[Decision]:
    settled = {item.copy_id: item.student_id for item in stored if item.identity in SETTLED}
    decisions = decide(_Readings(store, stored), roster, threshold=threshold, settled=settled)
    return [decision for decision in decisions if decision.copy_id not in settled]


class _Readings(Mapping[CopyId, HeaderReading]):
    """The stored readings, each fetched when it is looked at: all at once would grow with them."""

    def __init__(self, store: Store, stored: Sequence[StoredReading]) -> None:
        self._store = store
        self._files: dict[CopyId, Sha256] = {one.copy_id: one.reading_sha256 for one in stored}

    def __getitem__(self, copy_id: CopyId) -> HeaderReading:
        return evidence.from_bytes(self._store.get(self._files[copy_id], Kind.READING))

    def __iter__(self) -> Iterator[CopyId]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
