"""Registers the flows as deployments for ``viatique up``; ``prefect.yaml`` says the same.

Entrypoints are modules, never paths: a worker started in another folder finds them.
"""

from typing import Any, cast

from prefect import Flow, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists
from prefect.types.entrypoint import EntrypointType

from flows.finalize_copies import finalize_copies
from flows.identify_copies import identify_copies
from flows.import_copies import import_copies
from flows.process_exam import process_exam
from flows.record_marks import record_marks

WORK_POOL = "viatique"
FLOWS: tuple[Flow[Any, Any], ...] = (
    import_copies,
    identify_copies,
    record_marks,
    finalize_copies,
    process_exam,
)


def ensure_work_pool() -> None:
    """Makes the process work pool unless it is there."""
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process"))
        except ObjectAlreadyExists:
            return


def deploy_all() -> None:
    """Every flow, as a deployment of its own name on the work pool."""
    ensure_work_pool()
    for flow in FLOWS:
        deployment = cast(
            "RunnerDeployment",
            flow.to_deployment(
                name="default", work_pool_name=WORK_POOL, entrypoint_type=EntrypointType.MODULE_PATH
            ),
        )
        deployment.apply()


if __name__ == "__main__":
    deploy_all()
