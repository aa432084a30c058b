"""A marker's day over HTTP, what others see of it, and how lists go on page by page."""

from collections.abc import Mapping

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from tests.api.conftest import ClientOf
from tests.db.marking import actions_of, expire, move
from tests.db.stored import RUN
from viatique.access import Role
from viatique.db import copies, identities
from viatique.db.pool import Database
from viatique.lifecycle import Action, CopyStatus, Move
from viatique.models import CopyId, StudentId

API = "/api/v1"


def locked(client: TestClient, copy_id: CopyId) -> dict[str, str]:
    """The header that writes on the copy need."""
    answer = client.post(f"{API}/copies/{copy_id}/lock", json={})
    assert answer.status_code == 200, answer.text
    return {"x-lock-token": answer.json()["token"]}


def conflict(answer: Response) -> tuple[int, str]:
    status, body = answer.status_code, answer.json()
    return status, body["type"].removeprefix("urn:viatique:problem:")


def test_a_copy_is_marked_from_lock_to_release(
    marker: TestClient, database: Database, copy_id: CopyId
) -> None:
    path, headers = f"{API}/copies/{copy_id}", locked(marker, copy_id)
    score = {"points": 2.5, "remark": "Oui", "version": 0}
    given = marker.put(f"{path}/scores/1", json=score, headers=headers)
    assert given.json() == {"question": "1", "points": "2.5", "remark": "Oui", "version": 1}
    text = {"text": "Ensemble solide.", "version": 0}
    assert marker.put(f"{path}/appreciation", json=text, headers=headers).json()["version"] == 1
    note = {"page": 1, "x": 0.1, "y": 0.2, "w": 0.3, "h": 0.05, "text": "Oui", "points": "-0.5"}
    made = marker.post(f"{path}/annotations", json=note, headers=headers)
    assert made.status_code == 201
    assert made.json() == {**note, "kind": "COMMENT", "strokes": [], "version": 1, "id": 1}
    stroke = {"page": 0, "x": 0, "y": 0, "kind": "FREEHAND", "strokes": [[[0.1, 0.2]]]}
    changed = marker.put(
        f"{path}/annotations/1", json={**stroke, "version": 1}, headers=headers
    ).json()
    assert (changed["version"], changed["strokes"]) == (2, [[[0.1, 0.2]]])
    stored = marker.get(f"{path}/marks").json()
    assert stored == {
        "scores": [given.json()],
        "appreciation": {"text": "Ensemble solide.", "version": 1},
        "annotations": [changed],
    }
    gone = marker.delete(f"{path}/annotations/1?version=2", headers=headers)
    assert gone.status_code == 204
    draft = {"content": {"2": "à voir"}, "version": 0}
    assert marker.put(f"{path}/draft", json=draft, headers=headers).json()["version"] == 1
    assert marker.post(f"{path}/lock/heartbeat", headers=headers).status_code == 200
    assert marker.delete(f"{path}/lock", headers=headers).status_code == 204
    assert marker.get(f"{path}/draft").json() == {"content": {"2": "à voir"}, "version": 1}
    assert actions_of(database, copy_id) == [
        Action.LOCK, Action.SCORE, Action.SCORE, Action.CREATE_ANN, Action.UPDATE_ANN,
        Action.DELETE_ANN, Action.UNLOCK,
    ]  # fmt: skip


def test_conflicts_are_told_by_their_type(
    marker: TestClient, client_of: ClientOf, database: Database, copy_id: CopyId
) -> None:
    path, other = f"{API}/copies/{copy_id}", client_of(Role.MARKER)
    score = {"points": 1, "version": 0}

    def put(client: TestClient, headers: Mapping[str, str]) -> tuple[int, str]:
        return conflict(client.put(f"{path}/scores/1", json=score, headers=headers))

    old = locked(marker, copy_id)
    assert conflict(other.post(f"{path}/lock", json={})) == (409, "already_locked")
    assert put(other, old) == (403, "owner_mismatch")
    again = marker.post(f"{path}/lock", json={"take_over": True}).json()["token"]
    assert put(marker, old) == (403, "token_mismatch")
    expire(database, copy_id)
    assert put(marker, {"x-lock-token": again}) == (409, "expired")
    headers = locked(marker, copy_id)
    assert marker.delete(f"{path}/lock", headers=headers).status_code == 204
    assert put(marker, headers) == (409, "missing")
    move(database, copy_id, Move.START_GRADING)
    assert put(marker, headers) == (409, "already_graded")


def test_a_stale_write_is_told_what_is_stored(marker: TestClient, copy_id: CopyId) -> None:
    path, headers = f"{API}/copies/{copy_id}/scores/1", locked(marker, copy_id)
    stored = marker.put(path, json={"points": 1, "version": 0}, headers=headers).json()
    answer = marker.put(path, json={"points": 2, "version": 0}, headers=headers)
    assert conflict(answer) == (409, "stale_version")
    assert answer.json()["current"] == stored
    assert answer.headers["content-type"] == "application/problem+json"


def test_points_the_scheme_does_not_have_are_not_valid(marker: TestClient, copy_id: CopyId) -> None:
    path, headers = f"{API}/copies/{copy_id}/scores", locked(marker, copy_id)
    answer = marker.put(f"{path}/1", json={"points": 99, "version": 0}, headers=headers)
    assert conflict(answer) == (422, "invalid_input")
    answer = marker.put(f"{path}/9", json={"points": 1, "version": 0}, headers=headers)
    assert conflict(answer) == (422, "invalid_input")


def test_a_coordinator_sees_who_holds_a_copy_and_takes_it_away(
    marker: TestClient, coordinator: TestClient, client_of: ClientOf, copy_id: CopyId
) -> None:
    path = f"{API}/copies/{copy_id}"
    headers = locked(marker, copy_id)
    assert marker.get(f"{path}/lock").json()["mine"] is True
    assert client_of(Role.MARKER).get(f"{path}/lock").json()["account"] is None
    assert coordinator.get(f"{path}/lock").json()["account"] == "U00000000"
    body = {"reason": "marker_absent"}
    assert coordinator.post(f"{path}/lock/force-release", json=body).status_code == 204
    assert conflict(marker.post(f"{path}/lock/heartbeat", headers=headers)) == (409, "missing")
    assert coordinator.get(f"{path}/lock").json()["locked"] is False
    (event, *_rest) = coordinator.get(f"{path}/audit?limit=1").json()["items"]
    assert event["action"] == "FORCE_UNLOCK"
    assert event["details"] == {"account": "U00000000", "reason": "marker_absent"}


def test_a_marker_is_never_told_whose_a_copy_is(
    marker: TestClient,
    coordinator: TestClient,
    client_of: ClientOf,
    database: Database,
    copy_ids: list[CopyId],
) -> None:
    exam, copy_id = copy_ids[0][:6], copy_ids[0]
    with database.transaction() as connection:
        identities.settle(connection, copy_id, StudentId("S2"), run=RUN)
    paths = [
        f"{API}/exams", f"{API}/exams/{exam}", f"{API}/exams/{exam}/copies",
        f"{API}/copies/{copy_id}", f"{API}/copies/{copy_id}/marks", f"{API}/copies/{copy_id}/lock",
        f"{API}/copies/{copy_id}/draft",
    ]  # fmt: skip
    for path in paths:
        answer = marker.get(path)
        assert answer.status_code == 200
        assert all(word not in answer.text for word in ("S2", "Last2", "First2", "CONFIRMED")), path
    found = coordinator.get(f"{API}/copies/{copy_id}").json()
    assert (found["student"], found["identity"]) == ("S2", "CONFIRMED")
    trail = client_of(Role.VIEWER).get(f"{API}/copies/{copy_id}/audit").text
    assert "IDENTIFY" in trail
    assert "S2" not in trail
    assert "S2" in coordinator.get(f"{API}/copies/{copy_id}/audit").text


@pytest.mark.parametrize("dpi", [29, 201])
def test_pages_are_pictures_of_a_reasonable_size(
    marker: TestClient, copy_id: CopyId, dpi: int
) -> None:
    path = f"{API}/copies/{copy_id}/pages"
    answer = marker.get(f"{path}/1")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert marker.get(f"{path}/1?dpi={dpi}").status_code == 422
    assert marker.get(f"{path}/2").status_code == 404


def test_a_marker_gets_the_first_page_without_its_header_and_never_whole(
    marker: TestClient, coordinator: TestClient, database: Database, copy_id: CopyId
) -> None:
    path = f"{API}/copies/{copy_id}/pages/0"
    anonymous = marker.get(path).content
    assert marker.get(f"{path}?whole=true").status_code == 403
    assert coordinator.get(path).content == anonymous
    assert actions_of(database, copy_id) == []
    assert coordinator.get(f"{path}?whole=true").content != anonymous
    assert actions_of(database, copy_id) == [Action.VIEW_IDENTITY]


def test_pages_of_a_copy_in_quarantine_are_for_those_who_may_see_names(
    marker: TestClient, coordinator: TestClient, database: Database, copy_id: CopyId
) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE copy SET status = 'QUARANTINE'")
        assert copies.find_copy(connection, copy_id).status is CopyStatus.QUARANTINE
    path = f"{API}/copies/{copy_id}/pages/1"
    assert marker.get(path).status_code == 403
    assert coordinator.get(path).status_code == 200


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_lists_go_on_where_they_stopped(
    coordinator: TestClient, copy_ids: list[CopyId], limit: int
) -> None:
    def pages(path: str) -> list[str]:
        found, cursor = [], ""
        while True:
            answer = coordinator.get(f"{API}{path}?limit={limit}{cursor}").json()
            found += [item["id"] for item in answer["items"]]
            if answer["next"] is None:
                return found
            cursor = f"&cursor={answer['next']}"

    exam = copy_ids[0][:6]
    assert pages("/exams") == [exam]
    assert pages(f"/exams/{exam}/copies") == copy_ids
    events = pages(f"/copies/{copy_ids[0]}/audit")
    assert len(events) == 2
    assert events == sorted(events, reverse=True)


def test_copies_are_listed_by_status_with_who_is_being_marked(
    marker: TestClient, database: Database, copy_ids: list[CopyId]
) -> None:
    move(database, copy_ids[0], Move.START_GRADING)
    locked(marker, copy_ids[1])
    path = f"{API}/exams/{copy_ids[0][:6]}/copies"
    ready = marker.get(f"{path}?status=READY").json()["items"]
    assert [(item["id"], item["locked"]) for item in ready] == [
        (copy_ids[1], True),
        (copy_ids[2], False),
    ]
