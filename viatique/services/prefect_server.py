"""The local Prefect server of one home, on its Postgres; found again by its record.

Prefect itself is never imported here: it runs as a program of its own.
"""

import hashlib
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from viatique.errors import ServiceUnavailable
from viatique.services.environment import SERVER, prefect_environment
from viatique.services.prefect_database import prefect_database
from viatique.services.processes import (
    LOOPBACK,
    free_port,
    listens,
    read_record,
    record_of,
    running,
    start_detached,
    stop_process,
    write_record,
)
from viatique.settings import Settings
from viatique.texts import CLI_LANGUAGE, text

START_TIMEOUT_S = 180.0
"""Seen 11-60 s on a loaded 2-core machine, migrations included (2026-11)."""
POLL_S = 0.2
WANTED_PORT = 4200
SERVER_ARGUMENTS = ("-m", "prefect", "server", "start")


def ensure_prefect_server(home: Path, dsn: str, on_progress: Callable[[str], None]) -> str:
    """The API URL of the home's server, started if it did not run.

    Args:
        home: the state folder.
        dsn: a database on the server that is to hold Prefect's own; where the role may not create
            one, Prefect keeps SQLite in the home.
        on_progress: told what is being waited for.

    Raises:
        ServiceUnavailable: it did not come up.
    """
    database = prefect_database(home, dsn)
    detail = hashlib.sha256(str(sorted(database.items())).encode()).hexdigest()
    record = read_record(_record_path(home))
    process = running(record)
    if record and process and record.detail == detail:
        _wait_until_healthy(home, process.pid, record.port)
        return api_url(record.port)
    if process:
        stop_process(process, signal.SIGTERM)
    on_progress(text("starting_prefect", CLI_LANGUAGE))
    return api_url(_start(home, database, detail, wanted=record.port if record else 0))


def stop_prefect_server(home: Path) -> bool:
    """Stops the home's server; False when it did not run."""
    process = running(read_record(_record_path(home)))
    if process is None:
        return False
    stop_process(process, signal.SIGTERM)
    return True


def current_api_url(settings: Settings) -> str | None:
    """Where Prefect is now; None when the home's own server does not run, as nobody needs it."""
    record = read_record(_record_path(settings.home_path))
    own = api_url(record.port) if record and running(record) else None
    return settings.prefect_api_url or own


def api_url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}/api"


def _record_path(home: Path) -> Path:
    return home / "run" / "prefect-server.json"


def _start(home: Path, database: Mapping[str, str], detail: str, *, wanted: int) -> int:
    """The port of a new server; another port when somebody took the first one meanwhile."""
    port = free_port(wanted or WANTED_PORT)
    try:
        _start_on(home, database, detail, port)
    except ServiceUnavailable:
        if free_port(port) == port:
            raise
        port = free_port()
        _start_on(home, database, detail, port)
    return port


def _start_on(home: Path, database: Mapping[str, str], detail: str, port: int) -> None:
    program = start_detached(
        [sys.executable, *SERVER_ARGUMENTS, "--host", LOOPBACK, "--port", str(port)],
        log=home / "logs" / "prefect-server.log",
        environment={
            **os.environ,
            **prefect_environment(home, api_url(port)),
            **SERVER,
            **database,
            "PREFECT_UI_API_URL": api_url(port),
        },
    )
    record = record_of(program.pid, port=port, detail=detail)
    if record:
        write_record(_record_path(home), record)
    _wait_until_healthy(home, program.pid, port)


def _wait_until_healthy(home: Path, pid: int, port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and running(record_of(pid)):
        if is_healthy(pid, port):
            return
        time.sleep(POLL_S)
    raise ServiceUnavailable(
        "The Prefect server did not come up.",
        next_step=f"Its log is {home / 'logs' / 'prefect-server.log'}; --inline works without it.",
    )


def is_healthy(pid: int, port: int) -> bool:
    """Whether that very process answers: somebody else's server may have taken the port first."""
    if not listens(pid, port):
        return False
    try:
        with urllib.request.urlopen(f"{api_url(port)}/health", timeout=2) as answer:  # noqa: S310
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
