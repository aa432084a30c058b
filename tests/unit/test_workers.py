"""Worker processes: results in order, errors as values, nothing left behind."""

import os
import signal
from pathlib import Path

import pytest

from viatique import logs, workers
from viatique.errors import EngineFailure, NotFound, UnexpectedFailure, ViatiqueError
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
    assert kinds == [NotFound, UnexpectedFailure, EngineFailure, EngineFailure]
    assert [found[index] for index in (0, 5, 6)] == [
        (index, {"flow_run_id": "run-1"}) for index in (0, 5, 6)
    ]
    text = (tmp_path / "viatique.log").read_text()
    assert "ZORGLUB" not in text
    assert "ZORGLUB" not in str(found[2])
    assert '"flow_run_id": "run-1"' in text
