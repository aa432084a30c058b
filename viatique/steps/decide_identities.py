"""The whole exam's identities are decided jointly, from the readings kept in the store."""

import logging
from collections.abc import Sequence

from viatique.db import identities
from viatique.db.exams import list_students
from viatique.db.identities import Applied, StoredReading
from viatique.db.pool import Connection, Database
from viatique.files import Kind, Store
from viatique.identity.decision import decide
from viatique.models import Decision, ExamId, IdentityState, Student
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
    """
    while True:
        with database.transaction() as connection:
            stored, roster = _facts(connection, exam_id)
        decisions = _decide(store, stored, roster, threshold)
        with database.transaction() as connection:
            identities.lock_decisions(connection, exam_id)
            if _facts(connection, exam_id) == (stored, roster):
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
    readings = {
        item.copy_id: evidence.from_bytes(store.get(item.reading_sha256, Kind.READING))
        for item in stored
    }
    settled = {item.copy_id: item.student_id for item in stored if item.identity in SETTLED}
    decisions = decide(readings, roster, threshold=threshold, settled=settled)
    return [decision for decision in decisions if decision.copy_id not in settled]
