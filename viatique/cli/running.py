"""How a command runs a flow: with Prefect by default, the same steps inline on request.

The core knows Prefect by the name of an entry point only.
"""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import entry_points
from typing import Any

from viatique import inline
from viatique.cli.terminal import messages, progress_bars, say, show_report
from viatique.errors import ServiceUnavailable
from viatique.models import ExamId, Sha256
from viatique.run import Run
from viatique.services.environment import prefect_environment, viatique_environment
from viatique.services.local import ensure
from viatique.settings import Settings, load_settings
from viatique.steps.maintain import Chore, ChoreOutcome
from viatique.steps.report import count_changed, count_failures, report_exam
from viatique.texts import CLI_LANGUAGE, text
from viatique.workbench import Workbench, open_workbench

RUNNER_GROUP = "viatique.runners"
Flow = Callable[..., Any]

INLINE: dict[str, Callable[..., Run]] = {
    "import": inline.run_import,
    "identify": inline.run_identify,
    "marks": inline.run_marks,
    "finalize": inline.run_finalize,
    "process": inline.run_process,
}


@contextmanager
def workbench() -> Iterator[Workbench]:
    """The workbench of a command; the start of local services is shown."""
    with (
        messages.status("…") as status,
        open_workbench(load_settings(), on_progress=status.update) as bench,
    ):
        status.stop()
        yield bench


def run_flow(
    bench: Workbench,
    name: str,
    exam_id: ExamId,
    *,
    is_inline: bool,
    marks: Sha256 | None = None,
    is_last: bool = True,
) -> int:
    """Runs a flow on one exam and, if it is the last of a command, shows what happened.

    Returns:
        The exit code: 0 when it did its work, 1 when some copies failed.
    """
    arguments = [exam_id] if marks is None else [exam_id, marks]
    with ExitStack() as stack:
        flow = (
            INLINE[name]
            if is_inline
            else stack.enter_context(_prefect(bench.settings, name, is_shown=is_last))
        )
        stack.enter_context(progress_bars())
        run = flow(bench, *arguments)
    failures = count_failures(bench.database, exam_id, run)
    if is_last:
        changed = count_changed(bench.database, run)
        say(text("this_run" if changed else "nothing_to_do", CLI_LANGUAGE, count=changed))
        show_report(report_exam(bench.database, exam_id))
    return 1 if failures else 0


def run_maintenance(
    bench: Workbench, chores: Sequence[Chore], *, is_inline: bool, is_whole: bool
) -> list[ChoreOutcome]:
    """Does chores, with Prefect or inline; returns what came of each.

    Raises:
        ViatiqueError: one failed; the others were done.
    """
    with ExitStack() as stack:
        flow = (
            inline.run_maintenance
            if is_inline
            else stack.enter_context(_prefect(bench.settings, "maintain", is_shown=True))
        )
        return flow(bench, chores, is_whole=is_whole)


@contextmanager
def _prefect(settings: Settings, name: str, *, is_shown: bool) -> Iterator[Flow]:
    with (
        messages.status("…") as status,
        ensure(settings, prefect=True, on_progress=status.update) as services,
    ):
        # before Prefect is imported: it reads its settings then
        os.environ.update(viatique_environment(settings))
        os.environ.update(prefect_environment(settings.home_path, services.prefect_api_url or ""))
        flow = _load_runner(name)
        status.stop()
        if services.prefect_ui_url and is_shown:
            messages.print(f"Prefect: {services.prefect_ui_url}", style="dim")
        yield flow


def _load_runner(name: str) -> Flow:
    found = [entry for entry in entry_points(group=RUNNER_GROUP) if entry.name == name]
    if not found:
        raise ServiceUnavailable(
            f"The flow {name} is not installed.", next_step="Install Viatique, or use --inline."
        )
    with _nothing_collected():
        flow: Flow = found[0].load()
    return flow


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Importing Prefect drops nothing: it takes 0.87 s of CPU instead of 1.07 (2026-11-25)."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
