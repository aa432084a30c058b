"""Runs that were killed with their machine are told from runs that live, and marked as Crashed.

An automation does that where the flows are deployed; maintenance does it for runs that began before
there was one. Only the server's clock counts: those of machines may be hours off.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.filters import (
    EventFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventOrder,
    EventResourceFilter,
)
from prefect.states import Crashed

OURS = (
    "import-copies", "identify-copies", "record-marks", "finalize-copies", "process-exam",
    "maintain",
)  # fmt: skip
"""Names of the flows; those of others on the same server are theirs to look after."""
OUR_FLOWS = FlowFilter(name=FlowFilterName(any_=list(OURS)))
SILENCE = timedelta(seconds=90)
"""Three heartbeats (``PREFECT_FLOWS_HEARTBEAT_FREQUENCY``)."""
SIGN = "prefect.flow-run.heartbeat"
OFF_AT_MOST = timedelta(days=2)
"""How far off a machine's clock may be for its heartbeats to be found."""
RUNS_AT_ONCE = 200


def crash_silent_runs() -> int:
    """Marks runs as Crashed that gave signs of life and give none any more; returns how many.

    Running them again does the rest of their work. A run whose worker was not told to send
    heartbeats sends none at all, and is spared: it may well live.
    """
    silent = 0
    with get_client(sync_client=True) as client:
        now = parsedate_to_datetime(client.hello().headers["date"])
        for run in _running(client):
            last_sign = _last_sign(client, run, now)
            if last_sign and now - last_sign > SILENCE:
                state = Crashed(message="No sign of life, maintenance found: run it again.")
                client.set_flow_run_state(run.id, state)
                silent += 1
    return silent


def _running(client: SyncPrefectClient) -> Iterator[FlowRun]:
    is_running = FlowRunFilterStateType(any_=[StateType.RUNNING])
    yield from client.read_flow_runs(
        flow_filter=OUR_FLOWS,
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=is_running)),
        limit=RUNS_AT_ONCE,
    )


def _last_sign(client: SyncPrefectClient, run: FlowRun, now: datetime) -> datetime | None:
    """When the server last heard of it; None when it never sent a heartbeat."""
    found = client.read_events(
        EventFilter(
            occurred=EventOccurredFilter.model_validate(
                {"since": now - OFF_AT_MOST, "until": now + OFF_AT_MOST}
            ),
            event=EventNameFilter(name=[SIGN]),
            resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
            order=EventOrder.DESC,
        ),
        limit=1,
    )
    heard = [event.received for event in found.events]
    return max([run.updated or now, *heard]) if heard else None
