"""Registers the flows as deployments for ``viatique up``; ``prefect.yaml`` says the same.

Entrypoints are modules, never paths: a worker started in another folder finds them.
"""

from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from prefect import Flow, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.events import Posture
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectAlreadyExists
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from flows.finalize_copies import finalize_copies
from flows.identify_copies import identify_copies
from flows.import_copies import import_copies
from flows.maintenance import maintain
from flows.process_exam import process_exam
from flows.record_marks import record_marks
from flows.silence import OURS, SILENCE
from viatique.steps.maintain import Chore


class Pool(StrEnum):
    """Work pools: what kind of machine a flow asks for."""

    OCR = "ocr"
    """Reads headers: cores, and 0.5 GiB for each of them."""
    PDF = "pdf"
    """Cuts scans and makes final PDFs."""
    HOUSE = "house"
    """Keeps the house in order: the machine that has the seals' key."""


FLOWS: dict[Flow[Any, Any], Pool] = {
    import_copies: Pool.PDF,
    identify_copies: Pool.OCR,
    record_marks: Pool.PDF,
    finalize_copies: Pool.PDF,
    process_exam: Pool.OCR,
}
"""Each flow, and the pool of its deployment."""
SEALING_S = 600
"""Seconds between seals: how long an event is not sealed at most."""
MAINTENANCE: dict[str, tuple[tuple[Chore, ...], Schedule]] = {
    "seal": ((Chore.LOG, Chore.SEAL), Interval(timedelta(seconds=SEALING_S))),
    "nightly": (tuple(Chore), Cron("30 3 * * *", timezone="UTC")),
}
"""Deployments of ``maintain``: their chores, and when they run."""
SILENT_RUNS = "viatique-silent-runs"
ENDS = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")}


def ensure_work_pools() -> None:
    """Makes the process work pools that are not there."""
    with get_client(sync_client=True) as client:
        for pool in Pool:
            with suppress(ObjectAlreadyExists):
                client.create_work_pool(WorkPoolCreate(name=pool, type="process"))


def deploy_all() -> None:
    """Every flow, as a deployment of its own name on its pool; maintenance by schedule."""
    ensure_work_pools()
    for flow, pool in FLOWS.items():
        _deploy(flow, "default", pool)
    for name, (chores, schedule) in MAINTENANCE.items():
        parameters = {"parameters": {"chores": [str(chore) for chore in chores]}}
        _deploy(maintain, name, Pool.HOUSE, parameters=parameters, schedules=[schedule])
    ensure_crash_automation()


def ensure_crash_automation(*, name: str = SILENT_RUNS, silence: timedelta = SILENCE) -> UUID:
    """Has the server mark runs that fell silent as Crashed; made again, it is the same one.

    A run tells every 30 s that it lives (``PREFECT_FLOWS_HEARTBEAT_FREQUENCY``); one that was
    killed with its machine would stay Running for ever.
    """
    automation = AutomationCore(
        name=name,
        description="Runs that gave no sign of life are crashed; running them again does the rest.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat", "prefect.flow-run.Running"},
            expect={"prefect.flow-run.heartbeat", *ENDS},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification(
                {
                    "prefect.resource.role": "flow",
                    "prefect.resource.name": list(OURS),
                }
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                name=None,
                state=StateType.CRASHED,
                message="No sign of life: run it again.",
                force=False,
            )
        ],
    )
    with get_client(sync_client=True) as client:
        for known in client.read_automations_by_name(name):
            client.delete_automation(known.id)
        return client.create_automation(automation)


def _deploy(
    flow: Flow[Any, Any],
    name: str,
    pool: Pool,
    **options: Any,  # noqa: ANN401  # Prefect's
) -> None:
    deployment = cast(
        "RunnerDeployment",
        flow.to_deployment(
            name=name,
            work_pool_name=pool,
            entrypoint_type=EntrypointType.MODULE_PATH,
            **options,
        ),
    )
    deployment.apply()


if __name__ == "__main__":
    deploy_all()
