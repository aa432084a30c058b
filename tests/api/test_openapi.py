"""Requests made up from the OpenAPI: whatever comes, no 5xx, and answers as documented."""

from collections.abc import Iterator
from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from tests.api.conftest import ClientOf
from viatique.access import Role
from viatique.api import examples
from viatique.api.shapes import Shape
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


def bodies(openapi: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every JSON body taken, or given when all is well: its route, the name of its shape."""
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            answers = [answer for code, answer in operation["responses"].items() if code[0] == "2"]
            for part in (operation.get("requestBody"), *answers):
                schema = (part or {}).get("content", {}).get("application/json", {}).get("schema")
                if schema:
                    yield f"{method} {path}", schema["$ref"].rpartition("/")[2]


def test_every_body_has_an_example_that_is_one(app: FastAPI) -> None:
    openapi = app.openapi()
    shapes = {shape.__name__: shape for shape in all_shapes(Shape)}
    found = dict(bodies(openapi))
    assert len(found) > 20
    names = {name for _, name in bodies(openapi)}
    assert names == set(examples.EXAMPLES)
    for name in names:
        (example,) = openapi["components"]["schemas"][name]["examples"]
        shapes[name].model_validate(example)


def all_shapes(shape: type[Shape]) -> Iterator[type[Shape]]:
    for child in shape.__subclasses__():
        yield child
        yield from all_shapes(child)
