"""The one long-lived process that Prometheus asks: ``/metrics`` for who has the token, and health.

Wrong tokens cost as much as right ones, and both are limited: the answer is worth a database's
time.
"""

import hmac
import secrets
import time
from collections import deque
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from viatique.db.pool import Database
from viatique.metrics import DomainCollector
from viatique.steps.health import Health

LIMIT = 60
"""Answers to one client in ``PERIOD_S``; Prometheus asks four times a minute."""
PERIOD_S = 60.0
CLIENTS = 1024
"""Clients remembered; when more come, all begin anew."""


def create_exporter(
    database: Database, token: str, *, retry_limit: int, health: Health
) -> Starlette:
    """The exporter's web application."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    registry.register(DomainCollector(database, retry_limit=retry_limit))
    limiter = Limiter()

    def metrics(request: Request) -> Response:
        wait_s = limiter.wait_s(request.client.host if request.client else "", time.monotonic())
        if wait_s:
            headers = {"Retry-After": str(wait_s)}
            return PlainTextResponse("Too many requests.", status_code=429, headers=headers)
        if not _is_right(request, token):
            headers = {"WWW-Authenticate": "Bearer"}
            return PlainTextResponse("A token is needed.", status_code=401, headers=headers)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    return Starlette(routes=[Route("/metrics", metrics), *health_routes(health)])


def health_routes(health: Health) -> list[Route]:
    """``/health/live``: this process answers. ``/health/ready``: so does all that it needs."""

    def live(_request: Request) -> Response:
        return JSONResponse({"live": True})

    def ready(_request: Request) -> Response:
        found = health.check()
        return JSONResponse(found, status_code=200 if all(found.values()) else 503)

    return [Route("/health/live", live), Route("/health/ready", ready)]


def metrics_token(home: Path) -> str:
    """The token of this home, made when there is none; only its owner can read it."""
    path = home / "run" / "metrics.token"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), "utf-8")
    return path.read_text("utf-8").strip()


class Limiter:
    """At most ``LIMIT`` requests of a client in any ``PERIOD_S`` seconds."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}

    def wait_s(self, client: str, now: float) -> int:
        """0 when the client may be answered, else the seconds it should wait, at least 1."""
        if client not in self._seen and len(self._seen) >= CLIENTS:
            self._seen.clear()
        seen = self._seen.setdefault(client, deque())
        while seen and seen[0] <= now - PERIOD_S:
            seen.popleft()
        if len(seen) >= LIMIT:
            return int(seen[0] + PERIOD_S - now) + 1
        seen.append(now)
        return 0


def _is_right(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
