"""Exams: all of them, as every page chooses among them, and one with its roster and scans."""

from dataclasses import dataclass

from dashboard.core import open_database
from viatique.db import completeness, identities
from viatique.db.exams import Exam, count_students, find_exam, list_exams
from viatique.db.pool import Connection
from viatique.db.sources import Source, list_sources
from viatique.models import ExamId, IdentityState
from viatique.services.flow_runs import FlowName


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamPage:
    """An exam as its page shows it.

    Attributes:
        following: the flow that has work to do now, the first in their order.
    """

    exam: Exam
    students: int
    scans: tuple[Source, ...]
    following: FlowName | None


def exam_names() -> dict[ExamId, str]:
    """All exams, newest first."""
    with open_database().transaction() as connection:
        return {exam.exam_id: exam.name for exam in list_exams(connection)}


def exam_page(exam_id: ExamId) -> ExamPage:
    """What the page of an exam shows.

    Raises:
        NotFound: there is no such exam.
    """
    with open_database().transaction() as connection:
        exam = find_exam(connection, exam_id)
        scans = list_sources(connection, exam_id)
        return ExamPage(
            exam=exam,
            students=count_students(connection, exam_id),
            scans=scans,
            following=_following(connection, exam, scans),
        )


def _following(connection: Connection, exam: Exam, scans: tuple[Source, ...]) -> FlowName | None:
    if not all(scan.is_planned for scan in scans):
        return FlowName.IMPORT
    if identities.count_identities(connection, exam.exam_id)[IdentityState.PENDING]:
        return FlowName.IDENTIFY
    leaves = [leaf.question_id for leaf in exam.scheme.leaves()]
    is_marked = completeness.count_complete(connection, exam.exam_id, leaves=leaves)
    return FlowName.FINALIZE if is_marked else None
