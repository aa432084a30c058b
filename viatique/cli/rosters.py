"""``viatique exam roster``: the list of students is put right after the exam was created."""

from pathlib import Path

from cyclopts import App

from viatique.cli import running
from viatique.cli.given import PERSON, ErasedToo, Exam, exam_id_of
from viatique.cli.terminal import say
from viatique.files import read_given
from viatique.run import new_run
from viatique.steps.change_roster import change_roster
from viatique.steps.create_exam import receive_roster
from viatique.texts import CLI_LANGUAGE, text


def register(exam_app: App) -> None:
    """Adds the command."""
    exam_app.command(roster)


def roster(exam: Exam, file: Path, /, *, erased_too: ErasedToo = False) -> int:
    """Add students to an exam's roster or correct their lines; nobody is taken off it."""
    exam_id = exam_id_of(exam)
    with running.workbench() as bench:
        given = receive_roster(bench.settings.clamd, read_given(file, "roster"))
        change = change_roster(
            bench.database, new_run(PERSON), exam_id, given, are_erased_taken=erased_too
        )
    say(text("roster_changed", CLI_LANGUAGE, **change.counts))
    if change.erased:
        say(text("roster_erased", CLI_LANGUAGE, students=", ".join(change.erased)))
    say(f"viatique identify {exam_id}")
    return 0
