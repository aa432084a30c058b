"""Flow runs, started and watched over Prefect's HTTP API: what starts one may go away at once.

Prefect itself is never imported here. Parameters hold ids only, because Prefect stores them.
"""

import base64
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

import httpx

from viatique.errors import ServiceUnavailable
from viatique.models import ExamId

TIMEOUT_S = 5.0
ACTIVE = frozenset({"SCHEDULED", "PENDING", "RUNNING", "CANCELLING", "PAUSED"})
DEPLOYMENT = "default"
MAINTENANCE = "maintain"
"""Name of the runs that a schedule makes; Prefect gives it when they start."""
CLOCKS_DIFFER_BY = timedelta(seconds=30)
"""By which Prefect's clock may be before ours, so that a run just started is seen."""


class FlowName(StrEnum):
    """A flow of which there is a deployment; the value begins the names of its runs."""

    IMPORT = "import"
    IDENTIFY = "identify"
    FINALIZE = "finalize"
    PROCESS = "process"

    @property
    def flow(self) -> str:
        """What Prefect calls the flow."""
        return "process-exam" if self is FlowName.PROCESS else f"{self}-copies"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRun:
    """A flow run as Prefect tells of it.

    Attributes:
        run_id: the correlation id of all it does.
        state: Prefect's state type, ``RUNNING`` for example.
        percent: how far its present stage is, None where it tells of none.
    """

    run_id: str
    name: str
    state: str
    started_at: datetime | None
    duration_s: float
    percent: float | None = None

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


class PrefectRuns:
    """The runs on one Prefect server.

    Args:
        api_url: of its API, ``http://127.0.0.1:4200/api`` for example.
        ui_url: of the pages people see; by default the API's address without ``/api``.
        runs_per_exam: that are started of a flow at once, and share the exam's copies.
    """

    def __init__(
        self,
        api_url: str,
        *,
        ui_url: str | None = None,
        runs_per_exam: int = 1,
        client: httpx.Client | None = None,
    ) -> None:
        self._runs_per_exam = runs_per_exam
        self._ui_url = (ui_url or api_url.removesuffix("/").removesuffix("/api")).rstrip("/")
        self._client = client or httpx.Client(
            base_url=api_url, headers=_headers(), timeout=TIMEOUT_S, trust_env=False
        )

    @property
    def ui_url(self) -> str:
        """Address of the Prefect UI."""
        return self._ui_url

    def page_of(self, run_id: str) -> str:
        """Address of a run's page in the Prefect UI."""
        return f"{self._ui_url}/runs/flow-run/{run_id}"

    def start(self, name: FlowName, exam_id: ExamId) -> str:
        """Has workers run the flow on an exam; returns the id of the first flow run.

        Raises:
            ServiceUnavailable: Prefect does not answer, or the flow is not deployed there.
        """
        deployment = self._object("GET", f"/deployments/name/{name.flow}/{DEPLOYMENT}")
        path = f"/deployments/{deployment['id']}/create_flow_run"
        wanted = {"name": f"{name} {exam_id}", "parameters": {"parameters": {"exam": exam_id}}}
        runs = [self._object("POST", path, wanted) for _ in range(self._runs_per_exam)]
        return str(runs[0]["id"])

    def list_runs(self, exam_id: ExamId | None = None, *, limit: int = 5) -> tuple[FlowRun, ...]:
        """The latest runs, of one exam or of all, newest first, with how far active ones are.

        Those scheduled for later are not among them.

        Raises:
            ServiceUnavailable: Prefect does not answer.
        """
        runs = [_flow_run(item) for item in self._list(exam_id, limit)]
        percents = self._percents([run.run_id for run in runs if run.is_active])
        return tuple(replace(run, percent=percents.get(run.run_id)) for run in runs)

    def known(self, run_ids: Collection[str]) -> frozenset[str]:
        """Which of these correlation ids are flow runs this server knows.

        Raises:
            ServiceUnavailable: Prefect does not answer.
        """
        if not run_ids:
            return frozenset()
        wanted = {"flow_runs": {"id": {"any_": sorted(run_ids)}}, "limit": len(run_ids)}
        return frozenset(str(item["id"]) for item in self._filter("flow_runs", wanted))

    def _list(self, exam_id: ExamId | None, limit: int) -> list[dict[str, Any]]:
        due = {"before_": (datetime.now(UTC) + CLOCKS_DIFFER_BY).isoformat()}
        flow_runs: dict[str, Any] = {"expected_start_time": due}
        if exam_id:
            flow_runs["name"] = {"like_": exam_id}
        wanted = {"sort": "EXPECTED_START_TIME_DESC", "limit": limit, "flow_runs": flow_runs}
        return self._filter("flow_runs", wanted)

    def _percents(self, run_ids: list[str]) -> dict[str, float]:
        """How far the latest stage of each run is."""
        if not run_ids:
            return {}
        wanted = {
            "artifacts": {"flow_run_id": {"any_": run_ids}, "type": {"any_": ["progress"]}},
            "sort": "CREATED_DESC",
        }
        found = self._filter("artifacts", wanted)
        return {str(item["flow_run_id"]): float(item["data"]) for item in reversed(found)}

    def _object(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(method, path, body)
        return found

    def _filter(self, kind: str, wanted: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("POST", f"/{kind}/filter", wanted)
        return found

    def _csrf_token(self) -> dict[str, str]:
        """What a server with CSRF protection wants to see; it forgets it after an hour."""
        client = str(uuid4())
        answer = self._client.get("csrf-token", params={"client": client})
        token = str(answer.raise_for_status().json()["token"])
        return {"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": token}

    def _ask(self, method: str, path: str, body: object) -> Any:  # noqa: ANN401  # as JSON has it
        try:
            answer = self._client.request(method, path.lstrip("/"), json=body)
            if answer.status_code == httpx.codes.FORBIDDEN:
                self._client.headers.update(self._csrf_token())
                answer = self._client.request(method, path.lstrip("/"), json=body)
            answer.raise_for_status()
            return answer.json() if answer.content else None
        except (httpx.HTTPError, KeyError, ValueError) as error:
            raise ServiceUnavailable(
                f"The Prefect server cannot be used ({type(error).__name__}).",
                next_step="`viatique up` starts it, with a worker and every flow.",
            ) from None


def _headers() -> dict[str, str]:
    """How Prefect's own variables say that one signs in to the server."""
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"authorization": f"Bearer {key}"}
    if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    return {}


def _flow_run(item: dict[str, Any]) -> FlowRun:
    started = item.get("start_time")
    return FlowRun(
        run_id=str(item["id"]),
        name=MAINTENANCE if item.get("auto_scheduled") else str(item["name"]),
        state=str(item.get("state_type") or "PENDING"),
        started_at=datetime.fromisoformat(started) if started else None,
        duration_s=float(item.get("estimated_run_time") or 0.0),
    )
