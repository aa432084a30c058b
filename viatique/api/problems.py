"""What went wrong, as problem+json (RFC 9457): codes and ids, never what was sent or stored."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from viatique.api.shapes import Shape
from viatique.errors import (
    Conflict,
    Forbidden,
    IllegalTransition,
    InvalidInput,
    NotFound,
    TransientError,
    ViatiqueError,
)
from viatique.lifecycle import LockConflict
from viatique.logs import severity
from viatique.steps.locks import Refused

logger = logging.getLogger("viatique.api")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "5"
STATUS: dict[type[ViatiqueError], int] = {
    NotFound: 404,
    Forbidden: 403,
    InvalidInput: 422,
    IllegalTransition: 409,
    Conflict: 409,
    TransientError: 503,
    ViatiqueError: 500,
}
"""The first class an error is one of, in this order, gives its status."""
TITLES = {
    400: "Not understood",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "No such method",
    409: "Conflict",
    411: "Length required",
    413: "Too long",
    422: "Not valid",
    429: "Too many requests",
    500: "Defect",
    503: "Not available now",
}
CONFLICTS: dict[LockConflict, tuple[int, str]] = {
    LockConflict.MISSING: (409, "Nobody holds this copy: lock it first."),
    LockConflict.EXPIRED: (409, "The lock expired: take the copy again."),
    LockConflict.OWNER_MISMATCH: (403, "Another account holds this copy."),
    LockConflict.TOKEN_MISMATCH: (403, "The lock was taken over: this is not its token any more."),
    LockConflict.ALREADY_LOCKED: (409, "This copy is locked already."),
    LockConflict.ALREADY_GRADED: (409, "This copy is finalized, or being finalized."),
    LockConflict.STALE_VERSION: (409, "Somebody wrote in between: see `current`."),
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> JSONResponse:
    """A problem+json answer; ``more`` are its further members."""
    content: dict[str, Any] = {
        "type": f"urn:viatique:problem:{code}",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def refused(refusal: Refused, current: Shape | None) -> JSONResponse:
    """The answer to a write or lock that lost against somebody else."""
    status, detail = CONFLICTS[refusal.conflict]
    more = {"current": current.model_dump(mode="json")} if current else {}
    return problem(status, refusal.conflict, detail, **more)


def status_of(error: ViatiqueError) -> int:
    """The HTTP status that says what kind of error it is."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def handle_errors(app: FastAPI) -> None:
    """Makes every error of the app a problem; unforeseen ones are the request context's."""
    app.add_exception_handler(ViatiqueError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _ours(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ViatiqueError):
        raise error
    status = status_of(error)
    if status >= 500:
        logger.log(severity(error), "request_failed", exc_info=error)
    headers = {"Retry-After": RETRY_AFTER_S} if status == 503 else {}
    return problem(status, error.code, error.what, headers=headers)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [
        {"where": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in found
    ]
    return problem(422, "invalid_request", "The request is not as documented.", errors=errors)


def _http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    code = {401: "not_signed_in", 404: "not_found", 405: "no_such_method"}
    return problem(
        error.status_code,
        code.get(error.status_code, "refused"),
        TITLES.get(error.status_code, "Refused") + ".",
        headers=error.headers,
    )
