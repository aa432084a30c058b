"""The disk of ``audit.log`` is full: that is said, and every event is a line when it has room."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.db.stored import store_copies, store_exam
from tests.faults.disks import Disk, small_disk
from tests.steps.benches import bench_on, silence_logs
from tests.steps.test_log_trail import stored_ids
from viatique import diagnosis, logs
from viatique.db.pool import Database
from viatique.errors import StoreUnavailable
from viatique.exporter import domain_collector
from viatique.inline import run_maintenance
from viatique.steps.doctor import examine
from viatique.steps.log_trail import LOG, log_trail
from viatique.steps.maintain import Chore
from viatique.workbench import Workbench
from viatique.workers import WorkerPool

FULL = pytest.raises(StoreUnavailable, match=r"ENOSPC.*maintain --only log")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Holds the logs, and nothing else."""
    with small_disk(tmp_path / "home" / "logs") as disk:
        yield disk


@pytest.fixture
def bench(disk: Disk, database: Database, pool: WorkerPool, tmp_path: Path) -> Iterator[Workbench]:
    with bench_on(database, tmp_path / "home", pool) as bench:
        logs.configure_logging(disk.folder, "json")
        yield bench
    silence_logs()


def age_s(bench: Workbench) -> float:
    families = {family.name: family for family in domain_collector(bench).collect()}
    value: float = families["grading_audit_log_age_seconds"].samples[0].value
    return value


def codes(bench: Workbench) -> list[str]:
    found = examine(bench, prefect_api_url=lambda: None, patience_s=300)
    return [finding.code for finding in found if finding.code != "disk_full"]


def written(disk: Disk) -> set[object]:
    """Events with a line; one that the full disk cut off is none."""
    lines = (disk.folder / LOG).read_text("utf-8").splitlines()
    whole = [json.loads(line) for line in lines if line.endswith("}")]
    return {line["event_id"] for line in whole if line["message"] == "audit_event"}


@pytest.mark.parametrize("has_begun", [False, True], ids=["new log", "log with lines"])
def test_no_event_is_lost_by_a_full_disk(
    bench: Workbench, disk: Disk, monkeypatch: pytest.MonkeyPatch, *, has_begun: bool
) -> None:
    exam_id = store_exam(bench.database)
    if has_begun:
        log_trail(bench.database, disk.folder)
    store_copies(bench.database, exam_id, 40)
    disk.fill()
    with FULL:
        log_trail(bench.database, disk.folder)
    with FULL:
        run_maintenance(bench, [Chore.LOG], is_whole=False)
    assert age_s(bench) > 0
    assert codes(bench) == []
    monkeypatch.setattr(diagnosis, "LOG_AGE_S", 0.0)
    assert codes(bench) == ["log_behind"]
    disk.mend()
    log_trail(bench.database, disk.folder)
    assert written(disk) == set(stored_ids(bench.database))
    assert age_s(bench) == 0
    assert codes(bench) == []


def test_a_line_that_was_cut_off_spoils_no_other(bench: Workbench, disk: Disk) -> None:
    exam_id = store_exam(bench.database)
    log_trail(bench.database, disk.folder)
    store_copies(bench.database, exam_id, 40)
    disk.fill()
    disk.leave(2 * 4096)
    with FULL:
        log_trail(bench.database, disk.folder)
    assert not (disk.folder / LOG).read_bytes().endswith(b"\n"), "the disk filled within a line"
    disk.mend()
    log_trail(bench.database, disk.folder)
    lines = (disk.folder / LOG).read_text("utf-8").splitlines()
    assert len([line for line in lines if not line.endswith("}")]) == 1
    assert written(disk) == set(stored_ids(bench.database))


def test_what_else_is_told_there_fails_nothing(bench: Workbench, disk: Disk) -> None:
    disk.fill()
    for _ in range(100):
        logging.getLogger("audit").info("signed_in")
    disk.mend()
    logging.getLogger("audit").info("signed_in")
    assert "signed_in" in (disk.folder / LOG).read_text("utf-8")
