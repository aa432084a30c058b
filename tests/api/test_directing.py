"""A coordinator directs over HTTP: dispatch, what is missing, finalize, reopen, release."""

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import ClientOf, Started
from tests.api.test_marking_over_http import conflict, locked
from tests.db.marking import actions_of, move
from viatique.access import Role
from viatique.db.pool import Database
from viatique.lifecycle import Action, Move
from viatique.models import CopyId

API = "/api/v1"


@pytest.fixture
def exam(copy_ids: list[CopyId]) -> str:
    return f"{API}/exams/{copy_ids[0][:6]}"


def mark_all(client: TestClient, copy_id: CopyId) -> None:
    path, headers = f"{API}/copies/{copy_id}", locked(client, copy_id)
    for question in ("1", "2"):
        body = {"points": 1, "version": 0}
        answer = client.put(f"{path}/scores/{question}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    client.delete(f"{path}/lock", headers=headers)


def test_copies_are_dispatched_and_found_by_their_marker(
    marker: TestClient, coordinator: TestClient, copy_ids: list[CopyId], exam: str
) -> None:
    done = coordinator.post(f"{exam}/dispatch", json={}).json()
    assert done == {"changed": 3, "loads": {"U00000000": 3}}
    first = marker.get(f"{exam}/my-copies?limit=2").json()
    assert [item["copy_id"] for item in first["items"]] == copy_ids[:2]
    rest = marker.get(f"{exam}/my-copies?limit=2&cursor={first['next']}").json()
    assert rest == {
        "items": [
            {
                "copy_id": copy_ids[2],
                "status": "READY",
                "parts": [""],
                "left": 2,
                "locked": False,
            }
        ],
        "next": None,
    }
    taken = marker.post(f"{exam}/next-copy", json={"after": copy_ids[1]}).json()
    assert taken["copy_id"] == copy_ids[2]
    assert marker.get(f"{API}/copies/{copy_ids[2]}/lock").json()["mine"] is True
    assert coordinator.post(f"{exam}/next-copy", json={}).status_code == 204


def test_another_marker_is_kept_out_of_a_dispatched_copy(
    marker: TestClient,
    coordinator: TestClient,
    client_of: ClientOf,
    copy_id: CopyId,
    exam: str,
) -> None:
    coordinator.post(f"{exam}/dispatch", json={"markers": ["U00000000"]})
    other = client_of(Role.MARKER)
    path = f"{API}/copies/{copy_id}"
    assert conflict(other.post(f"{path}/lock", json={})) == (403, "forbidden")
    assert conflict(other.get(f"{path}/marks")) == (403, "forbidden")
    assert other.post(f"{exam}/next-copy", json={}).status_code == 204
    locked(marker, copy_id)


def test_finalize_says_what_is_missing_and_starts_what_is_complete(
    marker: TestClient,
    coordinator: TestClient,
    started: Started,
    copy_ids: list[CopyId],
    exam: str,
) -> None:
    nothing = coordinator.post(f"{exam}/finalize")
    assert nothing.status_code == 202
    assert (nothing.json()["ready"], nothing.json()["running"]) == (0, False)
    assert started.commands == []
    mark_all(marker, copy_ids[0])
    headers = locked(marker, copy_ids[1])
    body = {"points": 1, "version": 0}
    marker.put(f"{API}/copies/{copy_ids[1]}/scores/1", json=body, headers=headers)
    for _ in range(2):
        found = coordinator.post(f"{exam}/finalize").json()
    assert started.commands == [("finalize", copy_ids[0][:6])]
    assert found["unfinished"] == [
        {"copy_id": copy_ids[1], "status": "READY", "missing": ["2"], "locked": True},
        {"copy_id": copy_ids[2], "status": "READY", "missing": ["1", "2"], "locked": False},
    ]
    counts = {name: found[name] for name in ("running", "ready", "waiting", "graded", "next")}
    assert counts == {"running": True, "ready": 1, "waiting": 2, "graded": 0, "next": None}
    page = coordinator.get(f"{exam}/finalize?limit=1").json()
    assert [item["copy_id"] for item in page["unfinished"]] == [copy_ids[1]]
    page = coordinator.get(f"{exam}/finalize?limit=1&cursor={page['next']}").json()
    assert [item["copy_id"] for item in page["unfinished"]] == [copy_ids[2]]


def test_a_finalized_copy_is_reopened_with_a_reason(
    coordinator: TestClient, database: Database, copy_id: CopyId
) -> None:
    path = f"{API}/copies/{copy_id}"
    answer = coordinator.post(f"{path}/reopen", json={"reason": "appeal"})
    assert conflict(answer) == (409, "illegal_transition")
    move(database, copy_id, Move.START_GRADING, Move.FINISH_GRADING)
    assert coordinator.post(f"{path}/reopen", json={}).status_code == 422
    assert coordinator.post(f"{path}/reopen", json={"reason": "appeal"}).status_code == 204
    assert coordinator.get(path).json()["status"] == "READY"
    assert actions_of(database, copy_id) == [Action.FINALIZE, Action.REOPEN]


def test_results_are_released_and_withdrawn(coordinator: TestClient, exam: str) -> None:
    assert coordinator.get(exam).json()["released"] is False
    for _ in range(2):
        assert coordinator.put(f"{exam}/release").status_code == 204
    assert coordinator.get(exam).json()["released"] is True
    assert coordinator.delete(f"{exam}/release").status_code == 204
    assert coordinator.get(exam).json()["released"] is False


def test_two_readings_far_apart_are_shown_to_who_settles_them(
    marker: TestClient,
    coordinator: TestClient,
    client_of: ClientOf,
    copy_ids: list[CopyId],
    exam: str,
) -> None:
    second = client_of(Role.MARKER)
    coordinator.post(f"{exam}/dispatch", json={"readings": 2, "tolerance": "0.5"})
    for client, points in ((marker, 1), (second, 5)):
        for copy_id in copy_ids:
            headers = locked(client, copy_id)
            path = f"{API}/copies/{copy_id}"
            body = {"points": points, "version": 0}
            answer = client.put(f"{path}/scores/1", json=body, headers=headers)
            assert answer.status_code == 200
            client.delete(f"{path}/lock", headers=headers)
    assert [one["points"] for one in second.get(f"{path}/marks").json()["scores"]] == ["5"]
    first = coordinator.get(f"{exam}/disagreements?limit=2").json()
    rest = coordinator.get(f"{exam}/disagreements?limit=2&cursor={first['next']}").json()
    found = [*first["items"], *rest["items"]]
    assert rest["next"] is None
    assert [item["copy_id"] for item in found] == copy_ids
    assert {(item["question"], *item["points"]) for item in found} == {("1", "1", "5")}
    readings = coordinator.get(f"{path}/readings").json()["items"]
    assert [(one["question"], one["points"]) for one in readings] == [("1", "1"), ("1", "5")]
    body = {"points": 3, "version": 0}
    headers = locked(coordinator, copy_id)
    version = coordinator.get(f"{path}/marks").json()["scores"]
    body["version"] = version[0]["version"] if version else 0
    answer = coordinator.put(f"{path}/scores/1", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    left = coordinator.get(f"{exam}/disagreements").json()["items"]
    assert [item["copy_id"] for item in left] == copy_ids[:2]
