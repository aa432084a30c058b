"""What a person says at the command line of whose copies are."""

from cyclopts import App

from viatique.cli import running, terminal
from viatique.cli.given import PERSON, Copy, copy_id_of
from viatique.models import ExamId, StudentId
from viatique.run import new_run
from viatique.steps.decide_identities import decide_identities
from viatique.steps.merge_copies import merge_copies
from viatique.steps.report import report_exam
from viatique.steps.settle import confirm_identity
from viatique.workbench import Workbench

NOBODY = "nobody"


def register(app: App) -> None:
    """Adds the commands."""
    app.command(confirm)
    app.command(merge)


def confirm(copy: Copy, student: str, /) -> int:
    """Say whose a copy is: a roster id, or `nobody`; the rest of the exam is decided again."""
    student_id = None if student.lower() == NOBODY else StudentId(student)
    copy_id = copy_id_of(copy)
    with running.workbench() as bench:
        confirm_identity(bench.database, new_run(PERSON), copy_id, student_id)
        _decide_again(bench, ExamId(copy_id.rpartition("-")[0]))
    return 0


def merge(copy: Copy, other: Copy, student: str, /) -> int:
    """Make two copies by one student one: the pages and marks of OTHER go to COPY."""
    keep = copy_id_of(copy)
    with running.workbench() as bench:
        merge_copies(
            bench.database,
            bench.store,
            new_run(PERSON),
            keep,
            copy_id_of(other),
            student_id=StudentId(student),
        )
        _decide_again(bench, ExamId(keep.rpartition("-")[0]))
    return 0


def _decide_again(bench: Workbench, exam_id: ExamId) -> None:
    threshold = bench.settings.review_threshold
    decide_identities(bench.database, bench.store, new_run(), exam_id, threshold=threshold)
    terminal.show_report(report_exam(bench.database, exam_id))
