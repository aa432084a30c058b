"""CPU time and memory of all processes that work on one installation."""

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Most memory a process had so far (VmHWM)."""

    kind: str
    mib: float


def cpu_s(home: str) -> float:
    """CPU seconds of this process, those it started, and the services whose home this is.

    Of those that ended, too, once their parent has waited for them.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(map(_cpu_s, _processes(home)))


def peaks(home: str) -> list[Peak]:
    """The most memory of each such process."""
    return [
        Peak(kind=_kind(one), mib=mib) for one in _processes(home) if (mib := peak_mib(one.pid))
    ]


def peak_mib(pid: int) -> float:
    """The most memory a process had so far, 0 if it ended."""
    try:
        with Path(f"/proc/{pid}/status").open("rb") as status:
            found = [line.split()[1] for line in status if line.startswith(b"VmHWM")]
    except OSError:
        return 0.0
    return int(found[0]) / 1024 if found else 0.0


def _processes(home: str) -> Iterator[psutil.Process]:
    own = {process.pid for process in psutil.Process().children(recursive=True)} | {os.getpid()}
    for process in psutil.process_iter():
        try:
            if process.pid in own or _belongs(process, home):
                yield process
        except psutil.Error:
            continue


def _belongs(process: psutil.Process, home: str) -> bool:
    """Postgres works in its home, the Prefect server is told it."""
    return home in process.cwd() or home in process.environ().get("PREFECT_HOME", "")


def _cpu_s(process: psutil.Process) -> float:
    """Its own time, and of a service that of its children; ours are counted once, as ended."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    own = times.user + times.system
    if process.pid == os.getpid():
        return own
    return own + times.children_user + times.children_system


def _kind(process: psutil.Process) -> str:
    if process.pid == os.getpid():
        return "main"
    try:
        return "postgres" if process.name() == "postgres" else "worker"
    except psutil.Error:
        return "worker"
