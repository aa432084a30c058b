"""The ``viatique`` command.

Exit codes: 0 done, 1 some copies failed, 2 bad input, 3 system failure; as shells have it, 130 when
interrupted and 141 when whoever read the output has closed it.
"""

import logging
import os
import sys
from importlib.metadata import version
from pathlib import Path

from cyclopts import App, CycloptsError

from viatique.cli import (
    backups,
    direction,
    doctor,
    erasing,
    identity,
    rosters,
    running,
    terminal,
    upkeep,
)
from viatique.cli.accounts import account_app
from viatique.cli.audit import audit_app
from viatique.cli.given import (
    PERSON,
    Copy,
    Exam,
    Inline,
    Json,
    Port,
    Switch,
    copy_id_of,
    exam_id_of,
)
from viatique.cli.help import arrange, mistyped
from viatique.cli.listing import (
    list_copies_of_exam,
    show_check,
    show_exams,
    show_results,
)
from viatique.cli.metrics import metrics_app
from viatique.errors import (
    Conflict,
    IllegalTransition,
    InvalidInput,
    UnexpectedFailure,
    ViatiqueError,
)
from viatique.logs import severity
from viatique.marking.results import Profile
from viatique.run import new_run
from viatique.services.foreground import API_PORT, hold
from viatique.services.local import stop
from viatique.settings import load_settings
from viatique.steps.check_exam import check_exam
from viatique.steps.create_exam import create_exam
from viatique.steps.export_results import export_csv, export_pdfs, list_results
from viatique.steps.import_scan import receive_scan
from viatique.steps.record_marks import receive_marks
from viatique.steps.report import report_exam
from viatique.steps.settle import release_from_quarantine
from viatique.steps.sign_in import (
    FIRST_LOGIN,
    create_first_account,
)
from viatique.texts import CLI_LANGUAGE, text

logger = logging.getLogger("viatique")
logger.addHandler(logging.NullHandler())
"""What fails before the log files are open is shown, not traced back on the terminal."""

app = App(
    name="viatique",
    help="Turns scanned exam papers into identified, marked, finalized copies.",
    version=version("viatique"),
    group_commands=text("help_commands", CLI_LANGUAGE),
    group_parameters=text("help_parameters", CLI_LANGUAGE),
    suppress_keyboard_interrupt=False,
)
exam_app = App(name="exam", help="Create and list exams.")
app.command(exam_app)
app.command(account_app)
app.command(audit_app)
app.command(metrics_app)
app.register_install_completion_command()
identity.register(app)
direction.register(app, exam_app)
rosters.register(exam_app)
doctor.register(app)
backups.register(app)
erasing.register(app)
upkeep.register(app)


@exam_app.command
def create(file: Path, /) -> int:
    """Create an exam from an exam.toml and the roster beside it; prints its id."""
    with running.workbench() as bench:
        exam_id = create_exam(bench, file, run=new_run(PERSON))
    terminal.say(f"viatique import {exam_id} SCAN.pdf")
    sys.stdout.write(f"{exam_id}\n")
    return 0


@exam_app.command
def check(exam: Exam, scan: Path, /) -> int:
    """Try the exam's settings on a scan: which copies and fields are found. Imports nothing."""
    with running.workbench() as bench:
        with terminal.messages.status(text("checking", CLI_LANGUAGE)):
            found = check_exam(bench, exam_id_of(exam), scan)
        show_check(found)
    return 0


@exam_app.command(name="list")
def list_(*, json: Json = False) -> int:
    """List the exams, newest first."""
    with running.workbench() as bench:
        show_exams(bench.database, is_json=json)
    return 0


@app.command(name="import")
def import_(exam: Exam, /, *scans: Path, inline: Inline = False) -> int:
    """Cut scans into copies; a scan that is already there changes nothing.

    Without a scan, goes on with those received before and takes those laid into the exam's inbox.
    """
    exam_id = exam_id_of(exam)
    with running.workbench() as bench:
        for scan in scans:
            if not receive_scan(bench, exam_id, scan, run=new_run(PERSON)):
                terminal.say(text("same_scan", CLI_LANGUAGE, exam=exam_id))
        return running.run_flow(bench, "import", exam_id, is_inline=inline)


@app.command
def identify(exam: Exam, /, *, inline: Inline = False) -> int:
    """Find out whose each copy is, by its handwritten header and the roster."""
    with running.workbench() as bench:
        return running.run_flow(bench, "identify", exam_id_of(exam), is_inline=inline)


@app.command
def marks(exam: Exam, file: Path, /, *, inline: Inline = False) -> int:
    """Record scores, remarks and annotations from a CSV or JSON file: all of it, or nothing."""
    exam_id = exam_id_of(exam)
    with running.workbench() as bench:
        sha256 = receive_marks(bench, exam_id, file, run=new_run(PERSON))
        return running.run_flow(bench, "marks", exam_id, is_inline=inline, marks=sha256)


@app.command
def finalize(exam: Exam, /, *, inline: Inline = False) -> int:
    """Make the final PDF of every copy whose marks are complete."""
    with running.workbench() as bench:
        return running.run_flow(bench, "finalize", exam_id_of(exam), is_inline=inline)


@app.command
def process(exam: Exam, /, *, inline: Inline = False) -> int:
    """Import, identify, record the marks received and finalize, one after the other."""
    with running.workbench() as bench:
        return running.run_flow(bench, "process", exam_id_of(exam), is_inline=inline)


@app.command
def status(exam: Exam, /) -> int:
    """Show where an exam stands and what waits for a person."""
    with running.workbench() as bench:
        terminal.show_report(report_exam(bench.database, exam_id_of(exam)))
    return 0


@app.command
def copies(exam: Exam, /, *, json: Json = False) -> int:
    """List the copies of an exam."""
    with running.workbench() as bench:
        list_copies_of_exam(bench, exam_id_of(exam), is_json=json)
    return 0


@app.command
def results(
    exam: Exam,
    file: Path | None = None,
    /,
    *,
    profile: Profile = Profile.PLAIN,
    decimal_comma: Switch = False,
    pdfs: Path | None = None,
) -> int:
    """Show the figures of an exam; write its results as a CSV, its final PDFs as a ZIP.

    Args:
        exam: Id of the exam.
        file: CSV to write: who has which mark, nobody left out.
        profile: whom the CSV is for.
        decimal_comma: write 12,5 in the plain profile, as French spreadsheets do.
        pdfs: ZIP to write, of the final PDFs under the students' names.
    """
    exam_id = exam_id_of(exam)
    with running.workbench() as bench:
        found, scheme = list_results(bench.database, exam_id)
        if file:
            export_csv(
                bench.database, new_run(PERSON), exam_id, file, profile,
                has_decimal_comma=decimal_comma,
            )  # fmt: skip
        if pdfs:
            export_pdfs(bench.database, bench.store, new_run(PERSON), exam_id, pdfs)
    show_results(found, scheme)
    return 0


@app.command
def release(copy: Copy, /) -> int:
    """Let a quarantined copy be marked as it is."""
    with running.workbench() as bench:
        release_from_quarantine(bench.database, new_run(PERSON), copy_id_of(copy))
    terminal.say(text("done", CLI_LANGUAGE))
    return 0


@app.command
def api(*, host: str = "127.0.0.1", port: Port = API_PORT) -> int:
    """Serve the HTTP API of marking until Ctrl-C; its OpenAPI is at /api/v1/openapi.json."""
    from viatique.cli.serving import serve_api  # noqa: PLC0415  # a web server is slow to load

    with running.workbench() as bench:
        serve_api(bench, host, port)
    return 0


@app.command
def up() -> int:
    """Run database, Prefect server and worker, and the dashboard here until Ctrl-C."""
    with running.workbench() as bench:
        password = create_first_account(bench.database)
    if password:
        terminal.say(text("first_account", CLI_LANGUAGE, login=FIRST_LOGIN, password=password))
    hold(load_settings(), on_progress=terminal.say)
    return 0


@app.command
def down(*, force: Switch = False) -> int:
    """Stop the local services."""
    for stopped in stop(load_settings(), force=force):
        terminal.say(text("stopped", CLI_LANGUAGE, name=stopped))
    return 0


@app.command
def demo(*, copies: int = 40, seed: int = 1, inline: Inline = False) -> int:
    """Make up an exam and take it from the scan to final PDFs."""
    from viatique.cli.demo import run_demo  # noqa: PLC0415  # its fonts are an optional extra

    return run_demo(copies=copies, seed=seed, is_inline=inline)


arrange(app)


def main() -> None:
    """Runs the command and turns errors into messages and exit codes."""
    terminal.open_streams()
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # nothing may be left to flush at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        return (
            app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
            or 0
        )
    except CycloptsError as error:
        terminal.show_error(mistyped(error))
        return 2
    except (InvalidInput, Conflict, IllegalTransition) as error:
        logger.warning("command_refused", exc_info=error)
        terminal.show_error(error)
        return 2
    except KeyboardInterrupt:
        terminal.say(text("interrupted", CLI_LANGUAGE))
        return 130
    except BrokenPipeError:
        raise
    except Exception as error:
        logger.log(severity(error), "command_failed", exc_info=error)
        terminal.show_error(error if isinstance(error, ViatiqueError) else _unexpected(error))
        return 3


def _unexpected(error: Exception) -> UnexpectedFailure:
    return UnexpectedFailure(
        f"{type(error).__name__}: nobody foresaw this.",
        next_step="The line command_failed in HOME/logs/viatique.log tells where.",
    )
