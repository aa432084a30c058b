"""``viatique erase``: a student, or all of an exam, is taken out for good."""

from cyclopts import App

from viatique.cli import running
from viatique.cli.given import PERSON, Exam, Switch, exam_id_of
from viatique.cli.terminal import say
from viatique.db.erasure import rewrite_tables
from viatique.errors import InvalidInput
from viatique.models import ExamId, StudentId
from viatique.run import new_run
from viatique.steps.erase import Erasable, erase_exam, erase_student, find_erasable, finish_erasure
from viatique.texts import CLI_LANGUAGE, text
from viatique.workbench import Workbench


def register(app: App) -> None:
    """Adds the command."""
    app.command(erase)


def erase(
    exam: Exam, student: str | None = None, /, *, everyone: Switch = False, yes: Switch = False
) -> int:
    """Erase a student's personal data and files; the audit trail stays valid.

    Args:
        exam: Id of the exam.
        student: Roster id of the student.
        everyone: All students and files of the exam.
        yes: Do it; without, it is only told what would go.
    """
    exam_id = exam_id_of(exam)
    if (student is None) != everyone:
        raise InvalidInput("Give a roster id, or --everyone.")
    with running.workbench() as bench:
        if student is None or not finish_erasure(bench, exam_id, StudentId(student)):
            _show(bench, exam_id, student)
            if not yes:
                say(text("add_yes", CLI_LANGUAGE))
                return 0
            _erase(bench, exam_id, student)
        rewrite_tables(bench.owner)
    say(f"{text('erased', CLI_LANGUAGE)} {text('outside', CLI_LANGUAGE)}")
    return 0


def _erase(bench: Workbench, exam_id: ExamId, student: str | None) -> None:
    if student is None:
        erase_exam(bench, new_run(PERSON), exam_id)
    else:
        erase_student(bench, new_run(PERSON), exam_id, StudentId(student))


def _show(bench: Workbench, exam_id: ExamId, student: str | None) -> None:
    if student is None:
        say(text("erasing_exam", CLI_LANGUAGE, exam=exam_id))
        return
    found: Erasable = find_erasable(bench, exam_id, StudentId(student))
    say(
        text(
            "erasing",
            CLI_LANGUAGE,
            student=student,
            copies=len(found.copies),
            pages=len(found.pages),
            marks=len(found.marks_files),
        )
    )
    if found.named_on:
        say(text("still_named", CLI_LANGUAGE, copies=", ".join(found.named_on)))
