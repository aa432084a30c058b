"""Processes for OCR and PDF work: long-lived, one job each at a time, killed when they hang.

They carry the caller's log ids, and die with the process that started them.
"""

import ctypes
import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as JobTimeout
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, TypeVar

from pebble import ProcessExpired, ProcessPool

from viatique import logs
from viatique.errors import EngineFailure, UnexpectedFailure, ViatiqueError

logger = logging.getLogger("viatique.workers")

Item = TypeVar("Item")
Result = TypeVar("Result")

JOB_TIMEOUT_S = 120.0
"""A header takes 0.1 s and a copy's PDF a few ms; what takes this long hangs."""
PR_SET_PDEATHSIG = 1
"""prctl(2): the signal a process gets when its parent dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSetup:
    """What a worker process needs to know when it starts."""

    log_folder: Path
    log_format: Literal["json", "readable"]
    parent_pid: int


class WorkerPool:
    """A pool of processes that runs one function over many items."""

    def __init__(self, pool: ProcessPool) -> None:
        self._pool = pool

    def run(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result | ViatiqueError]:
        """Results in the order of the items; an item that failed has its error in its place.

        Args:
            function: a module-level function; it and the items are pickled.
            items: what it is called with, one at a time.
        """
        fields = logs.bound_fields()
        futures = [
            self._pool.schedule(_job, args=[fields, function, item], timeout=JOB_TIMEOUT_S)
            for item in items
        ]
        return [_outcome(future.result) for future in futures]


@contextmanager
def worker_pool(
    processes: int, *, log_folder: Path, log_format: Literal["json", "readable"]
) -> Iterator[WorkerPool]:
    """A pool for as long as the block lasts; 0 processes means one for each core."""
    setup = WorkerSetup(log_folder=log_folder, log_format=log_format, parent_pid=os.getpid())
    pool = ProcessPool(
        max_workers=processes or os.cpu_count() or 1,
        initializer=_start,
        initargs=[setup],
        context=get_context("spawn"),
    )
    try:
        yield WorkerPool(pool)
    finally:
        pool.stop()
        pool.join()


def _start(setup: WorkerSetup) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != setup.parent_pid:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure_logging(setup.log_folder, setup.log_format)


def _job(fields: dict[str, str], function: Callable[[Item], Result], item: Item) -> Result:
    with logs.bound(**fields):
        try:
            return function(item)
        except ViatiqueError:
            raise
        except Exception as error:  # boundary of the process: its text may hold data
            logger.exception("job_failed", extra={"job": function.__name__})
            raise UnexpectedFailure(
                f"{type(error).__name__} in {function.__name__}.",
                next_step="The log line job_failed with this run's id tells where.",
            ) from None


def _outcome(result: Callable[[], Result]) -> Result | ViatiqueError:
    try:
        return result()
    except ViatiqueError as error:
        return error
    except JobTimeout:
        return EngineFailure(f"A job was stopped after {JOB_TIMEOUT_S:.0f} seconds.")
    except ProcessExpired as error:
        return EngineFailure(f"A worker process died (exit code {error.exitcode}).")
