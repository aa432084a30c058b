"""Requests made up from the OpenAPI: whatever comes, no 5xx, and answers as documented."""

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from tests.api.conftest import ClientOf
from viatique.access import Role
from viatique.models import CopyId

CHECKED = ("not_a_server_error", "content_type_conformance", "response_schema_conformance")
EXAMPLES = 15


def test_no_request_the_openapi_allows_ends_in_a_defect(
    app: FastAPI, client_of: ClientOf, copy_id: CopyId
) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    client = client_of(Role.ADMIN)
    authorization = client.headers["authorization"]
    known = {"copy_id": copy_id, "exam_id": copy_id[:6]}
    statuses: set[int] = set()

    def try_operation(operation: object) -> None:
        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def attempt(case: schemathesis.Case) -> None:
            case.path_parameters |= {
                name: known[name] for name in case.path_parameters.keys() & known.keys()
            }
            lock = client.post(f"/api/v1/copies/{copy_id}/lock", json={"take_over": True})
            headers = {"authorization": authorization, "x-lock-token": lock.json()["token"]}
            response = case.call(headers=headers)
            statuses.add(response.status_code)
            case.validate_response(response, checks=[CHECKS.get_one(name) for name in CHECKED])

        attempt()

    for found in schema.get_all_operations():
        try_operation(found.ok())
    assert statuses >= {200, 201, 409}
