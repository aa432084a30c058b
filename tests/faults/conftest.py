"""A workbench whose Postgres is behind a line that can be cut."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.lines import Line, line_to
from tests.steps.benches import bench_on
from viatique import inline
from viatique.db import pool as pools
from viatique.db.pool import Database
from viatique.workbench import Workbench
from viatique.workers import WorkerPool


@pytest.fixture
def line(database_dsn: str) -> Iterator[Line]:
    """The way to the test's database."""
    with line_to(database_dsn) as line:
        yield line


@pytest.fixture
def far_bench(
    line: Line, pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workbench]:
    """A workbench at the end of the line, that does not wait long."""
    monkeypatch.setattr(inline, "PAUSE_S", 0.01)
    monkeypatch.setattr(pools, "POOL_TIMEOUT_S", 2.0)
    database = Database(line.dsn).open()
    with bench_on(database, tmp_path / "home", pool) as bench:
        yield bench
    database.close()
