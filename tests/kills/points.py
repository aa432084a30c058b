"""The points of a run at which it may be killed: each statement, file operation and job, in order.

Inside the run's own processes (of a fork server, so nothing outlives them) every such point is
counted in a file that all of them share; the process that comes to the chosen one strikes.
"""

import contextlib
import functools
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import psycopg

from viatique import workers
from viatique.db import pool
from viatique.models import HeaderReading
from viatique.ocr import evidence
from viatique.services.postgres import find_server, locate
from viatique.steps import read_headers

WAITS_S = 5.0
"""How long a run waits for a database that is gone, instead of 30 s: nobody brings it back."""


class Victim(StrEnum):
    """Which process is killed."""

    FLOW = "flow process"
    POOL = "pool process"
    POSTGRES = "Postgres"
    BACKEND = "Postgres backend"
    SERVER = "Prefect server"
    WORKER = "Prefect worker"
    API = "API"


class Kind(StrEnum):
    """What is counted, and in which processes: those of the flow or those of its pool."""

    FLOW_SQL = "flow-sql"
    FLOW_FILE = "flow-file"
    POOL_FILE = "pool-file"
    POOL_JOB = "pool-job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where a run is struck.

    Attributes:
        folder: of this run; its processes leave in it who they are and what they counted.
        root: file operations below it are points.
        number: which point of the kind, from 1; 0 for none: it is only counted.
        pids: whom to kill besides the victims that only the run itself knows; where Postgres is
            the victim and is not among them, it is looked for when it is struck.
        recorded: folder of readings the pool's processes take instead of running the OCR.
        waits_s: how long the run waits for a database that is gone.
    """

    folder: Path
    root: Path
    victim: Victim = Victim.FLOW
    kind: Kind = Kind.FLOW_SQL
    number: int = 0
    pids: tuple[int, ...] = ()
    recorded: Path | None = None
    waits_s: float = WAITS_S

    @property
    def was_struck(self) -> bool:
        return (self.folder / "struck").exists()

    def note_strike(self) -> None:
        (self.folder / "struck").touch()

    def points(self, kind: Kind) -> int:
        """How many points of a kind the run came to."""
        counted = self.folder / kind
        return counted.stat().st_size if counted.exists() else 0

    def service_pids(self) -> list[int]:
        """Whom to kill of the services, now."""
        if self.pids or self.victim is not Victim.POSTGRES:
            return list(self.pids)
        has_server = (self.root / "run" / "postgres.password").exists()
        server = find_server(locate(self.root)) if has_server else None
        return [server.pid] if server else []

    def pool_pids(self) -> list[int]:
        """Processes its pool ever had."""
        return [int(path.name) for path in (self.folder / "pool").glob("*")]


def watch_flow(plan: Plan) -> None:
    """Counts in this process, and in those of the worker pools it makes; strikes at the point."""
    (plan.folder / "pool").mkdir(parents=True, exist_ok=True)
    reach = _Counter(plan)
    for owner, name in (
        (psycopg.Cursor, "execute"),
        (psycopg.ServerCursor, "execute"),
        (psycopg.Connection, "commit"),
    ):
        _wrap(owner, name, lambda session: reach(Kind.FLOW_SQL, session))
    _watch_files(plan.root, lambda: reach(Kind.FLOW_FILE))
    pool.POOL_TIMEOUT_S = plan.waits_s
    workers._start = functools.partial(start_pool_process, plan)  # type: ignore[assignment]
    workers.get_context = lambda _method: get_context("forkserver")  # type: ignore[assignment]


def start_pool_process(plan: Plan, setup: workers.WorkerSetup | None) -> None:
    """What a pool process of a watched run begins with."""
    (plan.folder / "pool" / str(os.getpid())).touch()
    reach = _Counter(plan)
    _watch_files(plan.root, lambda: reach(Kind.POOL_FILE))
    _wrap(workers, "_job", lambda _fields: reach(Kind.POOL_JOB))
    if plan.recorded:
        _read_from(plan.recorded)
    importlib.import_module(workers.__name__)._start(setup)


def _read_from(recorded: Path) -> None:
    def read(_copy: bytes, job: read_headers.ReadJob, _known: object) -> HeaderReading:
        return evidence.from_bytes((recorded / job.copy.sha256).read_bytes())

    read_headers._read = read
    read_headers._known_forms = lambda *_given: None  # type: ignore[assignment]


class _Counter:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._counting = threading.local()

    def __call__(self, kind: Kind, session: object = None) -> None:
        """Counts a point; what counting itself does is none."""
        if getattr(self._counting, "now", False):
            return
        self._counting.now = True
        try:
            if self._count(kind) == self._plan.number and kind is self._plan.kind:
                self._strike(session)
        finally:
            self._counting.now = False

    def _count(self, kind: Kind) -> int:
        """The number of this point among those of all processes of the run."""
        counted = os.open(self._plan.folder / kind, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(counted, b".")
            return os.lseek(counted, 0, os.SEEK_CUR)
        finally:
            os.close(counted)

    def _strike(self, session: object) -> None:
        victims = [*self._plan.service_pids(), *self._own_victims(session)]
        if victims:
            self._plan.note_strike()
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _own_victims(self, session: object) -> Iterator[int]:
        parent = parent_process()
        in_pool = self._plan.kind in {Kind.POOL_FILE, Kind.POOL_JOB}
        match self._plan.victim:
            case Victim.FLOW if in_pool and parent and parent.pid:
                yield parent.pid
            case Victim.FLOW | Victim.POOL if not (in_pool and self._plan.victim is Victim.FLOW):
                yield os.getpid()
            case Victim.BACKEND:
                connection = getattr(session, "connection", session)
                if isinstance(connection, psycopg.Connection):
                    yield connection.info.backend_pid
            case _:
                return


def _wrap(owner: Any, name: str, reach: Callable[[object], None]) -> None:  # noqa: ANN401
    """There is a point right before each call of a function, and one right after it."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(first: object, *arguments: object, **named: object) -> object:
        reach(first)
        result = original(first, *arguments, **named)
        reach(first)
        return result

    setattr(owner, name, wrapped)


CHANGING = {
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "os.link", "os.chmod",
    "shutil.rmtree", "subprocess.Popen",
}  # fmt: skip
"""Python's audit events of operations that change files, or start programs that do."""


def _watch_files(root: Path, reach: Callable[[], None]) -> None:
    """There is a point right before each operation on files below the root."""
    prefix = os.fspath(root)
    logs = os.path.join(prefix, "logs")  # noqa: PTH118  # no objects: an audit hook sees much

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
                return
        elif event in CHANGING:
            path = arguments[0]
        else:
            return
        name = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        if event == "subprocess.Popen" or (
            str(name).startswith(prefix) and not str(name).startswith(logs)
        ):
            reach()

    sys.addaudithook(hook)
