"""The local services of one home, shared by all commands: started once, stopped when idle.

Every command that uses them leaves a note while it runs; a keeper process stops them when no note
of a living process was there for the idle time. What dies is found and mended by the next command.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from viatique.db.admin import check_server
from viatique.errors import Conflict, InvalidInput
from viatique.services.postgres import ensure_postgres, stop_postgres
from viatique.services.prefect_server import ensure_prefect_server, stop_prefect_server
from viatique.services.processes import (
    Record,
    is_root,
    read_record,
    record_of,
    running,
    start_detached,
    stop_process,
    write_record,
)
from viatique.settings import Settings
from viatique.unfinished import sweep

KEEPER_MODULE = "viatique.services.keeper"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What there is to connect to.

    Attributes:
        prefect_api_url, prefect_ui_url: None when Prefect was not asked for; the UI is known only
            for the local server.
    """

    database_dsn: str
    prefect_api_url: str | None = None
    prefect_ui_url: str | None = None


@contextmanager
def ensure(settings: Settings, *, prefect: bool, on_progress: Progress) -> Iterator[Services]:
    """The services for as long as the block lasts; what runs already is found and used.

    Raises:
        ServiceUnavailable, DatabaseUnavailable: something did not come up.
        InvalidSettings: DATABASE_URL names a server that is too old.
    """
    home = settings.home_path
    make_home(home)
    with _in_use(home):
        with start_lock(home):
            living_users(home)
            for folder in (home / "run", home / "run" / "users"):
                sweep(folder)
            services = _ensure(settings, prefect=prefect, on_progress=on_progress)
            _ensure_keeper(settings)
        yield services


def stop(settings: Settings, *, force: bool = False) -> list[str]:
    """Stops the local services; returns the names of what was stopped.

    Raises:
        Conflict: another command is using them, and ``force`` was not given.
    """
    home = settings.home_path
    if not home.exists():
        return []
    make_home(home)
    with start_lock(home):
        users = living_users(home)
        if users and not force:
            pids = ", ".join(str(user.pid) for user in users)
            raise Conflict(
                f"Local services are in use by process {pids}.",
                next_step="Wait for it, or use --force.",
            )
        return stop_all(home)


def stop_all(home: Path) -> list[str]:
    """Stops keeper, Prefect server and database, in this order; the caller holds the start lock."""
    keeper = running(read_record(_keeper_path(home)))
    stopped = []
    if keeper and keeper.pid != os.getpid():
        stop_process(keeper, signal.SIGTERM)
        stopped.append("keeper")
    if stop_prefect_server(home):
        stopped.append("Prefect server")
    if stop_postgres(home):
        stopped.append("database")
    return stopped


def living_users(home: Path) -> list[Record]:
    """Processes that use the services now; notes of dead ones are removed."""
    users = []
    for note in (home / "run" / "users").glob("*.json"):
        record = read_record(note)
        if running(record) and record:
            users.append(record)
        else:
            note.unlink(missing_ok=True)
    return users


def last_used(home: Path) -> float:
    """When a command last ended, seconds since the epoch; 0 when none did."""
    note = home / "run" / "last-used"
    return note.stat().st_mtime if note.exists() else 0.0


def make_home(home: Path) -> None:
    """The home's folders; from now on this process makes files for its own user alone.

    Raises:
        InvalidInput: there can be no such folder.
    """
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        os.umask(0o077)
        if not home.is_dir():
            home.mkdir(exist_ok=True)
            # as root, the database's unprivileged user passes through, to its own folder in there
            home.chmod(0o711 if is_root() else 0o700)
    except OSError as error:
        raise InvalidInput(
            f"VIATIQUE_HOME can be no folder ({type(error).__name__}).",
            next_step="Name a folder in which you may write.",
        ) from None
    (home / "run" / "users").mkdir(parents=True, exist_ok=True)


def start_lock(home: Path) -> FileLock:
    """Held while services are started or stopped, so that two commands share them safely."""
    return FileLock(home / "run" / "start.lock")


def _ensure(settings: Settings, *, prefect: bool, on_progress: Progress) -> Services:
    home = settings.home_path
    dsn = settings.database_dsn
    if dsn:
        check_server(dsn)
    else:
        dsn = ensure_postgres(home, on_progress)
    if not prefect:
        return Services(database_dsn=dsn)
    if settings.prefect_api_url:
        return Services(database_dsn=dsn, prefect_api_url=settings.prefect_api_url)
    url = ensure_prefect_server(home, dsn, on_progress)
    return Services(database_dsn=dsn, prefect_api_url=url, prefect_ui_url=url.removesuffix("/api"))


@contextmanager
def _in_use(home: Path) -> Iterator[None]:
    record = record_of(os.getpid())
    note = home / "run" / "users" / f"{os.getpid()}-{time.monotonic_ns()}.json"
    if record:
        write_record(note, record)
    try:
        yield
    finally:
        if home.exists():
            note.unlink(missing_ok=True)
            (home / "run" / "last-used").touch()


def _keeper_path(home: Path) -> Path:
    return home / "run" / "keeper.json"


def _ensure_keeper(settings: Settings) -> None:
    home = settings.home_path
    if running(read_record(_keeper_path(home))):
        return
    program = start_detached(
        [sys.executable, "-m", KEEPER_MODULE, str(home), str(settings.idle_minutes * 60)],
        log=home / "logs" / "keeper.log",
        environment=os.environ,
    )
    record = record_of(program.pid)
    if record:
        write_record(_keeper_path(home), record)
