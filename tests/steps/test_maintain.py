"""Chores do what they say, as often as they are run, and leave alone what is needed."""

import os
import time
from pathlib import Path

import pytest

from tests.steps.benches import (
    count_rows,
    import_exam,
    list_copies,
    log_lines,
    mark_exam,
    stored_files,
    with_settings,
)
from viatique.db import housekeeping
from viatique.db.claims import Stage, claim_subjects, holding
from viatique.db.copies import Copy
from viatique.errors import TrailBroken
from viatique.files import Kind
from viatique.inline import run_finalize, run_maintenance
from viatique.models import Sha256, StudentId
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.steps.erase import erase_student
from viatique.steps.maintain import ORPHAN_AGE_S, Chore, ChoreOutcome, run_chore
from viatique.steps.settle import confirm_identity
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench


def _do(bench: Workbench, chore: Chore) -> int:
    return run_chore(bench, new_run(), chore).done


def _age(bench: Workbench, seconds: float) -> None:
    """All files of the store were written that long ago."""
    then = time.time() - seconds
    for path in Path(bench.store.url).rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def test_all_chores_on_a_whole_exam_break_nothing(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path)
    run_finalize(bench, exam_id)
    _age(bench, 2 * ORPHAN_AGE_S)
    files, rows = stored_files(bench), count_rows(bench)
    for _ in range(2):
        outcomes = run_maintenance(bench, tuple(Chore), is_whole=True)
        assert [one.chore for one in outcomes] == list(Chore)
        assert not any(one.problems for one in outcomes)
    assert stored_files(bench) == files
    assert count_rows(bench) == rows
    found = verify_audit(bench.database, seal_files_of(bench.settings))
    assert (found.unsealed, found.findings) == (0, ())


def test_orphans_go_when_they_are_a_day_old(bench: Workbench, tmp_path: Path) -> None:
    import_exam(bench, tmp_path)
    needed = stored_files(bench)
    sha256 = bench.store.put(b"nobody's", Kind.FINAL)
    half_written = Path(bench.store.url) / "ab" / ".writing-xyz"
    half_written.parent.mkdir(exist_ok=True)
    half_written.write_bytes(b"cut off")
    assert _do(bench, Chore.ORPHANS) == 0
    _age(bench, ORPHAN_AGE_S + 60)
    # stored again, so that a row may be about to point to it
    bench.store.put(b"nobody's", Kind.FINAL)
    assert _do(bench, Chore.ORPHANS) == 1
    assert bench.store.get(sha256, Kind.FINAL)
    _age(bench, ORPHAN_AGE_S + 60)
    assert _do(bench, Chore.ORPHANS) == 1
    assert stored_files(bench) == needed


def test_files_on_their_way_in_or_out_that_a_crash_left_go(bench: Workbench) -> None:
    folder = bench.passing_folder()
    for name, age in (("old", ORPHAN_AGE_S + 60), ("new", 0)):
        (folder / name).mkdir()
        (folder / name / "scan.pdf").touch()
        (folder / f"{name}.jsonl").touch()
        for path in (folder / name, folder / f"{name}.jsonl"):
            os.utime(path, (time.time() - age, time.time() - age))
    assert _do(bench, Chore.ORPHANS) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["new", "new.jsonl"]


def test_claims_of_the_dead_go_and_those_of_the_living_stay(bench: Workbench) -> None:
    def claim(holder: object, subject: str) -> None:
        with bench.database.transaction() as connection:
            claim_subjects(
                connection,
                stage=Stage.READ,
                subjects=[subject],
                holder=holder,  # type: ignore[arg-type]
                run=new_run(),
            )

    with holding(bench.database, lease_s=600) as dying:
        claim(dying, "E-0001")
    claim(bench.holder, "E-0002")
    assert _do(bench, Chore.CLAIMS) == 1
    assert count_rows(bench)["claim"] == 1


def _break(bench: Workbench, copy: Copy) -> Sha256:
    sha256 = copy.file_sha256
    assert sha256
    Path(bench.store.path(sha256, Kind.COPY)).write_bytes(b"rotten")
    return sha256


def test_scrub_cuts_copies_again_that_rot_or_are_gone(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    first, second, third = list_copies(bench, exam_id)
    confirm_identity(bench.database, new_run(), third.copy_id, StudentId("S3"))
    for is_blanked in (False, True):  # the pages of somebody who was erased, in the same scan
        if is_blanked:
            erase_student(bench, new_run(), exam_id, StudentId("S3"))
        before, rotten = count_rows(bench), _break(bench, first)
        assert second.file_sha256
        bench.store.remove(second.file_sha256, Kind.COPY)
        found = run_chore(bench, new_run(), Chore.SCRUB, is_whole=True)
        assert found.problems == 0
        assert bench.store.get(rotten, Kind.COPY)
        assert bench.store.get(second.file_sha256, Kind.COPY)
        assert count_rows(bench) == before
    mended = {line["sha256"] for line in log_lines(bench, "stored_file_mended")}
    assert mended == {rotten, second.file_sha256}


def test_scrub_names_the_files_that_rot_or_are_gone(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = list_copies(bench, exam_id)
    with bench.database.transaction() as connection:
        (scan,) = [
            sha256
            for sha256, kind in housekeeping.iterate_stored_files(connection)
            if kind is Kind.SCAN
        ]
    bench.store.remove(scan, Kind.SCAN)
    rotten = _break(bench, first)
    assert second.file_sha256
    bench.store.remove(second.file_sha256, Kind.COPY)
    found = run_chore(bench, new_run(), Chore.SCRUB, is_whole=True)
    assert found == ChoreOutcome(chore=Chore.SCRUB, done=3, problems=3)
    named = {line["sha256"] for line in log_lines(bench, "stored_file_corrupt")}
    assert named == {rotten, second.file_sha256, scan}


def test_scrub_reads_a_part_each_night_and_all_in_time(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_exam(bench, tmp_path)
    parts = []
    for night in "0123456789abcdef":
        monkeypatch.setattr("viatique.steps.maintain._slice_of_tonight", lambda night=night: night)
        parts.append(_do(bench, Chore.SCRUB))
    assert sum(parts) == 3


def test_retention_erases_exams_that_are_over(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path)
    assert _do(bench, Chore.RETENTION) == 0
    keeping = with_settings(bench, retention_days=30)
    with bench.database.transaction() as connection:
        connection.execute("UPDATE exam SET created_at = now() - interval '40 days'")
    # its date, in the year 2027, is still to come
    assert _do(keeping, Chore.RETENTION) == 0
    with bench.database.transaction() as connection:
        connection.execute("UPDATE exam SET exam_date = now() - interval '31 days'")
    assert _do(keeping, Chore.RETENTION) == 1
    assert list_copies(bench, exam_id) == ()
    assert stored_files(bench) == []
    assert _do(keeping, Chore.RETENTION) == 0
    assert verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()


def test_chore_that_fails_holds_up_no_other(bench: Workbench, tmp_path: Path) -> None:
    import_exam(bench, tmp_path)
    _do(bench, Chore.SEAL)
    (seal_files_of(bench.settings).folder / "private.key").unlink()
    with pytest.raises(TrailBroken):
        run_maintenance(bench, (Chore.SEAL, Chore.STATISTICS), is_whole=False)
    assert [line["chore"] for line in log_lines(bench, "chore_failed")] == ["seal"]
    assert log_lines(bench, "chore_done")[-1]["chore"] == "statistics"
