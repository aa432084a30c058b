"""Fan-out: as many chunk tasks as there is work, until nothing is left to take."""

from collections.abc import Callable
from math import ceil
from typing import Any, cast

from prefect import Task
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.artifacts import ProgressBar
from viatique import progress
from viatique.models import ExamId
from viatique.steps.outcome import ChunkOutcome
from viatique.steps.sharing import pause

PARALLEL_CHUNKS = 2
"""Chunk tasks in one process: one waits for the database while the other's copies are worked on."""


def chunk_runner() -> TaskRunner[PrefectFuture[Any]]:
    """Runs chunk tasks as threads of the flow's process."""
    runner = ThreadPoolTaskRunner[Any](max_workers=PARALLEL_CHUNKS)
    return cast("TaskRunner[PrefectFuture[Any]]", runner)


def drain(
    chunk: Task[[ExamId], ChunkOutcome],
    exam_id: ExamId,
    *,
    stage: str,
    count: Callable[[], int],
    is_shared: Callable[[], bool],
    chunk_size: int,
) -> None:
    """Runs chunk tasks until no copy is left that may be taken, and no other run has one.

    Raises:
        TransientError: a chunk still failed after its retries; a later run goes on from there.
    """
    with progress.watched_by(ProgressBar(stage)):
        progress.start(stage, count(), "copies")
        while True:
            has_others = is_shared()
            futures = [chunk.submit(exam_id) for _ in range(ceil(count() / chunk_size))]
            outcomes = [future.result() for future in futures]
            if any(outcome.claimed for outcome in outcomes):
                continue
            if not (has_others or is_shared()):
                return
            pause()
