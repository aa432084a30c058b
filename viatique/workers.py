"""Processes for OCR and PDF work: long-lived, one job each at a time, killed when they hang.

What people send is only ever opened in them: they may use so much memory and no more. They carry
the caller's log ids, and die with the process that started them.
"""

import functools
import importlib
import logging
import os
import resource
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from queue import Queue
from typing import Literal, TypeVar

from viatique import logs
from viatique.errors import EngineFailure, EngineTimeout, UnexpectedFailure, ViatiqueError
from viatique.tracing import note_failure, span

logger = logging.getLogger("viatique.workers")

Item = TypeVar("Item")
Result = TypeVar("Result")

JOB_TIMEOUT_S = 120.0
"""A header takes 0.1 s, but the first job of a process loads the OCR; what takes longer hangs."""
START_TIMEOUT_S = 120.0
"""A process starts and imports what a job needs in 2 s; on a machine that does much else, in 20."""
PDF_TIMEOUT_S = 10.0
"""The same for work on PDFs alone: a few ms a copy or page."""
MAX_DATA_BYTES = 900 * 1024 * 1024
"""Private memory a process may have (RLIMIT_DATA): 1 GiB with the libraries it shares. The OCR has
453 MiB, PDF work on scans of 200 dpi 162 MiB (2026-11-25)."""
LEADS = 3
"""Threads for each process: one whose job runs, one that fetches, one that stores."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
"""There is a process for each core; threads of libraries only cost memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSetup:
    """What a worker process needs to know when it starts."""

    log_folder: Path
    log_format: Literal["json", "readable"]


class _Worker:
    """One process, started when first needed and again after it died."""

    def __init__(self, setup: WorkerSetup | None) -> None:
        self._setup = setup
        self._executor: ProcessPoolExecutor | None = None
        self._pid = 0
        self._modules: set[str] = set()

    def run(
        self, job: Callable[[], Result], timeout_s: float, *, module: str
    ) -> Result | ViatiqueError:
        """What the job returned in the process, or why it did not.

        Importing the module the job needs, which takes seconds, is no part of its time.
        """
        try:
            return self._submit(job, module).result(timeout=timeout_s)
        except ViatiqueError as error:
            return error
        except TimeoutError:
            self.stop()
            return EngineTimeout(f"A job was stopped after {timeout_s:.0f} seconds.")
        except BrokenProcessPool:
            self.stop()
            return EngineFailure("A worker process died.")

    def stop(self) -> None:
        """Ends the process, whatever it does."""
        if self._executor is None:
            return
        if self._pid:  # 0 would be this process and all it started
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self._executor.shutdown(wait=bool(self._pid), cancel_futures=True)
        self._executor, self._pid = None, 0

    def _submit(self, job: Callable[[], Result], module: str) -> Future[Result]:
        if self._executor is not None and module in self._modules:
            with suppress(BrokenProcessPool):
                return self._executor.submit(job)
        try:
            return self._executor_with(module).submit(job)
        except BrokenProcessPool:  # it was killed while nobody looked
            self.stop()
            return self._executor_with(module).submit(job)

    def _executor_with(self, module: str) -> ProcessPoolExecutor:
        """The process, started if there is none, after it imported the module."""
        if self._executor is None:
            self._modules = set()
            self._executor = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=_start, initargs=(self._setup,)
            )
        with _no_main_module():
            ready = self._executor.submit(_ready, module)
        self._pid = ready.result(timeout=START_TIMEOUT_S)
        self._modules.add(module)
        return self._executor


class WorkerPool:
    """Processes that run one function over many items; threads may share them.

    Each process has its own pipes: killing one, idle or not, holds up no other. (Pools whose
    processes share a lock wait for ever when the one that holds it is killed.)
    """

    def __init__(self, processes: int, setup: WorkerSetup | None) -> None:
        self._workers = [_Worker(setup) for _ in range(processes)]
        self._idle: Queue[_Worker] = Queue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(processes)

    def run(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        *,
        timeout_s: float | None = None,
    ) -> list[Result | ViatiqueError]:
        """Results in the order of the items; an item that failed has its error in its place.

        Args:
            function: of a module that can be imported, not the main one; it and the items are
                pickled.
            items: what it is called with, one at a time.
            timeout_s: seconds after which the process of an item is killed, by default
                ``JOB_TIMEOUT_S``.
        """
        fields, limit_s = logs.bound_fields(), timeout_s or JOB_TIMEOUT_S
        jobs = [functools.partial(_job, fields, function, item) for item in items]
        here = [copy_context() for _ in jobs]  # the span around each is below the caller's
        return list(
            self._threads.map(
                lambda job, context: context.run(self._run_one, job, limit_s, function), jobs, here
            )
        )

    def run_one(
        self, function: Callable[[Item], Result], item: Item, *, timeout_s: float | None = None
    ) -> Result:
        """The result of one item.

        Raises:
            ViatiqueError: why there is none.
        """
        (result,) = self.run(function, [item], timeout_s=timeout_s)
        if isinstance(result, ViatiqueError):
            raise result
        return result

    def lead(
        self, way: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result | ViatiqueError]:
        """Results of a function of this process, called in threads that may each use ``run_one``.

        For what lies around a job and is no part of its time: fetching what it needs, storing what
        it made, while the processes do the jobs of other items.
        """
        here = [copy_context() for _ in items]
        with ThreadPoolExecutor(LEADS * len(self._workers)) as threads:
            return list(
                threads.map(
                    lambda item, context: context.run(_result_or_error, way, item), items, here
                )
            )

    def stop(self) -> None:
        """Ends the processes, whatever they do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()

    def _run_one(
        self, job: Callable[[], Result], timeout_s: float, function: Callable[[Item], Result]
    ) -> Result | ViatiqueError:
        """The span is of this process: that of one that is killed would never be sent."""
        worker = self._idle.get()
        started = time.perf_counter()
        with span(f"job {function.__name__}"):
            try:
                result = worker.run(job, timeout_s, module=function.__module__)
            finally:
                self._idle.put(worker)
            if isinstance(result, ViatiqueError):
                result.duration_s = time.perf_counter() - started
                note_failure(result)
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


def _result_or_error(way: Callable[[Item], Result], item: Item) -> Result | ViatiqueError:
    """An error of a job has the job's time, any other the time until it came."""
    started = time.perf_counter()
    try:
        return way(item)
    except ViatiqueError as error:
        error.duration_s = error.duration_s or time.perf_counter() - started
        return error


_main_module = threading.Lock()


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Hides ``__main__``, which a spawned process would run again before it starts.

    That is seconds of a Prefect engine's or the command's imports; in Streamlit it is the page.
    """
    with _main_module:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _ready(module: str) -> int:
    importlib.import_module(module)
    return os.getpid()


def _start(setup: WorkerSetup | None) -> None:
    threading.Thread(target=_die_with_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_DATA_BYTES, MAX_DATA_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # C libraries tell terminals about broken files
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if setup is None:
        logging.getLogger().addHandler(logging.NullHandler())
    else:
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
