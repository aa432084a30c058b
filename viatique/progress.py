"""Progress of long work, told to whoever watches in this process (terminal, Prefect artifact)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Watcher(Protocol):
    """Somebody to tell; called from any thread."""

    def start(self, stage: str, total: int, unit: str) -> None:
        """A stage begins; ``total`` units of work are known of."""

    def advance(self, stage: str, units: int) -> None:
        """So many units more are done."""


_watchers: list[Watcher] = []


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Tells the watcher of all progress in this process while the block lasts."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def start(stage: str, total: int, unit: str) -> None:
    """Tells that a stage begins; units are ``pages`` or ``copies``."""
    for watcher in tuple(_watchers):
        watcher.start(stage, total, unit)


def advance(stage: str, units: int) -> None:
    """Tells that units of a stage are done."""
    for watcher in tuple(_watchers):
        watcher.advance(stage, units)
