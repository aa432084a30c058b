"""How tasks are retried: only when trying again may help, later each time, not all at once."""

from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from viatique.errors import EngineFailure, TransientError
from viatique.steps.outcome import ChunkOutcome

RETRIES = 3
BACKOFF_S = 2.0
JITTER = 0.5


async def is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether the task failed with an error that may pass."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, TransientError)


def retry_if_needed(outcome: ChunkOutcome) -> ChunkOutcome:
    """The outcome, unless part of the chunk should be tried again.

    Raises:
        EngineFailure: some copies failed with an error that may pass; their attempts are stored.
    """
    if outcome.retryable:
        raise EngineFailure(f"{outcome.retryable} copies of a chunk are to be tried again.")
    return outcome


RETRY_POLICY: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay_seconds": exponential_backoff(BACKOFF_S),
    "retry_jitter_factor": JITTER,
    "retry_condition_fn": is_transient,
}
