"""What every request works with."""

import os
from dataclasses import dataclass, field

from fastapi import Request
from prometheus_client import CollectorRegistry

from viatique.db.pool import Database
from viatique.files import Store
from viatique.services.environment import viatique_environment
from viatique.services.launch import Launcher
from viatique.workbench import Workbench

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


def parts_on(bench: Workbench, *, registry: CollectorRegistry | None = None) -> Parts:
    """The parts of an API that works on a workbench; its requests are counted in the registry."""
    return Parts(
        database=bench.database,
        store=bench.store,
        lock_ttl_s=bench.settings.lock_ttl_s,
        launcher=Launcher({**os.environ, **viatique_environment(bench.settings)}),
        requests_per_minute=bench.settings.requests_per_minute,
        registry=registry or CollectorRegistry(),
    )


def parts_of(request: Request) -> Parts:
    """The parts of the app that answers the request."""
    parts: Parts = request.app.state.parts
    return parts
