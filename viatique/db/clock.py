"""The one clock that decides: processes run on many machines, whose own may be hours off."""

from datetime import datetime

from viatique.db.pool import Connection


def now(connection: Connection) -> datetime:
    """What time it is for the database."""
    row = connection.execute("SELECT clock_timestamp() AS now").fetchone()
    return (row or {})["now"]
