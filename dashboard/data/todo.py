"""What the To do page shows: counts by index, a few exams at a time."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.core import open_database
from viatique.db import completeness, copies, identities, overviews, readings
from viatique.db.exams import Exam, list_exams
from viatique.db.overviews import Waiting
from viatique.db.pool import Connection
from viatique.lifecycle import MARKABLE, CopyStatus
from viatique.models import CopyId, ExamId, IdentityState
from viatique.steps.report import strangers_among

EXAMS_SHOWN = 8
APART_SHOWN = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Where an exam stands.

    Attributes:
        complete: copies whose marks are complete and that are not finalized yet.
        unmarked: copies that may be marked and whose marks are not complete.
        apart: copies whose two readings are too far apart, in their order.
        strangers: copies that fit nobody, where the roster may be another exam's; else 0.
    """

    exam: Exam
    pages: int
    statuses: dict[CopyStatus, int]
    identities: dict[IdentityState, int]
    failed: int
    complete: int
    unmarked: int
    apart: tuple[CopyId, ...]
    strangers: int
    changed_at: datetime | None

    @property
    def copies(self) -> int:
        return sum(self.statuses.values())


def overviews_after(after: ExamId | None) -> tuple[Overview, ...]:
    """Exams, newest first, from the one after ``after`` on."""
    with open_database().transaction() as connection:
        exams = list_exams(connection, after=after, limit=EXAMS_SHOWN)
        return tuple(_overview(connection, exam) for exam in exams)


def waiting() -> Waiting:
    """What needs a person in all exams."""
    with open_database().transaction() as connection:
        return overviews.count_waiting(connection)


def _overview(connection: Connection, exam: Exam) -> Overview:
    exam_id = exam.exam_id
    leaves = [leaf.question_id for leaf in exam.scheme.leaves()]
    statuses = copies.count_statuses(connection, exam_id)
    states = identities.count_identities(connection, exam_id)
    complete = completeness.count_complete(connection, exam_id, leaves=leaves)
    return Overview(
        exam=exam,
        pages=overviews.count_pages(connection, exam_id),
        statuses=statuses,
        identities=states,
        failed=overviews.count_failed(connection, exam_id),
        complete=complete,
        unmarked=sum(statuses[status] for status in MARKABLE) - complete,
        apart=_apart(connection, exam_id),
        strangers=strangers_among(identities.count_fitting_nobody(connection, exam_id), states),
        changed_at=overviews.find_last_change(connection, exam_id),
    )


def _apart(connection: Connection, exam_id: ExamId) -> tuple[CopyId, ...]:
    found = readings.list_disagreements(connection, exam_id, limit=APART_SHOWN)
    return tuple(dict.fromkeys(one.copy_id for one in found))
