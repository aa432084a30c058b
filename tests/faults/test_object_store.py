"""A real S3 that is slow, cuts bodies off and says 503: nothing half stored, all done at last."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import s3fs

from tests.faults import readers
from tests.faults.bad_store import BadStore, Fault, before
from tests.faults.outcomes import Outcome, outcome_of
from tests.faults.test_postgres_gone import FLOWS, begun
from tests.scale.object_store import object_store
from tests.steps.benches import bench_on, count_rows, write_exam, write_scan
from viatique import inline
from viatique.db.pool import Database
from viatique.errors import StoreUnavailable, TransientError
from viatique.files import Kind, Store
from viatique.inline import run_import, run_maintenance
from viatique.models import ExamId
from viatique.seal_files import seal_files_of
from viatique.steps import read_headers
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.steps.maintain import Chore
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench
from viatique.workers import WorkerPool, worker_pool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BUCKET = "viatique"
SHARE = 0.3
AGAIN = 5
"""How often the same command is given at most."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadStore]:
    """Swift's S3 behind a proxy; this process, and those it starts, use no other."""
    with (
        object_store(tmp_path_factory.mktemp("swift")) as swift,
        before(swift.endpoint, seed=1) as store,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in swift.environment().items():
            environment.setenv(name, value)
        environment.setenv("AWS_ENDPOINT_URL", store.endpoint)
        # less patience: a person would have more, the test would only last longer
        environment.setenv("AWS_MAX_ATTEMPTS", "2")
        environment.setattr(s3fs.S3FileSystem, "retries", 2)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir(BUCKET)
        yield store
        s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="module")
def s3_pool(store: BadStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    assert store
    folder = tmp_path_factory.mktemp("worker-logs")
    with worker_pool(2, log_folder=folder, log_format="json") as pool:
        yield pool


@pytest.fixture
def bench(
    store: BadStore,
    database: Database,
    s3_pool: WorkerPool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Workbench]:
    monkeypatch.setattr(inline, "PAUSE_S", 0.01)
    monkeypatch.setattr(read_headers, "read_copy_header", readers.read)
    with bench_on(database, tmp_path / "home", s3_pool) as bench:
        yield replace(bench, store=Store(f"s3://{BUCKET}/{tmp_path.name}"))
    store.share = 0.0


def is_whole(bench: Workbench) -> bool:
    """Every object has the bytes of its name, and the trail tells what the tables hold."""
    for name, _ in bench.store.list_names():
        sha256, _, kind = name.rpartition("/")[2].partition(".")
        bench.store.get(sha256, Kind(kind))  # type: ignore[arg-type]
    return verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()


def tried_once(bench: Workbench, exam_id: ExamId) -> list[Outcome]:
    """The outcome without attempts that failed; of two that succeeded the trail would tell."""
    return [(*rest, tuple(dict.fromkeys(actions))) for *rest, actions in outcome_of(bench, exam_id)]


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_ends_as_on_a_good_line(
    bench: Workbench, store: BadStore, tmp_path: Path, name: str
) -> None:
    alone = begun(bench, tmp_path, name)
    FLOWS[name](bench, alone)
    exam_id = begun(bench, tmp_path, name)
    store.struck.clear()
    store.share = SHARE
    for _ in range(AGAIN):
        try:
            FLOWS[name](bench, exam_id)
        except TransientError:
            continue
        break
    store.share = 0.0
    FLOWS[name](bench, exam_id)
    assert store.struck.total() > 0
    assert tried_once(bench, exam_id) == tried_once(bench, alone)
    assert is_whole(bench)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.UNHEARD, Fault.UNAVAILABLE])
def test_a_store_that_takes_nothing_is_told_and_nothing_is_half_there(
    bench: Workbench, store: BadStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path / "exam"))
    scan = write_scan(tmp_path, pages=4)
    before_it = count_rows(bench)
    store.share = 1.0
    monkeypatch.setattr(store, "fault", lambda *may: fault if fault in may else None)
    with pytest.raises(StoreUnavailable, match=r"space, rights and network, then run again"):
        receive_scan(bench, exam_id, scan)
    monkeypatch.undo()
    store.share = 0.0
    assert count_rows(bench) == before_it
    assert is_whole(bench)
    assert receive_scan(bench, exam_id, scan)


def test_chores_are_told_as_well(
    bench: Workbench, store: BadStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_import(bench, begun(bench, tmp_path, "import"))
    monkeypatch.setattr(store, "fault", lambda *_may: Fault.UNAVAILABLE)
    for chore in (Chore.ORPHANS, Chore.SCRUB):
        with pytest.raises(StoreUnavailable, match="run again"):
            run_maintenance(bench, [chore], is_whole=True)
    monkeypatch.undo()
    run_maintenance(bench, [Chore.ORPHANS, Chore.SCRUB], is_whole=True)
