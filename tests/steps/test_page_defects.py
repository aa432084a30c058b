"""Pages nobody can read are named at import, before anyone marks them."""

from pathlib import Path

import cv2
import numpy as np

from tests.steps.benches import events_of, list_copies, write_exam
from tests.unit.pdf_factories import Picture, ruled_page, scan_of
from viatique.cli.terminal import problem_words
from viatique.db.copies import Copy, list_page_defects
from viatique.inline import run_import
from viatique.lifecycle import CopyStatus
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.steps.report import report_exam
from viatique.workbench import Workbench


def _scan_of(bench: Workbench, folder: Path, pictures: list[Picture]) -> tuple[Copy, ...]:
    exam_id = create_exam(bench, write_exam(folder))
    (folder / "scan.pdf").write_bytes(scan_of(pictures))
    receive_scan(bench, exam_id, folder / "scan.pdf")
    run_import(bench, exam_id)
    return list_copies(bench, exam_id)


def test_copy_with_a_page_nobody_can_read_waits_with_the_page_and_the_reason(
    bench: Workbench, tmp_path: Path
) -> None:
    page = ruled_page()
    blurred = np.asarray(cv2.GaussianBlur(page, (0, 0), 4.5), np.uint8)
    first, second = _scan_of(bench, tmp_path, [page, page, page, blurred])
    assert (first.status, second.status) == (CopyStatus.READY, CopyStatus.QUARANTINE)
    assert second.problem == "illegible_page"
    (event,) = events_of(bench, second.copy_id)
    assert event.details["defects"] == {"2": "page_blurred"}
    (problem,) = report_exam(bench.database, second.exam_id).quarantined
    assert problem.page_defects == ((2, "page_blurred"),)
    assert "page 2" in problem_words(problem)


def test_blank_last_pages_are_noted_and_blank_first_pages_wait(
    bench: Workbench, tmp_path: Path
) -> None:
    page, blank = ruled_page(), np.full((1754, 1240), 245, np.uint8)
    first, second = _scan_of(bench, tmp_path, [page, blank, blank, page])
    assert (first.status, first.problem) == (CopyStatus.READY, None)
    assert (second.status, second.problem) == (CopyStatus.QUARANTINE, "blank_first_page")
    with bench.database.transaction() as connection:
        noted = list_page_defects(connection, first.exam_id)
    assert noted == {first.copy_id: {2: "page_blank"}, second.copy_id: {1: "page_blank"}}
