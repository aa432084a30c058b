"""The HTTP API: steps of the core under /api/v1, for marking pages and other programs."""

from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.security import APIKeyCookie, HTTPBearer

from viatique.api import comments, direction, exams, locking, marking, results
from viatique.api.context import RequestContext
from viatique.api.examples import add_examples
from viatique.api.limits import RateLimits
from viatique.api.measures import RequestMeasures
from viatique.api.parts import Parts
from viatique.api.paths import PREFIX
from viatique.api.problems import MEDIA_TYPE, handle_errors
from viatique.api.shapes import Problem
from viatique.steps.sign_in import SESSION_COOKIE

DOCUMENTED = [
    Depends(HTTPBearer(auto_error=False)),
    Depends(APIKeyCookie(name=SESSION_COOKIE, auto_error=False)),
]
"""How to sign in, for the OpenAPI; ``callers`` is what checks it."""
PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": what, "content": {MEDIA_TYPE: {"schema": PROBLEM_REF}}}
    for status, what in {
        401: "Not signed in",
        403: "Not allowed; or `owner_mismatch`, `token_mismatch`",
        404: "Not found",
        409: "A conflict: `missing` `expired` `already_locked` `already_graded` `stale_version`",
        413: "Too long",
        422: "Not valid",
        429: "Too many requests: `Retry-After` says when to come again",
        503: "Not available now",
    }.items()
}


def create_app(parts: Parts) -> FastAPI:
    """The API on an open database and store."""
    app = FastAPI(
        title="Viatique",
        version=version("viatique"),
        description=__doc__ or "",
        openapi_url=f"{PREFIX}/openapi.json",
        # their pages load scripts from elsewhere
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.parts = parts
    for module in (exams, locking, marking, comments, direction, results):
        app.include_router(module.router, responses=PROBLEMS, dependencies=DOCUMENTED)
    handle_errors(app)
    app.add_middleware(
        RequestContext,
        limits=RateLimits(parts.requests_per_minute),
        measures=RequestMeasures(parts.registry),
    )
    app.openapi()["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    add_examples(app.openapi())
    return app
