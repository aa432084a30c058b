"""Complete marks become a final PDF that shows them; what fails leaves its trace, to be mended."""

from decimal import Decimal
from pathlib import Path

import pymupdf
import pytest

from tests.factories import make_exam
from tests.steps.benches import (
    APPRECIATION,
    COMMENT,
    REMARK,
    Tally,
    actions_of,
    complete_marks,
    copy_file,
    count_rows,
    events_of,
    give_marks,
    import_exam,
    list_copies,
    log_lines,
    mark_exam,
    page_jpegs,
    with_settings,
)
from viatique import progress
from viatique.db.claims import Stage, claim_subjects, holding
from viatique.db.copies import Copy, list_final_pdfs, move_copy
from viatique.files import Kind
from viatique.inline import run_finalize
from viatique.lifecycle import Action, CopyStatus, Move
from viatique.models import CopyId, ExamId
from viatique.run import Run, new_run
from viatique.steps.finalize_copies import count_gradable, finalize_chunk
from viatique.steps.outcome import ChunkOutcome
from viatique.steps.report import count_failures, report_exam
from viatique.workbench import Workbench

GRADED, FAILED = CopyStatus.GRADED, CopyStatus.GRADING_FAILED


def _finals(bench: Workbench, exam_id: ExamId) -> dict[CopyId, tuple[Path, Decimal]]:
    """Where each final PDF lies, and its score."""
    with bench.database.transaction() as connection:
        found = list_final_pdfs(connection, exam_id)
    return {
        copy_id: (Path(bench.store.path(sha256, Kind.FINAL)), score)
        for copy_id, (sha256, score) in found.items()
    }


def _texts(path: Path) -> list[str]:
    """The text of each page on one line."""
    with pymupdf.open(path) as document:
        return [" ".join(str(page.get_text()).split()) for page in document]


def _statuses(bench: Workbench, exam_id: ExamId) -> list[CopyStatus]:
    return [copy.status for copy in list_copies(bench, exam_id)]


def _damage(bench: Workbench, copy: Copy) -> bytes:
    """Cuts the copy's stored PDF short; returns what it held."""
    path = copy_file(bench, copy)
    sound = path.read_bytes()
    path.write_bytes(sound[:-1])
    return sound


def _block(bench: Workbench, copy: Copy) -> Path:
    """Makes the copy's stored PDF unreadable for now; returns where it was put aside."""
    path = copy_file(bench, copy)
    aside = path.rename(path.with_suffix(".aside"))
    path.mkdir()
    return aside


def _unblock(bench: Workbench, copy: Copy, aside: Path) -> None:
    path = copy_file(bench, copy)
    path.rmdir()
    aside.rename(path)


def test_final_pdf_shows_scores_first_then_the_copy_with_its_comments(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    run_finalize(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    path, score = _finals(bench, exam_id)[copy.copy_id]
    first, *own = _texts(path)
    assert (copy.status, score) == (GRADED, Decimal("15.5"))
    for text in ("Bac blanc", copy.copy_id, "15,5", "Exercice 1", "5,5", "7,5", REMARK):
        assert text in first
    assert APPRECIATION in first
    assert len(own) == copy.page_count
    assert COMMENT in own[1]
    assert COMMENT not in own[0]


def test_final_pdf_shows_no_student(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    run_finalize(bench, exam_id)
    ((path, _score),) = _finals(bench, exam_id).values()
    everything = " ".join(_texts(path))
    assert not [name for name in ("Alpha", "Beta", "Gamma", "S1", "S2") if name in everything]


def test_final_pdf_holds_the_scanned_pages_as_they_are_and_little_more(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    run_finalize(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    ((path, _score),) = _finals(bench, exam_id).values()
    with pymupdf.open(path) as document:
        pictures = [
            document.extract_image(picture[0])["image"]
            for page in list(document)[1:]
            for picture in page.get_images(full=True)
        ]
    assert pictures == page_jpegs(copy_file(bench, copy))


def test_final_pdf_of_a_real_scan_is_at_most_a_tenth_larger(
    bench: Workbench, tmp_path: Path
) -> None:
    demo = make_exam(tmp_path / "demo", copies=1, pages_per_copy=2, dpi=200)
    exam_id = mark_exam(bench, tmp_path, scan_pdf=demo.scan_pdf)
    run_finalize(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    ((path, _score),) = _finals(bench, exam_id).values()
    assert path.stat().st_size <= 1.1 * copy_file(bench, copy).stat().st_size


def test_same_marks_give_the_same_bytes(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    run_finalize(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    before = _finals(bench, exam_id)
    _reopen(bench, copy)
    run_finalize(bench, exam_id)
    assert _finals(bench, exam_id) == before
    assert actions_of(bench, copy.copy_id)[-3:] == [
        Action.FINALIZE,
        Action.REOPEN,
        Action.FINALIZE,
    ]


def test_reopened_copy_with_other_marks_gets_another_final_and_keeps_the_first(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    run_finalize(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    (first, _score) = _finals(bench, exam_id)[copy.copy_id]
    _reopen(bench, copy)
    give_marks(bench, exam_id, tmp_path, f"copie;question;note\n{copy.copy_id};1;6,5\n")
    run_finalize(bench, exam_id)
    second, score = _finals(bench, exam_id)[copy.copy_id]
    assert (first.exists(), first != second, score) == (True, True, Decimal("16.5"))
    assert count_rows(bench)["final_pdf"] == 2


def _reopen(bench: Workbench, copy: Copy) -> None:
    with bench.database.transaction() as connection:
        move_copy(connection, copy.copy_id, Move.REOPEN, run=new_run("coordinator"))


def test_copy_with_incomplete_marks_is_not_finalized(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    copies = [copy.copy_id for copy in list_copies(bench, exam_id)]
    complete, lacking = complete_marks(copies[:2])
    del lacking["scores"]["2"]
    give_marks(bench, exam_id, tmp_path, [complete, lacking])
    assert count_gradable(bench, new_run(), exam_id) == 1
    run_finalize(bench, exam_id)
    assert _statuses(bench, exam_id) == [GRADED, CopyStatus.READY, CopyStatus.READY]
    assert report_exam(bench.database, exam_id).unmarked == 2


def test_zero_points_are_marks(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    copy_id = list_copies(bench, exam_id)[0].copy_id
    give_marks(bench, exam_id, tmp_path, f"copie;question;note\n{copy_id};1;0\n{copy_id};2;0\n")
    run_finalize(bench, exam_id)
    ((_path, score),) = _finals(bench, exam_id).values()
    assert score == 0


def test_finalizing_again_does_nothing(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path)
    run_finalize(bench, exam_id)
    before = count_rows(bench)
    run_finalize(bench, exam_id)
    assert count_rows(bench) == before


def test_failed_copy_keeps_its_failure_and_holds_up_no_other(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=3)
    _damage(bench, list_copies(bench, exam_id)[1])
    run = run_finalize(bench, exam_id)
    copy = list_copies(bench, exam_id)[1]
    assert _statuses(bench, exam_id) == [GRADED, FAILED, GRADED]
    assert (copy.error_code, copy.finalize_attempts) == ("stored_file_corrupt", 1)
    assert count_failures(bench.database, exam_id, run) == 1
    event = events_of(bench, copy.copy_id)[-1]
    assert event.action is Action.FINALIZE
    assert event.details == {"success": False, "retries": 0, "error_type": "stored_file_corrupt"}
    (line,) = log_lines(bench, "finalize_failed")
    assert (line["level"], line["copy_id"]) == ("ERROR", copy.copy_id)
    assert (line["error_type"], line["flow_run_id"]) == ("StoredFileCorrupt", run.correlation_id)
    assert count_rows(bench)["claim"] == 0


def test_failures_are_counted_until_a_person_is_called(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    _damage(bench, list_copies(bench, exam_id)[0])
    for attempt in (1, 2, 3):
        run_finalize(bench, exam_id)
        (copy,) = list_copies(bench, exam_id)
        assert (copy.status, copy.finalize_attempts) == (FAILED, attempt)
        assert len(log_lines(bench, "finalize_retries_exhausted")) == (attempt == 3)
    (line,) = log_lines(bench, "finalize_retries_exhausted")
    assert (line["level"], line["attempts"]) == ("CRITICAL", 3)
    assert [problem.copy_id for problem in report_exam(bench.database, exam_id).failed] == [
        copy.copy_id
    ]


def test_mended_copy_is_finalized_by_the_next_run(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    sound = _damage(bench, copy)
    run_finalize(bench, exam_id)
    copy_file(bench, copy).write_bytes(sound)
    run = run_finalize(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    assert (copy.status, copy.error_code, copy.finalize_attempts) == (GRADED, None, 2)
    assert events_of(bench, copy.copy_id)[-1].details["retries"] == 1
    assert count_failures(bench.database, exam_id, run) == 0


def test_error_that_may_pass_is_tried_again_in_the_same_run_up_to_the_limit(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    _block(bench, list_copies(bench, exam_id)[0])
    outcomes = _chunks(with_settings(bench, retry_limit=2), exam_id, new_run())
    assert [outcome.claimed for outcome in outcomes] == [1, 1, 0]
    (copy,) = list_copies(bench, exam_id)
    assert (copy.status, copy.error_code) == (FAILED, "store_unavailable")
    assert copy.finalize_attempts == 2


def test_error_that_passed_is_forgotten(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    run = new_run()
    aside = _block(bench, copy)
    assert finalize_chunk(bench, run, exam_id) == ChunkOutcome(claimed=1, failed=1, retryable=1)
    _unblock(bench, copy, aside)
    assert finalize_chunk(bench, run, exam_id) == ChunkOutcome(claimed=1)
    (copy,) = list_copies(bench, exam_id)
    assert (copy.status, copy.error_code) == (GRADED, None)


def test_progress_ends_at_what_was_announced_though_copies_fail(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=3)
    _damage(bench, list_copies(bench, exam_id)[0])
    tally = Tally(totals={}, done={})
    with progress.watched_by(tally):
        run_finalize(bench, exam_id)
    assert tally.totals == tally.done == {"finalize": 3}


def _chunks(bench: Workbench, exam_id: ExamId, run: Run) -> list[ChunkOutcome]:
    """Chunk after chunk until nothing is left to take."""
    outcomes = [finalize_chunk(bench, run, exam_id)]
    while outcomes[-1].claimed:
        outcomes.append(finalize_chunk(bench, run, exam_id))
    return outcomes


def test_finalize_killed_amid_a_copy_is_done_by_the_next_run(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    with (
        holding(bench.database, lease_s=600) as killed,
        bench.database.transaction() as connection,
    ):
        claim_subjects(
            connection, stage=Stage.FINALIZE, subjects=[copy.copy_id], holder=killed, run=new_run()
        )
        move_copy(connection, copy.copy_id, Move.START_GRADING, run=new_run())
    assert _statuses(bench, exam_id) == [CopyStatus.GRADING_IN_PROGRESS]
    run_finalize(bench, exam_id)
    assert _statuses(bench, exam_id) == [GRADED]
    assert actions_of(bench, copy.copy_id).count(Action.FINALIZE) == 1


@pytest.mark.parametrize("fails", [False, True], ids=["success", "failed"])
def test_finalizing_is_observed(bench: Workbench, tmp_path: Path, *, fails: bool) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    if fails:
        _damage(bench, list_copies(bench, exam_id)[0])
    run_finalize(bench, exam_id)
    with bench.database.transaction() as connection:
        rows = connection.execute(
            "SELECT labels FROM observation WHERE metric = 'grading_finalize_duration_seconds'"
        ).fetchall()
    status = "failed" if fails else "success"
    assert [row["labels"] for row in rows] == [{"status": status, "retry_attempt": "1"}]
