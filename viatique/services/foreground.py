"""``viatique up``: the services and a worker, held until Ctrl-C."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from viatique.errors import ServiceUnavailable
from viatique.services.environment import prefect_environment, viatique_environment
from viatique.services.local import Services, ensure, stop
from viatique.settings import Settings

WORK_POOL = "viatique"
WORKER_ARGUMENTS = ("-m", "prefect", "worker", "start", "--pool", WORK_POOL, "--type", "process")
CHILD_STOP_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that runs as long as ``viatique up`` does."""

    name: str
    arguments: Sequence[str]


def hold(settings: Settings, *, on_progress: Callable[[str], None]) -> None:
    """Runs everything until Ctrl-C or SIGTERM, then stops all of it.

    Raises:
        ServiceUnavailable: something did not come up, or the worker ended by itself.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ensure(settings, prefect=True, on_progress=on_progress) as services:
            _hold_programs(settings, services, on_progress)
    finally:
        on_progress("Stopping…")
        stop(settings, force=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _hold_programs(
    settings: Settings, services: Services, on_progress: Callable[[str], None]
) -> None:
    environment = {
        **os.environ,
        **prefect_environment(settings.home_path, services.prefect_api_url or ""),
        **viatique_environment(settings),
    }
    on_progress("Registering the flows…")
    _run([sys.executable, "-m", "flows.deploy"], environment)
    worker = subprocess.Popen(  # noqa: S603  # our own programs, no shell
        [sys.executable, *WORKER_ARGUMENTS],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    on_progress(f"Prefect: {services.prefect_ui_url or services.prefect_api_url}")
    on_progress("Ready. Ctrl-C stops everything.")
    try:
        code = worker.wait()
        raise ServiceUnavailable(f"The worker ended by itself (exit code {code}).")
    except KeyboardInterrupt:
        return
    finally:
        _stop_child(worker)


def _run(arguments: Sequence[str], environment: dict[str, str]) -> None:
    done = subprocess.run(list(arguments), env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise ServiceUnavailable("The flows could not be registered with Prefect.")


def _stop_child(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    try:
        child.wait(CHILD_STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
