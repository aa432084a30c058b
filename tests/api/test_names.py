"""What markers write may name people: it stays where it belongs, whatever is refused or fails."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.api.conftest import ClientOf
from tests.privacy.searches import columns_with, files_with
from tests.steps.benches import silence_logs
from viatique import logs
from viatique.access import Role
from viatique.db.pool import Database
from viatique.models import CopyId

NAME = "Zorglubien"
WRITTEN = f"Quibolinette {NAME} a copié."
BELONG = {
    ("mark", "remark"), ("copy", "appreciation"), ("annotation", "text"), ("draft", "content"),
}  # fmt: skip


@pytest.fixture
def log_folder(tmp_path: Path) -> Iterator[Path]:
    logs.configure_logging(tmp_path / "logs", "json")
    yield tmp_path / "logs"
    silence_logs()


def write_all(client: TestClient, path: str, headers: dict[str, str]) -> list[int]:
    """Every write, twice (the second is stale), with the name in it and around it."""
    writes = [
        ("PUT", f"{path}/scores/1", {"points": 1, "remark": WRITTEN, "version": 0}),
        ("PUT", f"{path}/scores/{NAME}", {"points": 1, "version": 0}),
        ("PUT", f"{path}/scores/1", {"points": WRITTEN, "version": 0}),
        ("PUT", f"{path}/appreciation", {"text": WRITTEN, "version": 0}),
        ("POST", f"{path}/annotations", {"page": 0, "x": 0, "y": 0, "text": WRITTEN}),
        ("POST", f"{path}/annotations", {"page": 9, "x": 0, "y": 0, "text": WRITTEN}),
        ("PUT", f"{path}/draft", {"content": {NAME: WRITTEN}, "version": 0}),
        ("PUT", f"{path}/{NAME}", {NAME: NAME}),
        ("GET", f"/api/v1/exams/{NAME}?cursor={NAME}", None),
    ]
    return [
        client.request(method, url, json=body, headers=headers).status_code
        for _time in range(2)
        for method, url, body in writes
    ]


def test_names_in_requests_are_neither_logged_nor_stored_elsewhere(
    marker: TestClient,
    database: Database,
    copy_id: CopyId,
    log_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = f"/api/v1/copies/{copy_id}"
    token = marker.post(f"{path}/lock", json={}).json()["token"]
    headers = {"x-lock-token": token, "x-request-id": f"{NAME}-{NAME}", "user-agent": NAME}
    assert set(write_all(marker, path, headers)) == {200, 201, 404, 409, 422}
    marker.get("/api/v1/exams", headers={"authorization": f"Bearer {NAME}"})

    def fail(*_arguments: object, **_more: object) -> None:
        raise ValueError(WRITTEN)

    monkeypatch.setattr("viatique.steps.mark_copy.find_copy", fail)
    assert set(write_all(marker, path, headers)) == {404, 422, 500}
    lines = (log_folder / "viatique.log").read_text("utf-8")
    for message in ("request", "lock_conflict", "request_failed", "request_not_signed_in"):
        assert f'"{message}"' in lines, message
    assert files_with(log_folder.iterdir(), [NAME]) == set()
    assert columns_with(database, [NAME]) == BELONG


def test_a_name_in_the_comment_bank_is_only_there(
    marker: TestClient, database: Database, copy_id: CopyId, log_folder: Path
) -> None:
    bank = f"/api/v1/exams/{copy_id[:6]}/comments"
    bodies = ({"text": WRITTEN}, {"text": WRITTEN, "points": NAME}, {NAME: WRITTEN})
    assert [marker.post(bank, json=body).status_code for body in bodies] == [201, 422, 422]
    assert '"comment_kept"' in (log_folder / "viatique.log").read_text("utf-8")
    assert files_with(log_folder.iterdir(), [NAME]) == set()
    assert columns_with(database, [NAME]) == {("bank_comment", "text")}


def test_a_name_given_to_any_route_is_logged_by_none(
    app: FastAPI, client_of: ClientOf, stranger: TestClient, database: Database, log_folder: Path
) -> None:
    """In the path, the query, the body and the headers; by somebody who may all, and by nobody."""
    headers = {"x-lock-token": NAME, "x-request-id": NAME, "referer": NAME, "cookie": f"a={NAME}"}
    body = {"reason": NAME, "text": WRITTEN, "version": NAME, "content": {NAME: WRITTEN}}
    codes = {
        client.request(
            method,
            f"{re.sub('{[^}]*}', NAME, path)}?cursor={NAME}&whole={NAME}",
            json=None if method == "get" else body,
            headers=headers,
        ).status_code
        for client in (client_of(Role.ADMIN), stranger)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert {401, 422} <= codes
    assert not {code for code in codes if code >= 500}
    assert (log_folder / "viatique.log").read_text("utf-8").count('"request"') > 40
    assert files_with(log_folder.iterdir(), [NAME]) == set()
    assert columns_with(database, [NAME]) == set()
