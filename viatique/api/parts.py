"""What every request works with."""

from dataclasses import dataclass

from fastapi import Request

from viatique.db.pool import Database
from viatique.files import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Opened once by whoever serves the API; ``lock_ttl_s``: seconds a lock lasts."""

    database: Database
    store: Store
    lock_ttl_s: int


def parts_of(request: Request) -> Parts:
    """The parts of the app that answers the request."""
    parts: Parts = request.app.state.parts
    return parts
