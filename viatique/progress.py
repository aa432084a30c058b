"""Progress of long work, told to whoever watches in this process (terminal, Prefect artifact)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, int, int], None]
"""Called with the stage, how many units are done and how many there are; from any thread."""

_listeners: list[Listener] = []


@contextmanager
def watched_by(listener: Listener) -> Iterator[None]:
    """Tells the listener of all progress in this process while the block lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def report(stage: str, done: int, total: int) -> None:
    """Tells all listeners; a stage that is done has ``done == total``."""
    for listener in tuple(_listeners):
        listener(stage, done, total)
