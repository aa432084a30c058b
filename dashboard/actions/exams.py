"""What is done on the Exams page: the same steps and checks as the commands'."""

import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dashboard.actions.identify import decide_soon
from dashboard.core import acting, open_database, prefect, workbench
from viatique.access import Permission
from viatique.db import audit
from viatique.errors import ServiceUnavailable
from viatique.exam_file import ExamFile
from viatique.lifecycle import Action
from viatique.models import ExamId, Student
from viatique.roster import RosterChange
from viatique.services.flow_runs import FlowName
from viatique.steps.change_roster import change_roster
from viatique.steps.check_exam import check_exam
from viatique.steps.create_exam import store_exam
from viatique.steps.import_scan import receive_scan
from viatique.steps.record_marks import receive_marks, record_marks

logger = logging.getLogger("viatique")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What an import of a scan would find; ``picture``: PNG of the first headers."""

    pages: int
    copies: int
    incomplete: int
    picture: bytes


def create(token: str, exam: ExamFile, students: Sequence[Student]) -> ExamId:
    """Creates an exam with its roster.

    Raises:
        Forbidden: the account may not.
    """
    run = acting(token, Permission.RUN_EXAMS)
    return store_exam(open_database(), exam, students, run=run)


def change_students(token: str, exam_id: ExamId, students: Sequence[Student]) -> RosterChange:
    """Adds students to the roster or corrects their lines, and has the exam decided again.

    Raises:
        Forbidden: the account may not.
        Conflict: everybody was erased from it.
    """
    run = acting(token, Permission.RUN_EXAMS)
    change = change_roster(open_database(), run, exam_id, students)
    decide_soon(exam_id)
    return change


def receive(token: str, exam_id: ExamId, name: str, scan: BinaryIO) -> bool:
    """Checks a scan and keeps it; False when the exam has this very file already.

    Raises:
        Forbidden: the account may not.
        InvalidScan: the file is refused whole, with the reason and the page.
    """
    run = acting(token, Permission.RUN_EXAMS)
    with _as_file(name, scan) as path:
        return receive_scan(workbench(), exam_id, path, run=run)


def record(token: str, exam_id: ExamId, name: str, marks: BinaryIO) -> int:
    """Records a marks file, all of it or nothing; returns how many copies changed.

    Raises:
        Forbidden: the account may not.
        InvalidMarks: with every problem, by line and column.
    """
    run = acting(token, Permission.RUN_EXAMS)
    with _as_file(name, marks) as path:
        sha256 = receive_marks(workbench(), exam_id, path, run=run)
    return record_marks(workbench(), run, exam_id, sha256)


def check(token: str, exam_id: ExamId, name: str, scan: BinaryIO) -> Checked:
    """Tries the exam's settings on a scan; imports nothing. Headers are seen: it leaves an event.

    Raises:
        Forbidden: the account may not.
        InvalidScan: the file would be refused.
    """
    run = acting(token, Permission.VIEW_IDENTITY)
    with _as_file(name, scan) as path:
        found = check_exam(workbench(), exam_id, path)
    with open_database().transaction() as connection:
        audit.insert_event(
            connection,
            action=Action.VIEW_IDENTITY,
            exam_id=exam_id,
            copy_id=None,
            run=run,
            details={"check": len(found.first)},
        )
    return Checked(
        pages=found.pages,
        copies=found.copies,
        incomplete=found.incomplete,
        picture=found.picture.read_bytes(),
    )


def start(token: str, name: FlowName, exam_id: ExamId) -> str:
    """Has a worker run a flow on the exam; returns the flow run's id. Nothing here is waited for.

    Raises:
        Forbidden: the account may not.
        ServiceUnavailable: there is no Prefect server, or it does not answer.
    """
    run = acting(token, Permission.RUN_EXAMS)
    runs = prefect()
    if runs is None:
        raise ServiceUnavailable(
            "The dashboard was started without a Prefect server.",
            next_step="`viatique up` starts one, or set PREFECT_API_URL.",
        )
    run_id = runs.start(name, exam_id)
    logger.info(
        "run_started", extra={"flow_run_id": run_id, "exam_id": exam_id, "user_id": run.actor}
    )
    return run_id


@contextmanager
def _as_file(name: str, upload: BinaryIO) -> Iterator[Path]:
    """The upload as a file of that name, in a folder of our own that is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=workbench().passing_folder()) as own:
        path = Path(own) / (Path(name).name or "scan.pdf")
        with path.open("wb") as file:
            shutil.copyfileobj(upload, file)
        yield path
