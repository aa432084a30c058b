"""A student who is erased is nowhere any more; everybody else, and the trail, are whole."""

from pathlib import Path

import pymupdf
import pytest

from tests.privacy.searches import columns_with, files_with
from tests.steps.benches import (
    actions_of,
    complete_marks,
    count_rows,
    give_marks,
    import_exam,
    list_copies,
    stored_files,
    write_exam,
    write_scan,
)
from tests.steps.readings import identify_as
from viatique.db import erasure, sources
from viatique.db.claims import Stage, claim_subjects
from viatique.db.exams import list_students
from viatique.errors import Conflict, NotFound
from viatique.files import Kind
from viatique.inline import run_finalize, run_import, run_marks
from viatique.lifecycle import Action
from viatique.models import ExamId, StudentId
from viatique.roster import read_roster
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.steps.change_roster import change_roster
from viatique.steps.create_exam import create_exam
from viatique.steps.erase import (
    erase_exam,
    erase_student,
    find_erasable,
    finish_erasure,
    remove_doomed,
)
from viatique.steps.import_scan import receive_scan, unplanned_scans
from viatique.steps.maintain import Chore, run_chore
from viatique.steps.merge_copies import merge_copies
from viatique.steps.record_marks import receive_marks
from viatique.steps.seal_trail import seal_trail
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

LAST_NAME, FIRST_NAME = "Zorglubien", "Quibolinette"
NAMES = (LAST_NAME, FIRST_NAME)
ROSTER = f"INE;NOM;PRENOM\nS1;{LAST_NAME};{FIRST_NAME}\nS2;Beta;Bruno\nS3;Gamma;Carla\n"
S1 = StudentId("S1")


def _scan_with_names(folder: Path) -> Path:
    """Three copies of two pages; each page says whose it is."""
    path = folder / f"{LAST_NAME}.pdf"
    with pymupdf.open() as document:
        for who in (f"{FIRST_NAME} {LAST_NAME}", "Bruno Beta", "Carla Gamma"):
            for number in (1, 2):
                page = document.new_page(width=595, height=842)
                page.insert_text((72, 72), f"{who} page {number}")
                for y in range(100, 800, 10):
                    page.draw_line((72, y), (90 + y % 400, y + 7), width=3)
        document.set_metadata({"title": LAST_NAME})
        document.save(path)
    return path


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    """An exam of three copies, identified, marked, finalized and sealed, with files all over."""
    exam_id = create_exam(bench, write_exam(tmp_path, roster=ROSTER))
    inbox = bench.settings.home_path / "inbox" / exam_id
    inbox.mkdir(parents=True)
    _scan_with_names(inbox)
    run_import(bench, exam_id)
    first, second, third = (copy.copy_id for copy in list_copies(bench, exam_id))
    identify_as(
        bench,
        {first: (LAST_NAME, FIRST_NAME), second: ("Beta", "Bruno"), third: ("Gamma", "Carla")},
    )
    (marked, *others) = complete_marks([first, second, third])
    marked |= {"appreciation": f"{FIRST_NAME} {LAST_NAME}, bien."}
    give_marks(bench, exam_id, tmp_path, [marked, *others])
    run_finalize(bench, exam_id)
    checks = bench.settings.home_path / "checks"
    checks.mkdir()
    (checks / f"{exam_id}.png").write_bytes(LAST_NAME.encode())
    seal_trail(bench.database, seal_files_of(bench.settings))
    return exam_id


def _trail_is_sound(bench: Workbench) -> bool:
    return verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()


def _pages_of_scan(bench: Workbench, exam_id: ExamId) -> list[str]:
    with bench.database.transaction() as connection:
        (source,) = sources.list_sources(connection, exam_id)
    with pymupdf.open(stream=bench.store.get(source.sha256, Kind.SCAN)) as document:
        return [str(page.get_text()).strip() for page in document]


def _texts_with_names(bench: Workbench) -> set[str]:
    """Files of the home in which a name is found, also inside PDFs and compressed streams."""
    files = [path for path in bench.settings.home_path.rglob("*") if path.is_file()]
    found = files_with(files, NAMES)
    for path in files:
        if path.suffix == ".pdf" or ".pdf" in path.name:
            with pymupdf.open(path) as document:
                texts = [
                    *(str(page.get_text()) for page in document),
                    *(
                        (document.xref_stream(xref) or b"").decode("latin-1")
                        for xref in range(1, document.xref_length())
                        if document.xref_is_stream(xref)
                    ),
                    str(document.metadata),
                ]
            if any(name.lower() in text.lower() for name in NAMES for text in texts):
                found.add(str(path))
    return found


def test_erased_student_is_nowhere_and_the_trail_is_sound(
    bench: Workbench, exam_id: ExamId
) -> None:
    before = {copy.copy_id: copy for copy in list_copies(bench, exam_id)}
    kept_files = {name for name in stored_files(bench) if name.endswith(("copy.pdf", "final.pdf"))}
    assert len(_texts_with_names(bench)) > 3, "the search finds what is there"
    found = erase_student(bench, new_run("U1"), exam_id, S1)
    erasure.rewrite_tables(bench.database)
    (copy_id,) = found.copies
    assert columns_with(bench.database, NAMES) == set()
    assert _texts_with_names(bench) == set()
    assert _pages_of_scan(bench, exam_id) == [
        "", "", "Bruno Beta page 1", "Bruno Beta page 2", "Carla Gamma page 1",
        "Carla Gamma page 2",
    ]  # fmt: skip
    assert actions_of(bench, copy_id)[-1] is Action.ERASE
    assert _trail_is_sound(bench)
    after = {copy.copy_id: copy for copy in list_copies(bench, exam_id)}
    assert after == {key: copy for key, copy in before.items() if key != copy_id}
    left = {name for name in stored_files(bench) if name.endswith(("copy.pdf", "final.pdf"))}
    assert len(left) == 4
    assert left < kept_files
    assert seal_trail(bench.database, seal_files_of(bench.settings)) == 1
    assert _trail_is_sound(bench)


def test_erased_student_does_not_come_back_with_the_same_scan(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    received = bench.settings.home_path / "inbox" / exam_id / "received" / f"{LAST_NAME}.pdf"
    again = tmp_path / "again.pdf"
    again.write_bytes(received.read_bytes())
    erase_student(bench, new_run("U1"), exam_id, S1)
    assert not receive_scan(bench, exam_id, again)
    run_import(bench, exam_id)
    assert len(list_copies(bench, exam_id)) == 2


def test_erasing_twice_finds_nobody(bench: Workbench, exam_id: ExamId) -> None:
    erase_student(bench, new_run("U1"), exam_id, S1)
    rows = count_rows(bench)
    with pytest.raises(NotFound):
        erase_student(bench, new_run("U1"), exam_id, S1)
    assert count_rows(bench) == rows


def test_student_without_a_copy_leaves_one_event(bench: Workbench, tmp_path: Path) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path, roster=ROSTER))
    erase_student(bench, new_run("U1"), exam_id, S1)
    assert columns_with(bench.database, NAMES) == set()
    assert count_rows(bench)["audit_event"] == 2  # it was created, and S1 erased


def test_whole_exam_is_erased(bench: Workbench, exam_id: ExamId) -> None:
    names = (*NAMES, "Beta", "Gamma", "Carla")
    copies = [copy.copy_id for copy in list_copies(bench, exam_id)]
    assert erase_exam(bench, new_run(), exam_id) == 3
    assert list_copies(bench, exam_id) == ()
    assert stored_files(bench) == []
    assert columns_with(bench.database, names) == set()
    assert _texts_with_names(bench) == set()
    assert all(actions_of(bench, copy_id)[-1] is Action.ERASE for copy_id in copies)
    assert _trail_is_sound(bench)
    assert erase_exam(bench, new_run(), exam_id) == 0


def test_copy_that_is_worked_on_is_not_erased(bench: Workbench, exam_id: ExamId) -> None:
    (copy_id,) = find_erasable(bench, exam_id, S1).copies
    with bench.database.transaction() as connection:
        claim_subjects(
            connection, stage=Stage.FINALIZE, subjects=[copy_id], holder=bench.holder, run=new_run()
        )
    with pytest.raises(Conflict, match="worked on"):
        erase_student(bench, new_run(), exam_id, S1)
    with pytest.raises(Conflict, match="worked on"):
        erase_exam(bench, new_run(), exam_id)
    assert len(list_copies(bench, exam_id)) == 3


def test_exam_whose_scan_is_being_planned_is_not_erased(bench: Workbench, tmp_path: Path) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=2))
    (source_id,) = unplanned_scans(bench, exam_id)
    with bench.database.transaction() as connection:
        subjects = [str(source_id)]
        claim_subjects(
            connection, stage=Stage.PLAN, subjects=subjects, holder=bench.holder, run=new_run()
        )
    with pytest.raises(Conflict, match="worked on"):
        erase_exam(bench, new_run(), exam_id)
    assert unplanned_scans(bench, exam_id) == [source_id]


def test_scan_that_is_not_cut_to_the_end_is_left_alone(bench: Workbench, exam_id: ExamId) -> None:
    with bench.database.transaction() as connection:
        connection.execute(
            "UPDATE copy SET file_sha256 = NULL, status = 'STAGING' WHERE number = 3"
        )
    with pytest.raises(Conflict, match="cut"):
        erase_student(bench, new_run(), exam_id, S1)


def test_file_that_another_row_needs_is_spared(bench: Workbench, exam_id: ExamId) -> None:
    """Two copies of the same bytes share one file."""
    first, second, _ = list_copies(bench, exam_id)
    with bench.database.transaction() as connection:
        connection.execute(
            "UPDATE copy SET file_sha256 = %(sha)s WHERE copy_id = %(copy)s",
            {"sha": first.file_sha256, "copy": second.copy_id},
        )
    erase_student(bench, new_run(), exam_id, S1)
    assert first.file_sha256
    assert bench.store.get(first.file_sha256, Kind.COPY)


def test_files_a_crash_left_are_removed_later(
    bench: Workbench, exam_id: ExamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(bench.store), "remove", crash)
        with pytest.raises(KeyboardInterrupt):
            erase_student(bench, new_run(), exam_id, S1)
    left = _texts_with_names(bench)
    assert left
    assert all("store" in path for path in left), "nobody would look beside it later"
    assert remove_doomed(bench) == 5  # scan, copy, reading, marks, final PDF
    assert remove_doomed(bench) == 0
    assert not any("store" in path for path in _texts_with_names(bench))


def test_an_erasure_that_was_killed_is_finished(bench: Workbench, exam_id: ExamId) -> None:
    assert not finish_erasure(bench, exam_id, S1), "nobody was erased yet"
    erase_student(bench, new_run(), exam_id, S1)
    before = _table_file(bench)
    assert finish_erasure(bench, exam_id, S1)
    run_chore(bench, new_run(), Chore.RETENTION)
    written = _table_file(bench)
    assert written != before, "what was killed before it wrote the tables anew is done at night"
    run_chore(bench, new_run(), Chore.RETENTION)
    assert _table_file(bench) == written


def test_an_exam_erased_again_leaves_no_other_event(bench: Workbench, exam_id: ExamId) -> None:
    erase_exam(bench, new_run(), exam_id)
    before = count_rows(bench)
    erase_exam(bench, new_run(), exam_id)
    assert count_rows(bench) == before


def _table_file(bench: Workbench) -> int:
    with bench.database.transaction() as connection:
        row = connection.execute("SELECT pg_relation_filenode('student') AS node").fetchone()
    assert row is not None
    node: int = row["node"]
    return node


def test_marks_files_of_others_are_kept(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = (copy.copy_id for copy in list_copies(bench, exam_id))
    identify_as(bench, {first: ("Alpha", "Anne"), second: ("Beta", "Bruno")})
    path = tmp_path / "marks.csv"
    kept = []
    for copy_id in (first, second):
        path.write_text(f"copy,question,points\n{copy_id},1,2\n", "utf-8")
        kept.append(receive_marks(bench, exam_id, path))
    erase_student(bench, new_run(), exam_id, S1)
    assert [name for name in stored_files(bench) if name.endswith("marks")] == [f"{kept[1]}.marks"]


def test_marks_files_of_a_merged_copy_and_in_any_encoding_go(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    first, second, third = (copy.copy_id for copy in list_copies(bench, exam_id))
    path = tmp_path / "marks.csv"
    for copy_id, question in ((first, "1"), (third, "2"), (second, "1")):
        text = f"copy\tquestion\tpoints\n{copy_id}\t{question}\t1\n"
        path.write_text(text, "utf-16")
        kept = receive_marks(bench, exam_id, path)
        run_marks(bench, exam_id, kept)
    merge_copies(bench.database, bench.store, new_run("U1"), first, third, student_id=S1)
    assert len(erase_student(bench, new_run("U1"), exam_id, S1).marks_files) == 2
    assert [name for name in stored_files(bench) if name.endswith("marks")] == [f"{kept}.marks"]


def test_every_stored_file_is_known_to_the_view(bench: Workbench) -> None:
    """A column that names a file and is not in ``stored_file`` would lose it as an orphan."""
    others = {
        ("session", "token_sha256"),
        ("service_token", "token_sha256"),
        ("doomed_file", "sha256"),
        ("stored_file", "sha256"),
    }
    with bench.database.transaction() as connection:
        columns = connection.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name LIKE '%sha256%'
            """
        ).fetchall()
        used = connection.execute(
            """
            SELECT table_name, column_name FROM information_schema.view_column_usage
            WHERE view_name = 'stored_file'
            """
        ).fetchall()
    known = {(row["table_name"], row["column_name"]) for row in used} | others
    assert {(row["table_name"], row["column_name"]) for row in columns} <= known


def test_who_was_erased_does_not_come_back_with_an_old_roster(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    erase_student(bench, new_run("U1"), exam_id, S1)
    old = read_roster(f"{ROSTER}S4;Delta;Dora\n".encode())
    change = change_roster(bench.database, new_run("U1"), exam_id, old)
    assert change.erased == (S1,)
    assert students_of(bench, exam_id) == ["S2", "S3", "S4"]
    assert columns_with(bench.database, NAMES) == set()
    next_exam = create_exam(bench, write_exam(tmp_path / "next", roster=ROSTER))
    assert students_of(bench, next_exam) == ["S1", "S2", "S3"], "who sits another exam sits it"
    change_roster(bench.database, new_run("U1"), exam_id, old, are_erased_taken=True)
    assert students_of(bench, exam_id) == ["S1", "S2", "S3", "S4"]
    assert _trail_is_sound(bench)


def test_an_exam_that_was_erased_takes_nobody_by_mistake(bench: Workbench, exam_id: ExamId) -> None:
    erase_exam(bench, new_run("U1"), exam_id)
    old = read_roster(ROSTER.encode())
    with pytest.raises(Conflict, match="Everybody was erased"):
        change_roster(bench.database, new_run("U1"), exam_id, old)
    assert students_of(bench, exam_id) == []
    change_roster(bench.database, new_run("U1"), exam_id, old, are_erased_taken=True)
    assert students_of(bench, exam_id) == ["S1", "S2", "S3"]


def students_of(bench: Workbench, exam_id: ExamId) -> list[str]:
    with bench.database.transaction() as connection:
        return sorted(student.student_id for student in list_students(connection, exam_id))
