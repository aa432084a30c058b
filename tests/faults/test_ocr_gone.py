"""A process of the OCR dies or hangs: its copy waits for a person with the reason; others go on."""

from pathlib import Path

import pytest

from tests.faults import readers
from tests.faults.outcomes import assert_nothing_is_left
from tests.steps.benches import import_exam, list_copies, log_lines
from viatique import workers
from viatique.db.identities import list_evidence
from viatique.errors import StoreUnavailable
from viatique.inline import run_identify
from viatique.models import ExamId, IdentityReason, IdentityState
from viatique.steps import read_headers
from viatique.workbench import Workbench

AUTO, REVIEW = IdentityState.AUTO, IdentityState.REVIEW


def identities(bench: Workbench, exam_id: ExamId) -> list[tuple[IdentityState, str | None]]:
    return [(copy.identity, copy.student_id) for copy in list_copies(bench, exam_id)]


def test_copies_on_which_it_dies_or_hangs_go_to_review_and_the_others_on(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    monkeypatch.setattr(read_headers, "read_copy_header", readers.die_or_hang)
    monkeypatch.setattr(workers, "JOB_TIMEOUT_S", 2.0)
    run_identify(bench, exam_id)
    assert identities(bench, exam_id) == [(REVIEW, None), (REVIEW, None), (AUTO, "S3")]
    with bench.database.transaction() as connection:
        evidence = list_evidence(connection, exam_id)
        counted = connection.execute(
            "SELECT labels ->> 'error_type' AS kind FROM observation"
            " WHERE metric = 'grading_ocr_errors_total'"
        ).fetchall()
    died, hung, _ = (evidence[copy.copy_id].reasons for copy in list_copies(bench, exam_id))
    assert died == hung == (IdentityReason.READING_FAILED,)
    assert sorted(row["kind"] for row in counted) == ["engine", "timeout"]
    told = {line["error_type"] for line in log_lines(bench, "header_unreadable")}
    assert told == {"EngineFailure", "EngineTimeout"}
    assert_nothing_is_left(bench)


def test_headers_a_store_that_is_away_cannot_give_are_read_when_it_is_back(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    monkeypatch.setattr(read_headers, "read_copy_header", readers.lose_the_store)
    with pytest.raises(StoreUnavailable):
        run_identify(bench, exam_id)
    monkeypatch.setattr(read_headers, "read_copy_header", readers.read)
    run_identify(bench, exam_id)
    assert identities(bench, exam_id) == [(AUTO, "S1"), (AUTO, "S2"), (AUTO, "S3")]
    assert_nothing_is_left(bench)
