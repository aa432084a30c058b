"""How often somebody may ask, whose asking counts, and what is counted of requests."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from tests.api.conftest import ClientOf
from viatique.access import Role
from viatique.api.app import create_app
from viatique.api.limits import REFUSALS_PER_MINUTE
from viatique.api.measures import DURATIONS, REQUESTS
from viatique.api.parts import Parts
from viatique.db.pool import Database
from viatique.exporter import metrics_route
from viatique.files import Store
from viatique.models import CopyId
from viatique.services.launch import Launcher

RATE = 40
ClientAt = Callable[[str, str], TestClient]


@pytest.fixture
def app(database: Database, store: Store) -> FastAPI:
    parts = Parts(
        database=database,
        store=store,
        lock_ttl_s=60,
        launcher=Launcher({}),
        requests_per_minute=RATE,
    )
    return create_app(parts)


@pytest.fixture
def client_at(app: FastAPI) -> ClientAt:
    """A client at an address that shows a token."""

    def client(address: str, token: str) -> TestClient:
        headers = {"authorization": token} if token else {}
        return TestClient(app, headers=headers, client=(address, 50000))

    return client


def statuses(client: TestClient, count: int) -> list[int]:
    return [client.get("/api/v1/exams").status_code for _ in range(count)]


def test_an_account_that_asks_too_often_is_told_when_to_come_again(
    client_of: ClientOf, copy_id: CopyId
) -> None:
    hasty, other = client_of(Role.MARKER), client_of(Role.MARKER)
    assert statuses(hasty, RATE) == [200] * RATE
    # once more at most where a new minute begins: the last one then counts a little less
    answers = (hasty.post(f"/api/v1/copies/{copy_id}/lock", json={}) for _ in range(3))
    refused = next(answer for answer in answers if not answer.is_success)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["x-request-id"]
    assert refused.json()["type"] == "urn:viatique:problem:too_many_requests"
    assert other.get(f"/api/v1/copies/{copy_id}/lock").json()["locked"] is False


def test_who_is_not_signed_in_is_counted_by_address(client_at: ClientAt) -> None:
    stranger = client_at("10.0.0.1", "")
    found = statuses(stranger, REFUSALS_PER_MINUTE + 1)
    assert found == [401] * REFUSALS_PER_MINUTE + [429]
    assert statuses(client_at("10.0.0.2", ""), 1) == [401]


def test_guessing_tokens_is_slow_and_locks_nobody_out(
    client_of: ClientOf, client_at: ClientAt
) -> None:
    token = client_of(Role.MARKER).headers["authorization"]
    marker = client_at("10.0.0.1", token)
    assert statuses(marker, 1) == [200]
    guesses = [
        client_at("10.0.0.1", f"Bearer {number}").get("/api/v1/exams").status_code
        for number in range(REFUSALS_PER_MINUTE + 5)
    ]
    assert guesses == [401] * REFUSALS_PER_MINUTE + [429] * 5
    assert statuses(marker, 1) == [200]


def test_a_forged_address_changes_nothing(client_at: ClientAt) -> None:
    stranger = client_at("10.0.0.1", "")
    for number in range(REFUSALS_PER_MINUTE):
        stranger.get("/api/v1/exams", headers={"x-forwarded-for": f"10.9.9.{number}"})
    assert statuses(stranger, 1) == [429]


def test_requests_are_counted_by_route_and_never_by_path(
    app: FastAPI, client_of: ClientOf, copy_id: CopyId
) -> None:
    registry: CollectorRegistry = app.state.parts.registry
    app.router.routes.append(metrics_route(registry, "secret"))
    marker = client_of(Role.MARKER)
    for _ in range(3):
        marker.get(f"/api/v1/copies/{copy_id}")
    marker.get("/api/v1/copies/nothing")
    marker.get("/api/v1/Zorglubien")
    marker.request("ZORG", "/api/v1/exams")

    def value(method: str, route: str, status: str, name: str = REQUESTS) -> float | None:
        labels = {"method": method, "route": route, "status": status}
        return registry.get_sample_value(name, labels)

    route = "/api/v1/copies/{copy_id}"
    assert value("GET", route, "200") == 3
    assert value("GET", route, "200", f"{DURATIONS}_count") == 3
    assert value("GET", route, "422") == 1
    assert value("GET", "unmatched", "404") == 1
    assert value("OTHER", "/api/v1/exams", "405") == 1
    told = TestClient(app).get("/metrics", headers={"authorization": "Bearer secret"}).text
    assert 'le="0.005"' in told
    assert copy_id not in told
    assert "Zorg" not in told
    assert TestClient(app).get("/metrics").status_code == 401
    assert value("GET", "/metrics", "200") == 1
