"""Worker processes: results in order, errors as values, nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from viatique import logs, workers
from viatique.errors import EngineFailure, EngineTimeout, NotFound, UnexpectedFailure, ViatiqueError
from viatique.workers import worker_pool


def work(item: int) -> tuple[int, dict[str, str]]:
    """What a worker may do: work, refuse, break, die, hang."""
    match item:
        case 1:
            raise NotFound("There is no copy C1.")
        case 2:
            raise ValueError("ZORGLUB")
        case 3:
            os.kill(os.getpid(), signal.SIGKILL)
        case 4:
            signal.pause()
    return item, logs.bound_fields()


def test_every_item_has_its_result_or_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "JOB_TIMEOUT_S", 2.0)
    with (
        worker_pool(2, log_folder=tmp_path, log_format="json") as pool,
        logs.bound(flow_run_id="run-1"),
    ):
        found = pool.run(work, range(7))
    kinds = [type(item) for item in found if isinstance(item, ViatiqueError)]
    assert kinds == [NotFound, UnexpectedFailure, EngineFailure, EngineTimeout]
    assert [found[index] for index in (0, 5, 6)] == [
        (index, {"flow_run_id": "run-1"}) for index in (0, 5, 6)
    ]
    text = (tmp_path / "viatique.log").read_text()
    assert "ZORGLUB" not in text
    assert "ZORGLUB" not in str(found[2])
    assert '"flow_run_id": "run-1"' in text


def worker_pid(_item: int) -> int:
    return os.getpid()


def test_processes_outlive_the_thread_that_first_used_them(tmp_path: Path) -> None:
    with worker_pool(1, log_folder=tmp_path, log_format="json") as pool:
        first: list[int | ViatiqueError] = []
        thread = threading.Thread(target=lambda: first.extend(pool.run(worker_pid, [0])))
        thread.start()
        thread.join()
        time.sleep(0.5)
        assert pool.run(worker_pid, [0]) == first


def test_new_processes_take_the_place_of_killed_idle_ones(tmp_path: Path) -> None:
    with worker_pool(1, log_folder=tmp_path, log_format="json") as pool:
        (pid,) = pool.run(worker_pid, [0])
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
        time.sleep(0.5)
        (other,) = pool.run(worker_pid, [0])
        assert isinstance(other, int)
        assert other != pid


def test_a_process_that_is_slow_to_start_is_given_up_and_nothing_else_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    monkeypatch.setattr(workers, "START_TIMEOUT_S", 0.0)
    monkeypatch.setattr(workers.os, "kill", lambda pid, _signal: killed.append(pid))
    with worker_pool(1, log_folder=tmp_path, log_format="json") as pool:
        (found,) = pool.run(worker_pid, [0])
    assert isinstance(found, EngineTimeout)
    assert killed == []  # pid 0 would be this process and all it started


PARENT = """
import sys, time
from pathlib import Path
from tests.unit.test_workers import worker_pid
from viatique.workers import worker_pool
if __name__ == "__main__":
    with worker_pool(1, log_folder=Path(sys.argv[1]), log_format="json") as pool:
        print(pool.run(worker_pid, [0])[0], flush=True)
        time.sleep(60)
"""


def test_processes_die_with_their_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, script, tmp_path],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    _, alive = psutil.wait_procs([worker], timeout=20)
    assert not alive
