"""Exams as every page chooses among them."""

from dashboard.core import open_database
from viatique.db.exams import Exam, list_exams, list_students
from viatique.models import ExamId, Student, StudentId


def exams() -> tuple[Exam, ...]:
    """All exams, newest first."""
    with open_database().transaction() as connection:
        return list_exams(connection)


def roster(exam_id: ExamId) -> dict[StudentId, Student]:
    """The students of an exam by id."""
    with open_database().transaction() as connection:
        return {student.student_id: student for student in list_students(connection, exam_id)}
