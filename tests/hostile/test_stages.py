"""The bars of hostile files see work wherever it is done, and not how busy the machine is."""

import pytest

from tests.hostile import stages
from tests.hostile.stages import Stages
from viatique.errors import EngineTimeout
from viatique.workbench import Workbench


def burn(steps: int) -> int:
    return sum(range(steps))


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "living"])
def test_what_worker_processes_do_counts(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool
) -> None:
    monkeypatch.setattr(stages, "MAX_CPU_S", 0.05)
    watch = Stages()
    if is_killed:
        with pytest.raises(EngineTimeout):
            bench.pool.run_one(burn, 10**12, timeout_s=2)
    else:
        bench.pool.run_one(burn, 3 * 10**7)
    with pytest.raises(AssertionError, match="burning took"):
        watch.end("burning")


def test_waiting_is_no_work_but_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stages()
    monkeypatch.setattr(stages, "MAX_CPU_S", 0.2)
    clock = stages.time.perf_counter()
    monkeypatch.setattr(stages.time, "perf_counter", lambda: clock + 200)
    watch.end("waiting for its turn")
    monkeypatch.setattr(stages.time, "perf_counter", lambda: clock + 501)
    with pytest.raises(AssertionError, match="hanging took 301 s"):
        watch.end("hanging")
