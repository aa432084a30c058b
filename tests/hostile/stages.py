"""How long stages take: by CPU, because the machine may do much else; by the clock, if they hang.

What the application itself stops, it stops by the clock: a job on a machine that is overloaded is
stopped after less CPU, and waits longer for its turn. Neither says anything about a file.
"""

import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

MAX_CPU_S = 30.0
"""Three times what the worst file takes (2026-11-25: 10.9 s, a job that is stopped after 10)."""
MAX_WALL_S = 300.0
"""A stage that takes so long has hung, whatever else the machine does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds of a stage."""

    cpu_s: float = 0.0
    wall_s: float = 0.0

    def most(self, other: "Spent") -> "Spent":
        """The more of each."""
        return Spent(cpu_s=max(self.cpu_s, other.cpu_s), wall_s=max(self.wall_s, other.wall_s))


class Stages:
    """Measures stages one after the other; each has the same limits.

    Attributes:
        longest: most of what any took.
    """

    def __init__(self) -> None:
        self.longest = Spent()
        self._begun = _now()

    def end(self, name: str) -> None:
        now = _now()
        spent = Spent(cpu_s=now.cpu_s - self._begun.cpu_s, wall_s=now.wall_s - self._begun.wall_s)
        assert spent.cpu_s < MAX_CPU_S, f"{name} took {spent.cpu_s:.0f} s of CPU"
        assert spent.wall_s < MAX_WALL_S, f"{name} took {spent.wall_s:.0f} s"
        self.longest = self.longest.most(spent)
        self._begun = now


def children() -> Iterator[psutil.Process]:
    """The living processes that this one started, asked of the kernel: listing all takes long."""
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            for pid in (thread / "children").read_text().split():
                with suppress(psutil.Error):
                    yield psutil.Process(int(pid))


def _now() -> Spent:
    """What this process and those it started have spent, those that ended included."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    for child in children():
        with suppress(psutil.Error):
            times = child.cpu_times()
            cpu_s += times.user + times.system
    return Spent(cpu_s=cpu_s, wall_s=time.perf_counter())
