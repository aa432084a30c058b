"""A workbench of a test's own, and somebody who works on it with commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import url_of
from tests.operations.playbook import Operator
from tests.steps.benches import bench_on
from viatique.db.pool import Database
from viatique.workbench import Workbench
from viatique.workers import WorkerPool, worker_pool


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    folder = tmp_path_factory.mktemp("worker-logs")
    with worker_pool(1, log_folder=folder, log_format="json") as pool:
        yield pool


@pytest.fixture
def bench(database: Database, pool: WorkerPool, tmp_path: Path) -> Iterator[Workbench]:
    with bench_on(database, tmp_path / "home", pool) as bench:
        yield bench


@pytest.fixture
def operator(bench: Workbench) -> Operator:
    return Operator(
        {
            "VIATIQUE_HOME": str(bench.settings.home_path),
            "DATABASE_URL": url_of(bench.database.dsn),
            "VIATIQUE_PROCESSES": "1",
            "VIATIQUE_LANGUAGE": "en",
            "COLUMNS": "200",
        }
    )
