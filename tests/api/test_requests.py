"""Ids of requests, problems, sign-in by cookie, and what is refused before it reaches a step."""

import logging
import uuid
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.db.marking import actions_of
from viatique.access import Role
from viatique.db.audit import list_events_of_copy
from viatique.db.pool import Database
from viatique.lifecycle import Action
from viatique.models import CopyId
from viatique.steps.sign_in import SESSION_COOKIE, Refusal, create_account, sign_in

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def session(app: FastAPI, database: Database) -> Iterator[TestClient]:
    """A coordinator in the dashboard's browser."""
    password = create_account(database, "dupont", Role.COORDINATOR)
    token = sign_in(database, "dupont", password)
    assert not isinstance(token, Refusal)
    with TestClient(app, cookies={SESSION_COOKIE: token}) as client:
        yield client


def test_a_valid_request_id_is_kept_answered_and_stored(
    marker: TestClient, database: Database, copy_id: CopyId
) -> None:
    path = f"/api/v1/copies/{copy_id}/lock"
    answer = marker.post(path, json={}, headers={"x-request-id": TRACE_ID})
    assert answer.headers["x-request-id"] == TRACE_ID
    with database.transaction() as connection:
        event = list_events_of_copy(connection, copy_id)[-1]
    assert (event.action, event.correlation_id) == (Action.LOCK, TRACE_ID)


@pytest.mark.parametrize("given", ["", "short", "Zorglubien-Quibolinette", "a" * 65, "a\tb" * 9])
def test_what_is_no_request_id_is_replaced(marker: TestClient, given: str) -> None:
    found = marker.get("/api/v1/exams", headers={"x-request-id": given}).headers["x-request-id"]
    assert str(uuid.UUID(found)) == found


def test_every_line_of_a_request_has_its_id_and_names_no_path(
    marker: TestClient, copy_id: CopyId, caplog: pytest.LogCaptureFixture
) -> None:
    from viatique.logs import BoundFields  # noqa: PLC0415

    caplog.handler.addFilter(BoundFields())
    with caplog.at_level(logging.INFO):
        marker.get(f"/api/v1/copies/{copy_id}", headers={"x-request-id": TRACE_ID})
    (line,) = [record.__dict__ for record in caplog.records if record.message == "request"]
    assert line["request_id"] == TRACE_ID
    assert line["path"] == "/api/v1/copies/{copy_id}"
    assert (line["method"], line["status_code"]) == ("GET", 200)
    assert line["user_id"] == "U00000000"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/exams/E00000", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/", 404),
        ("PATCH", "/api/v1/exams", 405),
        ("GET", "/api/v1/exams?limit=0", 422),
        ("GET", "/api/v1/exams?cursor=x", 422),
        ("GET", "/api/v1/exams/Zorglubien", 422),
        ("GET", "/api/v1/copies/E00000-0001/pages/0", 404),
        ("GET", "/api/v1/copies/%00", 422),
    ],
)
def test_errors_are_problems(marker: TestClient, method: str, path: str, status: int) -> None:
    answer = marker.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found.keys() >= {"type", "title", "detail", "status"}
    assert found["status"] == status
    assert "Zorglubien" not in answer.text


def test_what_nobody_foresaw_is_a_problem_without_details(
    marker: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object, **_more: object) -> None:
        raise ValueError("Zorglubien")

    monkeypatch.setattr("viatique.api.exams.list_exams", fail)
    answer = marker.get("/api/v1/exams")
    assert (answer.status_code, answer.json()["title"]) == (500, "Defect")
    assert "Zorglubien" not in answer.text
    assert answer.headers["x-request-id"]
    assert "request_failed" in [record.message for record in caplog.records]


def test_a_database_that_is_gone_is_not_available_now(
    marker: TestClient, database: Database
) -> None:
    database.close()
    answer = marker.get("/api/v1/exams")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    "body",
    [
        {"points": 1},
        {"points": "nan", "version": 0},
        {"points": "1e-999999", "version": 0},
        {"points": "1e999999", "version": 0},
        {"points": 1, "version": -1},
        {"points": 1, "version": 2**40},
        {"points": 1, "version": 0, "remark": "\x00"},
        {"points": 1, "version": 0, "remark": "x" * 5001},
        {"points": 1, "version": 0, "other": 1},
        [],
        None,
    ],
    ids=str,
)
def test_a_score_that_is_none_is_refused(marker: TestClient, copy_id: CopyId, body: object) -> None:
    token = marker.post(f"/api/v1/copies/{copy_id}/lock", json={}).json()["token"]
    answer = marker.put(
        f"/api/v1/copies/{copy_id}/scores/1", json=body, headers={"x-lock-token": token}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "content",
    ['{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a": NaN}', '{"\\u0000": 1}', '{"a": 1e999}'],
)
def test_a_draft_that_cannot_be_stored_is_refused(
    marker: TestClient, copy_id: CopyId, content: str
) -> None:
    token = marker.post(f"/api/v1/copies/{copy_id}/lock", json={}).json()["token"]
    answer = marker.put(
        f"/api/v1/copies/{copy_id}/draft",
        content=f'{{"content": {content}, "version": 0}}',
        headers={"x-lock-token": token, "content-type": "application/json"},
    )
    assert answer.status_code == 422


def test_a_body_may_be_neither_endless_nor_of_unknown_length(
    marker: TestClient, copy_id: CopyId
) -> None:
    path = f"/api/v1/copies/{copy_id}/lock"
    assert marker.post(path, content=b"x" * (1024 * 1024 + 1)).status_code == 413
    assert marker.post(path, content=iter([b"{}"])).status_code == 411


def test_the_dashboards_session_is_signed_in_from_its_own_pages_only(
    session: TestClient, database: Database, copy_id: CopyId
) -> None:
    assert session.get("/api/v1/exams").status_code == 200
    path = f"/api/v1/copies/{copy_id}/lock"
    elsewhere = {"origin": "http://testserver:8501"}
    assert session.post(path, json={}, headers=elsewhere).status_code == 401
    assert actions_of(database, copy_id) == []
    assert session.post(path, json={}, headers={"origin": "http://testserver"}).status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer x", "Bearer ", "Basic eDp5", "Bearer \xe9".encode("latin-1"), "Bearer"]
)
def test_a_token_that_is_none_gets_nothing(stranger: TestClient, header: str | bytes) -> None:
    answer = stranger.get("/api/v1/exams", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_is_no_service_token(session: TestClient, stranger: TestClient) -> None:
    token = session.cookies[SESSION_COOKIE]
    headers = {"authorization": f"Bearer {token}"}
    assert stranger.get("/api/v1/exams", headers=headers).status_code == 401


def test_answers_are_not_kept_by_browsers(marker: TestClient) -> None:
    headers = marker.get("/api/v1/exams").headers
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_the_openapi_is_served_and_every_problem_in_it_has_its_form(stranger: TestClient) -> None:
    schema = stranger.get("/api/v1/openapi.json").json()
    assert "Problem" in schema["components"]["schemas"]
    assert stranger.get("/docs").status_code == 404
