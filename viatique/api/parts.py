"""What every request works with."""

from dataclasses import dataclass

from fastapi import Request

from viatique.db.pool import Database
from viatique.files import Store
from viatique.services.launch import Launcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Opened once by whoever serves the API.

    Attributes:
        lock_ttl_s: seconds a lock lasts.
        launcher: starts what takes longer than a request.
    """

    database: Database
    store: Store
    lock_ttl_s: int
    launcher: Launcher


def parts_of(request: Request) -> Parts:
    """The parts of the app that answers the request."""
    parts: Parts = request.app.state.parts
    return parts
