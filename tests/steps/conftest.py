"""Worker processes for all tests of steps; a workbench for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.steps.benches import bench_on
from viatique.db.pool import Database
from viatique.workbench import Workbench
from viatique.workers import WorkerPool, worker_pool


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    folder = tmp_path_factory.mktemp("worker-logs")
    with worker_pool(2, log_folder=folder, log_format="json") as pool:
        yield pool


@pytest.fixture
def bench(database: Database, pool: WorkerPool, tmp_path: Path) -> Iterator[Workbench]:
    with bench_on(database, tmp_path / "home", pool) as bench:
        yield bench
