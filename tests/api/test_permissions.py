"""Every route, every role: who gets in. A route that is not in the table fails."""

from uuid import uuid4

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.api.conftest import ClientOf
from viatique.access import Role
from viatique.models import CopyId

ALL = frozenset(Role)
MARKING = frozenset({Role.ADMIN, Role.COORDINATOR, Role.MARKER})
STAFF = frozenset({Role.ADMIN, Role.COORDINATOR, Role.VIEWER})
DECIDING = frozenset({Role.ADMIN, Role.COORDINATOR})
ANNOTATION = {"page": 0, "x": 0.1, "y": 0.1}

TABLE: dict[tuple[str, str], tuple[frozenset[Role], object]] = {
    ("GET", "/exams"): (ALL, None),
    ("GET", "/exams/{exam_id}"): (ALL, None),
    ("GET", "/exams/{exam_id}/copies"): (ALL, None),
    ("GET", "/copies/{copy_id}"): (ALL, None),
    ("GET", "/copies/{copy_id}/pages/{page}"): (ALL, None),
    ("GET", "/copies/{copy_id}/pages/{page}?whole=true"): (DECIDING, None),
    ("GET", "/copies/{copy_id}/audit"): (STAFF, None),
    ("GET", "/copies/{copy_id}/lock"): (ALL, None),
    ("POST", "/copies/{copy_id}/lock"): (MARKING, {}),
    ("POST", "/copies/{copy_id}/lock/heartbeat"): (MARKING, None),
    ("DELETE", "/copies/{copy_id}/lock"): (MARKING, None),
    ("POST", "/copies/{copy_id}/lock/force-release"): (DECIDING, {"reason": "mistake"}),
    ("GET", "/copies/{copy_id}/marks"): (MARKING, None),
    ("PUT", "/copies/{copy_id}/scores/{question}"): (MARKING, {"points": 1, "version": 0}),
    ("PUT", "/copies/{copy_id}/appreciation"): (MARKING, {"text": "", "version": 0}),
    ("POST", "/copies/{copy_id}/annotations"): (MARKING, ANNOTATION),
    ("PUT", "/copies/{copy_id}/annotations/{annotation_id}"): (
        MARKING,
        {**ANNOTATION, "version": 1},
    ),
    ("DELETE", "/copies/{copy_id}/annotations/{annotation_id}?version=1"): (MARKING, None),
    ("GET", "/copies/{copy_id}/draft"): (MARKING, None),
    ("GET", "/exams/{exam_id}/comments"): (MARKING, None),
    ("POST", "/exams/{exam_id}/comments"): (MARKING, {"text": "Unité ?"}),
    ("DELETE", "/exams/{exam_id}/comments/{comment_id}"): (MARKING, None),
    ("PUT", "/copies/{copy_id}/draft"): (MARKING, {"content": {}, "version": 0}),
    ("POST", "/copies/{copy_id}/reopen"): (DECIDING, {"reason": "mistake"}),
    ("POST", "/exams/{exam_id}/dispatch"): (DECIDING, {}),
    ("GET", "/exams/{exam_id}/my-copies"): (MARKING, None),
    ("POST", "/exams/{exam_id}/next-copy"): (MARKING, {}),
    ("GET", "/exams/{exam_id}/disagreements"): (DECIDING, None),
    ("GET", "/copies/{copy_id}/readings"): (DECIDING, None),
    ("GET", "/exams/{exam_id}/finalize"): (DECIDING, None),
    ("POST", "/exams/{exam_id}/finalize"): (DECIDING, None),
    ("GET", "/exams/{exam_id}/statistics"): (STAFF, None),
    ("GET", "/exams/{exam_id}/results.csv"): (DECIDING, None),
    ("GET", "/exams/{exam_id}/finals.zip"): (DECIDING, None),
    ("GET", "/copies/{copy_id}/final.pdf"): (DECIDING, None),
    ("PUT", "/exams/{exam_id}/release"): (DECIDING, None),
    ("DELETE", "/exams/{exam_id}/release"): (DECIDING, None),
}
LET_IN_BUT_REFUSED = (
    "missing",
    "owner_mismatch",
    "already_locked",
    "not_found",
    "illegal_transition",
    "not_released",
    "invalid_input",
)


def call(client: TestClient, method: str, path: str, copy_id: CopyId) -> tuple[int, str]:
    """Status and problem code of a request with nothing wrong in its form."""
    body = TABLE[method, path][1]
    url = path.format(
        exam_id=copy_id[:6], copy_id=copy_id, page=0, question="1", annotation_id=1, comment_id=1
    )
    answer = client.request(
        method, f"/api/v1{url}", json=body, headers={"x-lock-token": str(uuid4())}
    )
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition(":")[2] if is_problem else ""


def test_the_table_has_every_route_and_no_other(app: FastAPI) -> None:
    routes = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert routes == {(method, path.partition("?")[0]) for method, path in TABLE}


@pytest.mark.parametrize(("method", "path"), TABLE, ids=lambda value: value)
def test_a_route_lets_in_the_roles_of_the_table(
    client_of: ClientOf, stranger: TestClient, copy_id: CopyId, method: str, path: str
) -> None:
    assert call(stranger, method, path, copy_id) == (401, "not_signed_in")
    for role in Role:
        status, code = call(client_of(role), method, path, copy_id)
        if role in TABLE[method, path][0]:
            assert code in {"", *LET_IN_BUT_REFUSED}, (role, status, code)
        else:
            assert (status, code) == (403, "forbidden"), role
