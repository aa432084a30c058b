"""Exams and copies laid into a test's database."""

from decimal import Decimal

from viatique.db import copies, sources
from viatique.db.copies import NewCopy
from viatique.db.exams import allocate_copy_numbers, insert_exam
from viatique.db.pool import Database
from viatique.exam_file import ExamFile
from viatique.marking.scoring import Question, Scheme
from viatique.models import (
    CopyId,
    ExamId,
    HeaderSpec,
    Layout,
    Placement,
    Segmentation,
    Sha256,
    Student,
    StudentId,
)
from viatique.run import Run

RUN = Run(correlation_id="00000000-0000-4000-8000-000000000001")

SCHEME = Scheme(
    total=Decimal(20),
    questions=(
        Question(question_id="1", label="One", points=Decimal("7.5")),
        Question(question_id="2", label="Two", points=Decimal("12.5")),
    ),
)
EXAM = ExamFile(
    name="Exam",
    exam_date=None,
    layout=Layout.A4,
    pages_per_copy=2,
    segmentation=Segmentation.PAGES,
    roster="roster.csv",
    header=HeaderSpec(),
    scheme=SCHEME,
)


def store_exam(database: Database) -> ExamId:
    """An exam with the students S1, S2 and S3."""
    students = [
        Student(student_id=StudentId(f"S{n}"), last_name=f"Last{n}", first_name=f"First{n}")
        for n in (1, 2, 3)
    ]
    with database.transaction() as connection:
        return insert_exam(connection, EXAM, students, run=RUN)


def store_copies(database: Database, exam_id: ExamId, count: int) -> list[CopyId]:
    """Copies of two pages each, STAGING, of one scan."""
    with database.transaction() as connection:
        sources.insert_source(
            connection,
            exam_id=exam_id,
            sha256=Sha256("1" * 64),
            file_name="scan.pdf",
            byte_size=1,
            page_count=2 * count,
            run=RUN,
        )
        (source,) = sources.list_sources(connection, exam_id)
        numbers = allocate_copy_numbers(connection, exam_id, count)
        new = [_new_copy(exam_id, number) for number in numbers]
        copies.insert_copies(
            connection, exam_id=exam_id, source_id=source.source_id, copies=new, run=RUN
        )
    return [copy.copy_id for copy in new]


def _new_copy(exam_id: ExamId, number: int) -> NewCopy:
    first = 2 * number - 2
    return NewCopy(
        copy_id=CopyId(f"{exam_id}-{number:04d}"),
        number=number,
        first_page=first + 1,
        last_page=first + 2,
        placements=(Placement(source_page=first), Placement(source_page=first + 1)),
        problem=None,
        missing_pages=(),
        defects=(None,) * 2,
    )
