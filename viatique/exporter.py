"""The one long-lived process that Prometheus asks: ``/metrics`` for who has the token, and health.

Wrong tokens cost as much as right ones, and both are limited: the answer is worth a database's
time.
"""

import hmac
import secrets
from pathlib import Path

from filelock import FileLock
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from viatique.files import write_atomically
from viatique.limiter import Limiter
from viatique.metrics import DomainCollector
from viatique.seal_files import seal_files_of
from viatique.steps.health import Health
from viatique.workbench import Workbench

METRICS_PATH = "/metrics"
LIMIT = 60
"""Answers to one client in a minute; Prometheus asks four times a minute."""


def create_exporter(domain: Collector, token: str, health: Health) -> Starlette:
    """The exporter's web application."""
    registry = process_registry()
    registry.register(domain)
    return Starlette(routes=[metrics_route(registry, token), *health_routes(health)])


def domain_collector(bench: Workbench) -> DomainCollector:
    """What there is to tell of an installation."""
    return DomainCollector(
        bench.database,
        retry_limit=bench.settings.retry_limit,
        seal_files=seal_files_of(bench.settings),
        log_folder=bench.settings.home_path / "logs",
    )


def process_registry() -> CollectorRegistry:
    """A registry that knows this process: its memory, CPU time, open files."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def metrics_route(registry: CollectorRegistry, token: str) -> Route:
    """``/metrics``: what the registry collects, for who has the token and asks not too often."""
    limiter = Limiter(LIMIT)

    def metrics(request: Request) -> Response:
        wait_s = limiter.wait_s(request.client.host if request.client else "")
        if wait_s:
            headers = {"Retry-After": str(wait_s)}
            return PlainTextResponse("Too many requests.", status_code=429, headers=headers)
        if not _is_right(request, token):
            headers = {"WWW-Authenticate": "Bearer"}
            return PlainTextResponse("A token is needed.", status_code=401, headers=headers)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    return Route(METRICS_PATH, metrics)


def health_routes(health: Health) -> list[Route]:
    """``/health/live``: this process answers. ``/health/ready``: so does all that it needs."""

    def live(_request: Request) -> Response:
        return JSONResponse({"live": True})

    def ready(_request: Request) -> Response:
        found = health.check()
        return JSONResponse(found, status_code=200 if all(found.values()) else 503)

    return [Route("/health/live", live), Route("/health/ready", ready)]


def metrics_token(home: Path) -> str:
    """The token of this home, made when there is none; only its owner can read it.

    Processes that ask for the first one together get the same, and none an empty one.
    """
    path = home / "run" / "metrics.token"
    with FileLock(path.with_suffix(".lock")):
        token = path.read_text("utf-8").strip() if path.exists() else ""
        if not token:
            token = secrets.token_urlsafe(32)
            write_atomically(path, token.encode())
    return token


def _is_right(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
