"""API requests that people make through the dashboard are counted, for who has the token."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard.gate import Gate, Proxy
from dashboard.routes import Routes, api_on
from viatique.access import Role
from viatique.exporter import metrics_token
from viatique.steps.sign_in import SESSION_COOKIE
from viatique.workbench import Workbench


def _client(bench: Workbench, proxy: Proxy | None = None) -> TestClient:
    (bench.settings.home_path / "run").mkdir(exist_ok=True)
    gate = Middleware(Gate, database=bench.database, policy="", proxy=proxy)
    routes = Middleware(Routes, create_api=lambda: api_on(bench))
    return TestClient(Starlette(middleware=[gate, routes]))


def _metrics(bench: Workbench, client: TestClient) -> str:
    token = metrics_token(bench.settings.home_path)
    answer = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return answer.text


def test_requests_through_the_dashboard_are_counted(
    bench: Workbench, signed_in: Callable[[Role], str]
) -> None:
    client = _client(bench)
    client.cookies.set(SESSION_COOKIE, signed_in(Role.COORDINATOR))
    assert client.get("/api/v1/exams").status_code == 200
    labels = 'method="GET",route="/api/v1/exams",status="200"'
    assert f"http_requests_total{{{labels}}} 1.0" in _metrics(bench, client)


@pytest.mark.parametrize(
    "proxy", [None, Proxy(header="x-user", address="192.0.2.1")], ids=["passwords", "proxy"]
)
def test_metrics_ask_for_their_own_token(bench: Workbench, proxy: Proxy | None) -> None:
    client = _client(bench, proxy)
    assert client.get("/metrics").status_code == 401
    assert client.get("/api/v1/exams").status_code == 401
    assert "process_cpu_seconds_total" in _metrics(bench, client)
