"""The house is kept in order: seals, orphans, claims, retention, damaged files, silent runs."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect import flow, get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterEndTime,
)
from prefect.client.schemas.sorting import FlowRunSort
from prefect.futures import PrefectFuture

from flows.artifacts import publish_chores
from flows.parameters import MaintenanceParameters
from flows.silence import OUR_FLOWS, crash_silent_runs
from tasks.chunks import chore_task
from tasks.context import bound_to_run, flow_workbench
from viatique.steps.maintain import Chore, ChoreOutcome

RUNS_AT_ONCE = 200


@flow(name="maintain", flow_run_name="maintain")
def maintain(parameters: MaintenanceParameters | None = None) -> list[ChoreOutcome]:
    """Does the chores one after the other; one that fails holds up no other.

    Raises:
        ViatiqueError: a chore failed, after its retries.
    """
    given = parameters or MaintenanceParameters()
    with flow_workbench() as bench, bound_to_run():
        futures: list[PrefectFuture[ChoreOutcome]] = []
        for chore in given.chores:
            futures.append(chore_task.submit(chore, is_whole=given.is_whole))
            futures[-1].wait()
        crash_silent_runs()
        if Chore.RETENTION in given.chores:
            forget_runs(bench.settings.run_retention_days)
    publish_chores([one.result() for one in futures if one.state.is_completed()])
    return [one.result() for one in futures]


def forget_runs(days: int) -> int:
    """Has Prefect forget our runs that ended so many days ago, with logs and artifacts; how many.

    Runs of other flows on the same server stay, and so do ours that ended later.
    """
    ended = FlowRunFilterEndTime.model_validate(
        {"before_": datetime.now(UTC) - timedelta(days=days)}
    )
    forgotten = 0
    with get_client(sync_client=True) as client:
        while runs := client.read_flow_runs(
            flow_filter=OUR_FLOWS,
            flow_run_filter=FlowRunFilter(end_time=ended),
            sort=FlowRunSort.END_TIME_DESC,
            limit=RUNS_AT_ONCE,
        ):
            for run in runs:
                _delete_artifacts(client, run.id)
                client.delete_flow_run(run.id)
            forgotten += len(runs)
    return forgotten


def _delete_artifacts(client: SyncPrefectClient, run_id: UUID) -> None:
    """A run's artifacts: unlike its logs and tasks, they stay when the run is deleted."""
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
    while found := client.read_artifacts(artifact_filter=of_run, limit=RUNS_AT_ONCE):
        for artifact in found:
            client.delete_artifact(artifact.id)
