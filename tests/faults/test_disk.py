"""The disk is full or read-only in the middle of work: told as that, nothing half, then done."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Command
from tests.faults.disks import Disk, small_disk
from tests.faults.outcomes import assert_nothing_is_left, outcome_of
from tests.steps.benches import (
    actions_of,
    bench_on,
    count_rows,
    import_exam,
    list_copies,
    mark_exam,
    stored_files,
    write_exam,
    write_scan,
)
from viatique import inline
from viatique.db.pool import Database
from viatique.errors import ServiceUnavailable, StoreUnavailable
from viatique.inline import run_finalize, run_import
from viatique.lifecycle import Action, CopyStatus
from viatique.steps.backup import back_up, check_backup
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.steps.report import count_failures
from viatique.workbench import Workbench
from viatique.workers import WorkerPool

Break = Callable[[Disk], None]
BREAKS = pytest.mark.parametrize("breaks", [Disk.fill, Disk.refuse], ids=["full", "read-only"])
CODES = {Disk.fill: "ENOSPC", Disk.refuse: "EROFS"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Holds the store of the workbench, and nothing else."""
    with small_disk(tmp_path / "home" / "store") as disk:
        yield disk


@pytest.fixture
def bench(
    disk: Disk,
    database: Database,
    pool: WorkerPool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Workbench]:
    monkeypatch.setattr(inline, "PAUSE_S", 0.01)
    with bench_on(database, tmp_path / "home", pool) as bench:
        yield bench


def statuses(bench: Workbench, exam_id: str) -> set[CopyStatus]:
    return {copy.status for copy in list_copies(bench, exam_id)}  # type: ignore[arg-type]


@BREAKS
def test_a_scan_that_cannot_be_stored_is_not_half_there(
    bench: Workbench, disk: Disk, tmp_path: Path, breaks: Break
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path / "exam"))
    scan = write_scan(tmp_path, pages=4)
    before = count_rows(bench)
    breaks(disk)
    with pytest.raises(StoreUnavailable, match=f"{CODES[breaks]}.* then run again"):
        receive_scan(bench, exam_id, scan)
    assert count_rows(bench) == before
    assert set(stored_files(bench)) <= {"ballast"}
    disk.mend()
    assert receive_scan(bench, exam_id, scan)
    run_import(bench, exam_id)
    assert statuses(bench, exam_id) == {CopyStatus.READY}
    assert_nothing_is_left(bench)


@BREAKS
def test_copies_that_cannot_be_stored_are_cut_by_the_next_run(
    bench: Workbench, disk: Disk, tmp_path: Path, breaks: Break
) -> None:
    sound = import_exam(bench, tmp_path, count=3)
    exam_id = create_exam(bench, write_exam(tmp_path / "exam"))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=6, height=841))
    breaks(disk)
    run = run_import(bench, exam_id)
    assert statuses(bench, exam_id) == {CopyStatus.STAGING}
    assert {copy.error_code for copy in list_copies(bench, exam_id)} == {"store_unavailable"}
    assert count_failures(bench.database, exam_id, run) == 3
    disk.mend()
    run_import(bench, exam_id)
    assert [row[-1] for row in outcome_of(bench, exam_id)] == [
        row[-1] for row in outcome_of(bench, sound)
    ]
    assert_nothing_is_left(bench)


def test_a_disk_that_fills_up_keeps_what_was_done_before(
    bench: Workbench, disk: Disk, tmp_path: Path
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path / "exam"))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=12))
    sizes = [len(path.read_bytes()) for path in disk.folder.rglob("*.pdf")]
    disk.fill()
    disk.leave(max(sizes) // 2)
    run_import(bench, exam_id)
    done = [copy for copy in list_copies(bench, exam_id) if copy.file_sha256]
    assert 0 < len(done) < 6
    disk.mend()
    run_import(bench, exam_id)
    assert statuses(bench, exam_id) == {CopyStatus.READY}
    assert all(
        actions_of(bench, copy.copy_id) == [Action.IMPORT, Action.VALIDATE]
        for copy in list_copies(bench, exam_id)
    )
    assert_nothing_is_left(bench)


@BREAKS
def test_final_pdfs_that_cannot_be_stored_are_made_by_the_next_run(
    bench: Workbench, disk: Disk, tmp_path: Path, breaks: Break
) -> None:
    exam_id = mark_exam(bench, tmp_path)
    breaks(disk)
    run = run_finalize(bench, exam_id)
    assert statuses(bench, exam_id) == {CopyStatus.GRADING_FAILED}
    assert count_failures(bench.database, exam_id, run) == 2
    disk.mend()
    run_finalize(bench, exam_id)
    assert statuses(bench, exam_id) == {CopyStatus.GRADED}
    assert_nothing_is_left(bench)


def test_a_backup_that_finds_no_room_leaves_nothing_and_may_have_the_same_name(
    bench: Workbench, tmp_path: Path
) -> None:
    mark_exam(bench, tmp_path)
    with small_disk(tmp_path / "other") as other:
        folder = other.folder / "backup"
        other.fill()
        for room in (0, 32 << 10, 64 << 10):  # for nothing, for less than the dump, for the dump
            other.leave(room)
            with pytest.raises((StoreUnavailable, ServiceUnavailable), match=r"\broom\b"):
                back_up(bench, folder)
            assert [path.name for path in other.folder.iterdir()] == ["ballast"]
        other.mend()
        back_up(bench, folder)
        assert check_backup(folder).files > 2


def test_the_command_ends_with_3_and_says_what_to_do(
    disk: Disk, viatique: Command, tmp_path: Path
) -> None:
    exam = viatique("exam", "create", write_exam(tmp_path / "exam")).out.strip()
    scan = write_scan(tmp_path, pages=4)
    disk.fill()
    said = viatique("import", exam, scan, "--inline", code=3).err
    assert "ENOSPC" in said
    assert "run again" in said
    disk.mend()
    viatique("import", exam, scan, "--inline")
    assert len(viatique("copies", exam, "--json").lines) == 2
