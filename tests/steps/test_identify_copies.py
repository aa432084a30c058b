"""Headers are read once and decided together; one that cannot be read waits for a person."""

from pathlib import Path

from tests.steps.benches import (
    actions_of,
    copy_file,
    count_rows,
    import_exam,
    list_copies,
    log_lines,
    with_settings,
    write_scan,
)
from tests.steps.readings import give_readings, identify_as
from viatique.db.identities import list_evidence
from viatique.inline import run_identify, run_import
from viatique.lifecycle import Action
from viatique.models import ExamId, IdentityState, StudentId
from viatique.run import new_run
from viatique.steps.import_scan import receive_scan
from viatique.steps.read_headers import count_unread, read_chunk
from viatique.steps.report import report_exam
from viatique.workbench import Workbench

AUTO, REVIEW = IdentityState.AUTO, IdentityState.REVIEW


def _identities(bench: Workbench, exam_id: ExamId) -> list[tuple[IdentityState, str | None]]:
    return [(copy.identity, copy.student_id) for copy in list_copies(bench, exam_id)]


def test_copies_are_decided_together_with_their_reasons(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    first, second, third = (copy.copy_id for copy in list_copies(bench, exam_id))
    identify_as(
        bench, {first: ("Beta", "Bruno"), second: ("Alpha", "Anne"), third: ("Zwickel", "Otto")}
    )
    assert _identities(bench, exam_id) == [(AUTO, "S2"), (AUTO, "S1"), (REVIEW, None)]
    with bench.database.transaction() as connection:
        evidence = list_evidence(connection, exam_id)
    assert evidence[third].reasons
    assert evidence[first].candidates[0].student_id == StudentId("S2")
    assert [problem.copy_id for problem in report_exam(bench.database, exam_id).in_review] == [
        third
    ]


def test_another_exams_roster_is_said_not_one_stranger(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=4)
    first, *others = (copy.copy_id for copy in list_copies(bench, exam_id))
    strangers = dict.fromkeys(others, ("Zwickel", "Otto"))
    identify_as(bench, {first: ("Alpha", "Anne"), others[0]: strangers[others[0]]})
    assert report_exam(bench.database, exam_id).strangers == 0
    identify_as(bench, strangers)
    assert report_exam(bench.database, exam_id).strangers == 3


def test_deciding_again_from_the_same_readings_changes_nothing(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = (copy.copy_id for copy in list_copies(bench, exam_id))
    identify_as(bench, {first: ("Alpha", "Anne"), second: ("", "")})
    before = count_rows(bench)
    run_identify(bench, exam_id)
    assert count_rows(bench) == before


def test_later_scan_may_change_who_wrote_an_automatic_copy(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    first = list_copies(bench, exam_id)[0].copy_id
    identify_as(bench, {first: ("Alpha", "Anne")})
    assert _identities(bench, exam_id) == [(AUTO, "S1")]
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=2, name="2.pdf", height=843))
    run_import(bench, exam_id)
    identify_as(bench, {list_copies(bench, exam_id)[1].copy_id: ("Alpha", "Anne")})
    assert _identities(bench, exam_id) == [(REVIEW, None), (REVIEW, None)]
    assert actions_of(bench, first).count(Action.IDENTIFY) == 2


def test_header_that_cannot_be_read_goes_to_review_and_holds_up_no_other(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    damaged, sound = list_copies(bench, exam_id)
    give_readings(bench, {sound.copy_id: ("Beta", "Bruno")})
    copy_file(bench, damaged).write_bytes(b"")
    run_identify(bench, exam_id)
    assert _identities(bench, exam_id) == [(REVIEW, None), (AUTO, "S2")]
    (line,) = log_lines(bench, "header_unreadable")
    assert (line["copy_id"], line["error_type"]) == (damaged.copy_id, "StoredFileCorrupt")
    with bench.database.transaction() as connection:
        rows = connection.execute(
            "SELECT labels FROM observation WHERE metric = 'grading_ocr_errors_total'"
        ).fetchall()
    assert [row["labels"] for row in rows] == [{"error_type": "invalid_pdf"}]
    assert count_rows(bench)["claim"] == 0


def test_headers_that_were_read_are_not_read_again(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    first, second, third = list_copies(bench, exam_id)
    give_readings(bench, {first.copy_id: ("", "")})
    for copy in (second, third):
        copy_file(bench, copy).write_bytes(b"")
    assert count_unread(bench, exam_id) == 2
    one_by_one = with_settings(bench, chunk_size=1)
    claimed = [read_chunk(one_by_one, new_run(), exam_id).claimed for _ in range(3)]
    assert claimed == [1, 1, 0]
