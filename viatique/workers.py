"""Processes for OCR and PDF work: long-lived, one job each at a time, killed when they hang.

They carry the caller's log ids, and die with the process that started them.
"""

import functools
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from queue import Queue
from typing import Literal, TypeVar

from viatique import logs
from viatique.errors import EngineFailure, EngineTimeout, UnexpectedFailure, ViatiqueError

logger = logging.getLogger("viatique.workers")

Item = TypeVar("Item")
Result = TypeVar("Result")

JOB_TIMEOUT_S = 120.0
"""A header takes 0.1 s and a copy's PDF a few ms; what takes this long hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSetup:
    """What a worker process needs to know when it starts."""

    log_folder: Path
    log_format: Literal["json", "readable"]


class _Worker:
    """One process, started when first needed and again after it died."""

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._executor: ProcessPoolExecutor | None = None
        self._pid = 0

    def run(self, job: Callable[[], Result]) -> Result | ViatiqueError:
        """What the job returned in the process, or why it did not."""
        try:
            return self._submit(job).result(timeout=JOB_TIMEOUT_S)
        except ViatiqueError as error:
            return error
        except TimeoutError:
            self.stop()
            return EngineTimeout(f"A job was stopped after {JOB_TIMEOUT_S:.0f} seconds.")
        except BrokenProcessPool:
            self.stop()
            return EngineFailure("A worker process died.")

    def stop(self) -> None:
        """Ends the process, whatever it does."""
        if self._executor is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._executor.shutdown()
            self._executor = None

    def _submit(self, job: Callable[[], Result]) -> Future[Result]:
        if self._executor is not None:
            with suppress(BrokenProcessPool):
                return self._executor.submit(job)
            self.stop()
        self._executor = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_start, initargs=(self._setup,)
        )
        self._pid = self._executor.submit(os.getpid).result(timeout=JOB_TIMEOUT_S)
        return self._executor.submit(job)


class WorkerPool:
    """Processes that run one function over many items; threads may share them.

    Each process has its own pipes: killing one, idle or not, holds up no other. (Pools whose
    processes share a lock wait for ever when the one that holds it is killed.)
    """

    def __init__(self, processes: int, setup: WorkerSetup) -> None:
        self._workers = [_Worker(setup) for _ in range(processes)]
        self._idle: Queue[_Worker] = Queue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(processes)

    def run(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result | ViatiqueError]:
        """Results in the order of the items; an item that failed has its error in its place.

        Args:
            function: a module-level function; it and the items are pickled.
            items: what it is called with, one at a time.
        """
        fields = logs.bound_fields()
        return list(self._threads.map(lambda item: self._run_one(fields, function, item), items))

    def stop(self) -> None:
        """Ends the processes, whatever they do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()

    def _run_one(
        self, fields: dict[str, str], function: Callable[[Item], Result], item: Item
    ) -> Result | ViatiqueError:
        worker = self._idle.get()
        started = time.perf_counter()
        try:
            result = worker.run(functools.partial(_job, fields, function, item))
        finally:
            self._idle.put(worker)
        if isinstance(result, ViatiqueError):
            result.duration_s = time.perf_counter() - started
        return result


@contextmanager
def worker_pool(
    processes: int, *, log_folder: Path, log_format: Literal["json", "readable"]
) -> Iterator[WorkerPool]:
    """A pool for as long as the block lasts; 0 processes means one for each core."""
    setup = WorkerSetup(log_folder=log_folder, log_format=log_format)
    pool = WorkerPool(processes or os.cpu_count() or 1, setup)
    try:
        yield pool
    finally:
        pool.stop()


def _start(setup: WorkerSetup) -> None:
    threading.Thread(target=_die_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure_logging(setup.log_folder, setup.log_format)


def _die_with_parent() -> None:
    """Not PR_SET_PDEATHSIG: that signal comes when the thread that started this process ends."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


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
