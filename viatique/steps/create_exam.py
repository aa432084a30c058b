"""An exam file and its roster become an exam, or nothing does."""

import logging
from collections.abc import Sequence
from pathlib import Path

from viatique.antivirus import check_bytes
from viatique.db.exams import insert_exam
from viatique.db.pool import Database
from viatique.exam_file import ExamFile, read_exam_file
from viatique.files import read_given
from viatique.models import ExamId, Student
from viatique.roster import read_roster
from viatique.run import Run, new_run
from viatique.tables import decode_text
from viatique.workbench import Workbench

logger = logging.getLogger("viatique.steps")


def create_exam(bench: Workbench, path: Path, *, run: Run | None = None) -> ExamId:
    """Creates the exam an ``exam.toml`` describes, with the roster CSV beside it.

    Args:
        bench: what it works with.
        path: the ``exam.toml``.
        run: who does it; None: the system.

    Raises:
        NotFound: the exam file or the roster cannot be read.
        InvalidExamFile, InvalidRoster: with every problem found.
        InfectedFile, AntivirusUnavailable: clamd refused one, or cannot be asked.
    """
    clamd = bench.settings.clamd
    exam = receive_exam_file(clamd, read_given(path, "exam file"))
    students = receive_roster(clamd, read_given(path.parent / exam.roster, "roster"))
    return store_exam(bench.database, exam, students, run=run or new_run())


def receive_exam_file(clamd: str | None, data: bytes) -> ExamFile:
    """The exam that somebody's ``exam.toml`` describes, when clamd finds nothing in it."""
    check_bytes(clamd, data)
    return read_exam_file(decode_text(data))


def receive_roster(clamd: str | None, data: bytes) -> tuple[Student, ...]:
    """The students of somebody's CSV, when clamd finds nothing in it."""
    check_bytes(clamd, data)
    return read_roster(data)


def store_exam(
    database: Database, exam: ExamFile, students: Sequence[Student], *, run: Run
) -> ExamId:
    """Creates an exam that was read and checked, with its roster."""
    with database.transaction() as connection:
        exam_id = insert_exam(connection, exam, students, run=run)
    logger.info("exam_created", extra={"exam_id": exam_id, "students": len(students)})
    return exam_id
