"""Background processes that outlive the command that started them, and how they are found again.

A record names a process by pid and start time, so a pid that was given to something else is never
taken for it.
"""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from viatique.files import write_atomically

LOOPBACK = "127.0.0.1"
STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A process we started.

    Attributes:
        created: start time, seconds since the epoch, as psutil tells it.
        detail: what else identifies the service's configuration.
    """

    pid: int
    created: float
    port: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A system user a process is run as."""

    uid: int
    gid: int


def start_detached(
    arguments: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    account: Account | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a process in a session of its own, its output going to the end of ``log``.

    It outlives this process on purpose.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        program = subprocess.Popen(  # noqa: S603  # our own programs, no shell
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd=folder or Path("/"),
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    # one that dies before us is no zombie then: Postgres takes a zombie for a living server
    threading.Thread(target=program.wait, daemon=True).start()
    return program


def record_of(pid: int, *, port: int = 0, detail: str = "") -> Record | None:
    """The record of a running process, None when it is gone."""
    try:
        created = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None
    return Record(pid=pid, created=created, port=port, detail=detail)


def write_record(path: Path, record: Record) -> None:
    write_atomically(path, json.dumps(asdict(record)).encode())


def read_record(path: Path) -> Record | None:
    """The record in a file, None when there is none or it is not one."""
    try:
        return Record(**json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def running(record: Record | None) -> psutil.Process | None:
    """The recorded process if it still runs and is the same one."""
    if record is None:
        return None
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.created) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def stop_process(process: psutil.Process, signal_number: int) -> None:
    """Asks a process to stop and waits; after 30 s it is killed."""
    try:
        process.send_signal(signal_number)
        process.wait(STOP_TIMEOUT_S)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(STOP_TIMEOUT_S)


def listens(pid: int, port: int) -> bool:
    """Whether the process, or one it started, listens on the port."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        connections = [one for member in family for one in member.net_connections("tcp")]
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)


def free_port(wanted: int = 0) -> int:
    """The wanted loopback port if nobody has it, else one the system chooses."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 0


def is_root() -> bool:
    return os.geteuid() == 0
