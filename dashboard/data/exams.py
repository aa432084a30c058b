"""Exams: all of them, as every page chooses among them, and one with its roster and scans."""

from dataclasses import dataclass

from dashboard.core import open_database
from viatique.db.exams import Exam, count_students, find_exam, list_exams
from viatique.db.sources import Source, list_sources
from viatique.models import ExamId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamPage:
    """An exam as its page shows it."""

    exam: Exam
    students: int
    scans: tuple[Source, ...]


def exams() -> tuple[Exam, ...]:
    """All exams, newest first."""
    with open_database().transaction() as connection:
        return list_exams(connection)


def exam_page(exam_id: ExamId) -> ExamPage:
    """What the page of an exam shows.

    Raises:
        NotFound: there is no such exam.
    """
    with open_database().transaction() as connection:
        return ExamPage(
            exam=find_exam(connection, exam_id),
            students=count_students(connection, exam_id),
            scans=list_sources(connection, exam_id),
        )
