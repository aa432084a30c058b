"""The part of Prefect's HTTP API that is used, as a server in memory."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class PrefectDouble:
    """Answers as Prefect does; ``is_down``: it does not."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    is_down: bool = False

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url="http://prefect/api", transport=httpx.MockTransport(self.answer)
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("nobody there")
        path = request.url.path.removeprefix("/api")
        body = json.loads(request.content) if request.content else {}
        if path.startswith("/deployments/name/"):
            return httpx.Response(200, json={"id": path.split("/")[3]})
        if path.endswith("/create_flow_run"):
            return httpx.Response(201, json=self._create(path.split("/")[2], body))
        if path == "/flow_runs/filter":
            return httpx.Response(200, json=self._filter(body))
        if path == "/artifacts/filter":
            return httpx.Response(200, json=self.artifacts)
        return httpx.Response(404)

    def _create(self, flow: str, body: dict[str, Any]) -> dict[str, Any]:
        run = {"id": str(uuid.uuid4()), "flow": flow, "state_type": "SCHEDULED", **body}
        self.runs.insert(0, run)
        return run

    def _filter(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        wanted = body.get("flow_runs", {})
        if "id" in wanted:
            return [run for run in self.runs if run["id"] in wanted["id"]["any_"]]
        like = wanted.get("name", {}).get("like_", "")
        due = wanted["expected_start_time"]["before_"]
        return [
            run
            for run in self.runs
            if like in run["name"] and run.get("expected_start_time", "") < due
        ][: body["limit"]]
