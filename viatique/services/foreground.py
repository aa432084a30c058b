"""``viatique up``: the services, a worker and the dashboard, held until Ctrl-C."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from viatique.errors import ServiceUnavailable
from viatique.services.environment import prefect_environment, viatique_environment
from viatique.services.local import Services, ensure, stop
from viatique.services.processes import (
    free_port,
    read_record,
    record_of,
    running,
    stop_process,
    write_record,
)
from viatique.settings import Settings
from viatique.texts import CLI_LANGUAGE, text

WORKER_ARGUMENTS = ("-m", "flows.worker")
DASHBOARD_ARGUMENTS = ("-m", "dashboard.server")
DASHBOARD_PORT = 8501
"""Streamlit's usual port; another free one is taken when it is in use."""
METRICS_ARGUMENTS = (sys.executable, "-m", "viatique.cli", "metrics", "--port")
METRICS_PORT = 9108
API_ARGUMENTS = (sys.executable, "-m", "viatique.cli", "api", "--port")
API_PORT = 8502
LOCAL = "127.0.0.1"
CHILD_STOP_S = 20.0
POLL_S = 0.5
HOLDER = "up"
DASHBOARD_START_S = 60.0


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
        on_progress(text("stopping", CLI_LANGUAGE))
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
    stop_programs_of_the_dead(settings.home_path)
    on_progress(text("registering", CLI_LANGUAGE))
    _run([sys.executable, "-m", "flows.deploy"], environment)
    port = free_port(DASHBOARD_PORT)
    api_port = free_port(API_PORT)
    metrics_port = free_port(METRICS_PORT)
    address = [LOCAL, str(port)]
    children = {
        "worker": _start([sys.executable, *WORKER_ARGUMENTS], environment),
        "dashboard": _start([sys.executable, *DASHBOARD_ARGUMENTS, *address], environment),
        "api": _start([*API_ARGUMENTS, str(api_port)], environment, is_quiet=True),
        "metrics": _start([*METRICS_ARGUMENTS, str(metrics_port)], environment, is_quiet=True),
    }
    notes = note_programs(settings.home_path, [child.pid for child in children.values()])
    try:
        _wait_for_port(port, children["dashboard"])
        addresses = {
            "dashboard": f"http://{LOCAL}:{port}",
            "prefect": services.prefect_ui_url or services.prefect_api_url,
            "api": f"http://{LOCAL}:{api_port}/api/v1/openapi.json",
            "metrics": f"http://{LOCAL}:{metrics_port}/metrics",
        }
        for name, where in addresses.items():
            on_progress(f"{text(name, CLI_LANGUAGE):16} {where}")
        on_progress(text("ready", CLI_LANGUAGE))
        _wait(children)
    except KeyboardInterrupt:
        return
    finally:
        for child in children.values():
            _stop_child(child)
        shutil.rmtree(notes)


def note_programs(home: Path, pids: Sequence[int]) -> Path:
    """Notes what this process holds, in a folder that is there as long as they run."""
    folder = home / "run" / f"up-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    for name, pid in {HOLDER: os.getpid(), **{str(pid): pid for pid in pids}}.items():
        if record := record_of(pid):
            write_record(folder / f"{name}.json", record)
    return folder


def stop_programs_of_the_dead(home: Path) -> None:
    """Stops what a ``viatique up`` that was killed left behind."""
    for folder in (home / "run").glob("up-*"):
        if running(read_record(folder / f"{HOLDER}.json")):
            continue
        for note in folder.glob("*.json"):
            if process := running(read_record(note)):
                stop_process(process, signal.SIGINT)
        shutil.rmtree(folder)


def _start(
    arguments: Sequence[str], environment: dict[str, str], *, is_quiet: bool = False
) -> subprocess.Popen[bytes]:
    """A child; a quiet one tells everything to the log, and nothing to the terminal."""
    return subprocess.Popen(  # noqa: S603  # our own programs, no shell
        list(arguments),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if is_quiet else None,
    )


def _wait_for_port(port: int, child: subprocess.Popen[bytes]) -> None:
    """Until the dashboard listens."""
    deadline = time.monotonic() + DASHBOARD_START_S
    while child.poll() is None and time.monotonic() < deadline:
        with socket.socket() as attempt:
            if attempt.connect_ex((LOCAL, port)) == 0:
                return
        time.sleep(POLL_S)
    raise ServiceUnavailable(
        "The dashboard did not start.", next_step="Its messages are in the terminal above."
    )


def _wait(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Until one of them ends, which none should."""
    while True:
        for name, child in children.items():
            code = child.poll()
            if code is not None:
                raise ServiceUnavailable(f"The {name} ended by itself (exit code {code}).")
        time.sleep(POLL_S)


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
