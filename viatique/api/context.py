"""Every request has an id, kept or made, in its answer, its log lines and its audit events.

The outermost of our layers: what nobody foresaw ends here, logged, as a problem without details.
"""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viatique.api.limits import RateLimits
from viatique.api.measures import RequestMeasures
from viatique.api.problems import problem
from viatique.logs import bound
from viatique.tracing import span

logger = logging.getLogger("viatique.api")

HEADER = "x-request-id"
VALID = re.compile(r"[0-9A-Fa-f-]{16,64}")
"""UUIDs and trace ids. An id is logged and stored, so no text that could be a name is one."""
BODY_LIMIT = 1024 * 1024
UNMATCHED = "unmatched"
FIXED = frozenset({"/metrics", "/health/live", "/health/ready"})
"""Routes beside the API's own, which do not say in the scope which they are."""


class RequestContext:
    """ASGI middleware around all of the API."""

    def __init__(self, app: ASGIApp, limits: RateLimits, measures: RequestMeasures) -> None:
        self._app = app
        self._limits = limits
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request and logs it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = request_id_of(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = Answer(send, request_id)
        with bound(request_id=request_id), span(f"request {scope['method']}"):
            started = time.perf_counter()
            refusal = self._refusal(scope, headers)
            if refusal:
                await refusal(scope, receive, answer.send)
            else:
                await self._answer(scope, receive, answer)
                self._limits.note(scope, answer.status)
            self._note(scope, answer.status, time.perf_counter() - started)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        pause_s = self._limits.wait_s(scope)
        if pause_s:
            logger.warning("too_many_requests")
            after = {"Retry-After": str(pause_s)}
            return problem(429, "too_many_requests", "Ask less often.", headers=after)
        return _refused_body(headers)

    def _note(self, scope: Scope, status: int, duration_s: float) -> None:
        other = scope["path"] if scope["path"] in FIXED else UNMATCHED
        route = getattr(scope.get("route"), "path", other)
        self._measures.note(scope["method"], route, status, duration_s)
        _log(scope, route, status, duration_s)

    async def _answer(self, scope: Scope, receive: Receive, answer: "Answer") -> None:
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            logger.exception("request_failed")
            if answer.status:
                raise
            defect = problem(500, "unexpected_failure", "Nobody foresaw this; it was logged.")
            await defect(scope, receive, answer.send)


class Answer:
    """The answer of one request on its way out; ``status`` is 0 until it begins."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[HEADER] = self._request_id
            headers["cache-control"] = "no-store"
            headers["x-content-type-options"] = "nosniff"
        await self._send(message)


def request_id_of(headers: Headers) -> str:
    """The id the client gave, if it is one, else a new one."""
    given = headers.get(HEADER, "")
    return given if VALID.fullmatch(given) else str(uuid.uuid4())


def _refused_body(headers: Headers) -> Response | None:
    if "transfer-encoding" in headers:
        return problem(411, "length_required", "Send the body with its Content-Length.")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY_LIMIT:
        return problem(413, "too_long", f"A body may have {BODY_LIMIT} bytes.")
    return None


def _log(scope: Scope, route: str, status: int, duration_s: float) -> None:
    logger.info(
        "request",
        extra={
            "method": scope["method"],
            "path": route,
            "status_code": status,
            "duration_ms": round(duration_s * 1000),
            **({"user_id": scope["state"]["user_id"]} if "user_id" in scope["state"] else {}),
        },
    )
