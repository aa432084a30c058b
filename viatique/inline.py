"""The flows without Prefect: the same steps in the same order, in this process."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from viatique import logs, progress
from viatique.db.claims import Stage
from viatique.errors import DatabaseUnavailable, ViatiqueError
from viatique.models import ExamId, Sha256
from viatique.run import Run, new_run
from viatique.steps.decide_identities import decide_identities
from viatique.steps.finalize_copies import count_gradable, finalize_chunk
from viatique.steps.import_scan import count_uncut, cut_chunk, plan_scan, unplanned_scans
from viatique.steps.inbox import receive_inbox
from viatique.steps.maintain import Chore, ChoreOutcome, run_chores
from viatique.steps.outcome import ChunkOutcome
from viatique.steps.read_headers import count_unread, read_chunk
from viatique.steps.record_marks import record_marks, unrecorded_marks
from viatique.steps.sharing import others_at_work, pause
from viatique.tracing import span
from viatique.workbench import Workbench

logger = logging.getLogger("viatique")

Chunk = Callable[[Workbench, Run, ExamId], ChunkOutcome]

PAUSE_S = 2.0
"""Pause before work whose error may pass is tried again."""
DATABASE_TRIES = 3
"""How often work is tried that the database left; each waits half a minute for it to come back."""

Arguments = ParamSpec("Arguments")
Outcome = TypeVar("Outcome")


def run_import(bench: Workbench, exam_id: ExamId) -> Run:
    """Plans and cuts every scan of the exam that was not yet."""
    run = new_run()
    with _flow("import", run, exam_id):
        _patiently(receive_inbox, bench, run, exam_id)
        errors = _plan_all(bench, run, exam_id)
        progress.start("import", count_uncut(bench, run, exam_id), "copies")
        _drain(cut_chunk, bench, run, exam_id, Stage.CUT)
    if errors:
        raise errors[0]
    return run


def run_identify(bench: Workbench, exam_id: ExamId) -> Run:
    """Reads the headers that were not read, then decides all identities."""
    run = new_run()
    with _flow("identify", run, exam_id):
        progress.start("identify", count_unread(bench, exam_id), "copies")
        _drain(read_chunk, bench, run, exam_id, Stage.READ)
        _patiently(_decide, bench, run, exam_id)
    return run


def run_marks(bench: Workbench, exam_id: ExamId, sha256: Sha256) -> Run:
    """Records a marks file that was received."""
    run = new_run()
    with _flow("marks", run, exam_id):
        _patiently(record_marks, bench, run, exam_id, sha256)
    return run


def run_finalize(bench: Workbench, exam_id: ExamId) -> Run:
    """Finalizes every copy with complete marks."""
    run = new_run()
    with _flow("finalize", run, exam_id):
        progress.start("finalize", count_gradable(bench, run, exam_id), "copies")
        _drain(finalize_chunk, bench, run, exam_id, Stage.FINALIZE)
    return run


def run_process(bench: Workbench, exam_id: ExamId) -> Run:
    """Imports, identifies, records every marks file received, and finalizes what is complete."""
    run_import(bench, exam_id)
    run_identify(bench, exam_id)
    for sha256 in unrecorded_marks(bench, exam_id):
        run_marks(bench, exam_id, sha256)
    return run_finalize(bench, exam_id)


def run_maintenance(
    bench: Workbench, chores: Sequence[Chore], *, is_whole: bool
) -> list[ChoreOutcome]:
    """Does chores; see ``viatique.steps.maintain``."""
    run = new_run()
    with logs.bound(flow_run_id=run.correlation_id), span("flow maintenance"):
        return run_chores(bench, run, chores, is_whole=is_whole)


@contextmanager
def _flow(name: str, run: Run, exam_id: ExamId) -> Iterator[None]:
    with logs.bound(flow_run_id=run.correlation_id, exam_id=exam_id), span(f"flow {name}"):
        yield


def _plan_all(bench: Workbench, run: Run, exam_id: ExamId) -> list[ViatiqueError]:
    """Plans every scan it can; a damaged one holds up no other."""
    errors = []
    for source_id in unplanned_scans(bench, exam_id):
        try:
            _patiently(plan_scan, bench, run, source_id)
        except ViatiqueError as error:
            errors.append(error)
    return errors


def _decide(bench: Workbench, run: Run, exam_id: ExamId) -> None:
    threshold = bench.settings.review_threshold
    decide_identities(bench.database, bench.store, run, exam_id, threshold=threshold)


def _drain(chunk: Chunk, bench: Workbench, run: Run, exam_id: ExamId, stage: Stage) -> None:
    while True:
        has_others = _patiently(others_at_work, bench, exam_id, stage)
        outcome = _patiently(chunk, bench, run, exam_id)
        if outcome.retryable:
            time.sleep(PAUSE_S)
        elif not outcome.claimed:
            if not (has_others or _patiently(others_at_work, bench, exam_id, stage)):
                return
            pause()


def _patiently(
    act: Callable[Arguments, Outcome], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Outcome:
    """What the act returns, tried again when Postgres was gone for a while: no step is half done.

    Raises:
        DatabaseUnavailable: it is gone for longer.
    """
    for _ in range(DATABASE_TRIES - 1):
        try:
            return act(*arguments, **named)
        except DatabaseUnavailable:
            logger.warning("database_away", exc_info=True)
            time.sleep(PAUSE_S)
    return act(*arguments, **named)
