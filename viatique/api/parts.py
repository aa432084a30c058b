"""What every request works with."""

from dataclasses import dataclass, field

from fastapi import Request
from prometheus_client import CollectorRegistry

from viatique.db.pool import Database
from viatique.files import Store
from viatique.services.launch import Launcher

USUAL_RATE = 600
"""A marking page asks about sixty times a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Opened once by whoever serves the API.

    Attributes:
        lock_ttl_s: seconds a lock lasts.
        launcher: starts what takes longer than a request.
        requests_per_minute: most requests of one account or address.
        registry: where the requests are counted.
    """

    database: Database
    store: Store
    lock_ttl_s: int
    launcher: Launcher
    requests_per_minute: int = USUAL_RATE
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


def parts_of(request: Request) -> Parts:
    """The parts of the app that answers the request."""
    parts: Parts = request.app.state.parts
    return parts
