"""Two operators start the same flow at once: it ends as one would, each change made once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from tests.faults import readers
from tests.faults.outcomes import assert_nothing_is_left, outcome_of
from tests.faults.test_postgres_gone import FLOWS, begun
from tests.operations.monitoring import wait_until
from tests.steps.benches import bench_on, with_settings
from viatique.db.claims import Stage, claim_subjects, claiming, list_unread
from viatique.db.pool import Database
from viatique.models import ExamId
from viatique.run import new_run
from viatique.steps import read_headers
from viatique.steps.sharing import others_at_work
from viatique.workbench import Workbench
from viatique.workers import WorkerPool


@pytest.fixture
def second(database_dsn: str, pool: WorkerPool, tmp_path: Path) -> Iterator[Workbench]:
    """Another process's workbench on the same exam: its own connections and claims."""
    database = Database(database_dsn).open()
    with bench_on(database, tmp_path / "home", pool) as bench:
        yield with_settings(bench, chunk_size=1)
    database.close()


@pytest.mark.parametrize("name", FLOWS)
def test_each_change_is_made_once(
    bench: Workbench,
    second: Workbench,
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_headers, "read_copy_header", readers.read)
    flow = FLOWS[name]
    alone = begun(bench, tmp_path, name)
    flow(bench, alone)
    for _ in range(3):
        exam_id = begun(bench, tmp_path, name)
        assert at_once(flow, exam_id, with_settings(bench, chunk_size=1), second) == []
        assert outcome_of(bench, exam_id) == outcome_of(bench, alone)
        assert_nothing_is_left(bench)


def test_a_claim_that_is_just_being_made_is_seen(
    bench: Workbench, second: Workbench, tmp_path: Path
) -> None:
    exam_id = begun(bench, tmp_path, "identify")
    seen: list[bool] = []
    asking = Thread(target=lambda: seen.append(others_at_work(second, exam_id, Stage.READ)))
    with claiming(bench.database, bench.holder) as connection:
        found = list_unread(connection, exam_id, limit=1)
        claim_subjects(
            connection, stage=Stage.READ, subjects=found, holder=bench.holder, run=new_run()
        )
        asking.start()
        wait_until(lambda: seen or _is_waited_for(bench.database))
    asking.join()
    assert seen == [True]


def _is_waited_for(database: Database) -> bool:
    with database.transaction() as connection:
        return bool(connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall())


def at_once(
    flow: Callable[[Workbench, ExamId], object], exam_id: ExamId, *benches: Workbench
) -> list[Exception]:
    """Runs a flow on each workbench at the same moment; returns what they ended in badly."""
    start, errors = Barrier(len(benches)), []

    def run(bench: Workbench) -> None:
        start.wait()
        try:
            flow(bench, exam_id)
        except Exception as error:  # noqa: BLE001  # told by the test
            errors.append(error)

    threads = [Thread(target=run, args=(bench,)) for bench in benches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
