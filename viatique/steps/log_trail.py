"""Every event of the trail becomes a line of ``logs/audit.log``, after its commit, from here alone.

What was written last is noted beside the log. A crash or a full disk before the note makes lines
come twice, by the same event id; none is left out, in whatever order transactions commit. Lines
hold ids only.
"""

import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from viatique import logs
from viatique.db import audit, seals
from viatique.db.audit import AuditEvent
from viatique.db.pool import Connection, Database
from viatique.errors import StoreUnavailable, ViatiqueError
from viatique.files import error_code
from viatique.logs import severity

logger = logging.getLogger("audit")
own_logger = logging.getLogger("viatique.steps")

LOG, POSITION = "audit.log", "audit.position"
EVENTS_AT_ONCE = 2_000
PAUSE_S = 5.0
"""How long an event is in the trail only, at most, where metrics are served."""


def log_trail(database: Database, folder: Path) -> int:
    """Writes the events that are not in the log of this folder yet; returns how many.

    Does nothing while another process is at it.

    Raises:
        StoreUnavailable: a line cannot be written now; it is written by the next call that can.
    """
    written = 0
    try:
        with FileLock(folder / f"{POSITION}.lock", timeout=0), logs.no_line_lost():
            _end_line(folder / LOG)
            while events := _next(database, folder / POSITION):
                for event in events:
                    logger.info("audit_event", extra=_fields(event))
                _note(folder / POSITION, events[-1])
                written += len(events)
    except Timeout:
        return 0
    except OSError as error:
        raise StoreUnavailable(
            f"{LOG} cannot be written now ({error_code(error)}); events wait in the trail.",
            next_step="Make room on its disk; `viatique maintain --only log` writes what lacks.",
        ) from None
    return written


def log_age_s(connection: Connection, folder: Path) -> float:
    """Seconds since the oldest event happened that is not in the log yet; 0 when all are."""
    return seals.oldest_from_s(connection, _start(connection, folder / POSITION))


@contextmanager
def trail_logged(database: Database, folder: Path) -> Iterator[None]:
    """Keeps the log up to date for as long as the block lasts."""
    is_over = threading.Event()
    thread = threading.Thread(target=_keep, args=(database, folder, is_over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _keep(database: Database, folder: Path, is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            log_trail(database, folder)
        except ViatiqueError as error:
            own_logger.log(severity(error), "trail_not_logged", exc_info=True)
        is_over.wait(PAUSE_S)


def _end_line(log: Path) -> None:
    """Ends a line that a full disk, or a crash, cut off: the next begins at its beginning."""
    if log.exists() and log.stat().st_size:
        with log.open("rb+") as stream:
            stream.seek(-1, os.SEEK_END)
            if stream.read() != b"\n":
                stream.write(b"\n")


def _next(database: Database, position: Path) -> tuple[AuditEvent, ...]:
    with database.transaction() as connection:
        start = _start(connection, position)
        settled = seals.find_settled_tick(connection)
        end = seals.find_range_end(
            connection, from_tick=start, settled=settled, limit=EVENTS_AT_ONCE
        )
        if end is None:
            return ()
        return audit.list_events_between(connection, from_tick=start, to_tick=end)


def _start(connection: Connection, position: Path) -> int:
    """The tick after the last one written; the beginning, if that event is not in the trail.

    So it is in a new folder, and when the database went back to an earlier point in time.
    """
    try:
        noted = json.loads(position.read_text("ascii"))
        event_id, at = int(noted["event"]), datetime.fromisoformat(noted["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return seals.LOWEST
    tick = audit.find_tick(connection, event_id, at)
    return seals.LOWEST if tick is None else tick + 1


def _note(position: Path, last: AuditEvent) -> None:
    part = position.with_suffix(".part")
    part.write_text(json.dumps({"event": last.event_id, "at": last.at.isoformat()}), "ascii")
    part.replace(position)


def _fields(event: AuditEvent) -> dict[str, object]:
    fields = {
        "event_id": event.event_id,
        "at": event.at.isoformat(),
        "action": event.action,
        "exam_id": event.exam_id,
        "copy_id": event.copy_id,
        "user_id": event.actor,
        "account_id": event.details.get("account"),
        "correlation_id": event.correlation_id,
    }
    return {name: value for name, value in fields.items() if value is not None}
