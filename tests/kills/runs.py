"""Commands as processes of a fork server that has everything imported: tenths of a second each."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from tests.kills.points import Plan, watch_flow
from viatique.workers import ONE_THREAD

PATIENCE_S = 120.0
PRELOADED = ["viatique.cli.app", "viatique.steps.scan_jobs", "viatique.api.app", "tests.kills.runs"]

_forkserver = get_context("forkserver")


def start_fork_server(environment: Mapping[str, str], preloaded: Sequence[str] = ()) -> None:
    """Starts the one of this process, with these variables over its own; before the first run."""
    kept = dict(os.environ)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.environ.update(environment)
    try:
        _forkserver.set_forkserver_preload([*PRELOADED, *preloaded])
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line and the variables it is given."""

    arguments: tuple[str, ...]
    environment: dict[str, str]


def start(command: Command, plan: Plan) -> BaseProcess:
    """The command as a process whose points are counted."""
    return spawn(_run, command, plan)


def spawn(function: Callable[..., None], *arguments: object) -> BaseProcess:
    """A process of the fork server; those it makes in turn are too."""
    address = forkserver._forkserver._forkserver_address  # type: ignore[attr-defined]
    process = _forkserver.Process(target=_begin, args=(address, function, *arguments))
    process.start()
    return process


def _begin(address: str, function: Callable[..., None], *arguments: object) -> None:
    server: Any = forkserver._forkserver
    server._forkserver_address = address
    server.ensure_running = lambda: None  # the one that made this process runs
    function(*arguments)


def finish(process: BaseProcess, *, patience_s: float = PATIENCE_S) -> int:
    """How the process ended; -9 when it was killed, as it is when it takes too long."""
    process.join(patience_s)
    if process.exitcode is None:
        process.kill()
        process.join()
    code = process.exitcode
    assert code is not None
    return code


def wait_until(condition: Callable[[], object], *, patience_s: float = PATIENCE_S) -> bool:
    """Whether the condition came to hold."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def is_alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _run(command: Command, plan: Plan) -> None:
    """In the process: all that a shell would have done, then the command's own entry point."""
    output = os.open(plan.folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(command.environment)
    for given in ("DATABASE_URL", "PREFECT_API_URL"):  # the home has its own
        os.environ.pop(given, None)
    tempfile.tempdir = None
    sys.argv = ["viatique", *command.arguments]
    from viatique.cli.app import main  # noqa: PLC0415  # in the fork server it is there already

    watch_flow(plan)
    main()


def last_words(folder: Path) -> str:
    """The end of what a command printed."""
    output = folder / "output"
    return output.read_text("utf-8", "replace")[-500:] if output.exists() else ""
