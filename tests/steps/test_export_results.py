"""Results leave whole, under the right names, and each export leaves an event."""

import csv
import os
import stat
import zipfile
from pathlib import Path

import pymupdf
import pytest

from tests.steps.benches import list_copies, mark_exam
from viatique.db.audit import list_events
from viatique.errors import InvalidInput, NotReleased
from viatique.files import Kind, Store
from viatique.inline import run_finalize
from viatique.lifecycle import Action
from viatique.marking.results import Profile, ResultState
from viatique.models import ExamId, Sha256
from viatique.run import new_run
from viatique.steps.export_results import export_csv, export_pdfs, list_results
from viatique.steps.release_results import release_results
from viatique.steps.settle import confirm_identity
from viatique.workbench import Workbench


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    """Three finalized copies, the first given to the first student of the roster."""
    exam_id = mark_exam(bench, tmp_path, count=3)
    run_finalize(bench, exam_id)
    first = list_copies(bench, exam_id)[0]
    absent = [
        one.student
        for one in list_results(bench.database, exam_id)[0]
        if one.state is ResultState.ABSENT
    ]
    assert absent[0] is not None
    confirm_identity(bench.database, new_run("U1"), first.copy_id, absent[0].student_id)
    release_results(bench.database, new_run("U1"), exam_id, is_released=True)
    return exam_id


def exports(bench: Workbench, exam_id: ExamId) -> list[dict[str, object]]:
    with bench.database.transaction() as connection:
        events = list_events(connection, exam_id=exam_id, action=Action.EXPORT)
    return [event.details for event in events]


def test_the_csv_names_every_student_and_every_copy(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    path = tmp_path / "results.csv"
    results = export_csv(bench.database, new_run("U1"), exam_id, path, Profile.PLAIN)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) == len(results)
    assert [row["state"] for row in rows].count("graded") == 1
    assert [row["state"] for row in rows].count("no student") == 2
    assert {row["score"] for row in rows if row["copy"]} == {"15.5"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert exports(bench, exam_id) == [{"what": "csv plain", "lines": len(rows)}]


def test_the_zip_holds_each_final_pdf_under_its_students_name(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    path = tmp_path / "finals.zip"
    assert export_pdfs(bench.database, bench.store, new_run("U1"), exam_id, path) == 3
    student = next(
        one.student for one in list_results(bench.database, exam_id)[0] if one.student is not None
    )
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        with pymupdf.open(stream=archive.read(names[0])) as pdf:
            assert f"{exam_id}-0001" in pdf[0].get_text()
    assert names[0].endswith(f"_{exam_id}-0001.pdf")
    assert names[0].startswith(student.last_name[:1].upper())
    assert [name for name in names if name.startswith("sans-eleve/")] == [
        f"sans-eleve/{exam_id}-0002.pdf",
        f"sans-eleve/{exam_id}-0003.pdf",
    ]
    assert exports(bench, exam_id) == [{"what": "pdf", "lines": 3}]


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_left(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput):
        export_csv(bench.database, new_run("U1"), exam_id, tmp_path / "no" / "r.csv", Profile.PLAIN)
    assert exports(bench, exam_id) == []


def test_what_is_no_file_is_not_replaced_by_one(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    pipe, kept, link = tmp_path / "pipe", tmp_path / "kept.csv", tmp_path / "link.csv"
    os.mkfifo(pipe)
    link.symlink_to(kept)
    run = new_run("U1")
    with pytest.raises(InvalidInput):
        export_csv(bench.database, run, exam_id, pipe, Profile.PLAIN)
    assert pipe.is_fifo()
    export_csv(bench.database, run, exam_id, link, Profile.PLAIN)
    assert link.is_symlink()
    assert kept.read_bytes()


def test_the_event_is_there_before_a_file_with_names_is(
    bench: Workbench, exam_id: ExamId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    with pytest.raises(InvalidInput):
        export_csv(bench.database, new_run("U1"), exam_id, taken, Profile.PLAIN)
    assert [event["what"] for event in exports(bench, exam_id)] == ["csv plain"]
    assert list(tmp_path.glob(".taken*")) == [], "what was written on the way is removed"
    told: list[int] = []
    get = Store.get

    def counting(store: Store, sha256: Sha256, kind: Kind) -> bytes:
        told.append(len(exports(bench, exam_id)))
        return get(store, sha256, kind)

    monkeypatch.setattr(Store, "get", counting)
    export_pdfs(bench.database, bench.store, new_run("U1"), exam_id, tmp_path / "finals.zip")
    assert told == [2, 2, 2]


def test_nothing_leaves_before_the_release(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    run, path = new_run("U1"), tmp_path / "out"
    assert release_results(bench.database, run, exam_id, is_released=False)
    with pytest.raises(NotReleased):
        export_csv(bench.database, run, exam_id, path, Profile.PLAIN)
    with pytest.raises(NotReleased):
        export_pdfs(bench.database, bench.store, run, exam_id, path)
    assert not path.exists()
    assert exports(bench, exam_id) == []


def test_a_release_is_noted_once_with_what_it_lets_out(bench: Workbench, exam_id: ExamId) -> None:
    run = new_run("U1")
    assert not release_results(bench.database, run, exam_id, is_released=True)
    assert release_results(bench.database, run, exam_id, is_released=False)
    with bench.database.transaction() as connection:
        events = list_events(connection, exam_id=exam_id, action=Action.RELEASE)
    assert [event.details for event in events] == [
        {"released": False, "copies": 3, "graded": 3},
        {"released": True, "copies": 3, "graded": 3},
    ]
