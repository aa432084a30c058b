"""Scans made to do harm: refused with the reason, or copies, or copies in quarantine.

The short form of ``python -m tests.campaigns.hostile_input``.
"""

from pathlib import Path

import pymupdf
import pytest

from tests.hostile.judging import active_content, judge_scan, sheet_of
from tests.hostile.mutations import PDF_TOKENS, mutated
from tests.hostile.pdf_attacks import ATTACKS, SLOW, SOUND, active
from tests.steps.benches import (
    events_of,
    import_exam,
    list_copies,
    log_lines,
    stored_files,
    write_exam,
)
from viatique import drawing
from viatique.inline import run_import
from viatique.lifecycle import Action, CopyStatus
from viatique.models import Language, Placement
from viatique.pdf.cut import cut_copy
from viatique.pdf.finalize import compose_final
from viatique.run import new_run
from viatique.steps import cut_copies, scan_jobs
from viatique.steps.arrange_pages import thumbnails
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.workbench import Workbench


def test_every_kind_of_picture_is_taken(bench: Workbench, tmp_path: Path) -> None:
    for name, make in SOUND.items():
        outcome = judge_scan(bench, tmp_path, make()).outcome
        assert outcome.startswith("taken: "), name


def test_every_quick_attack_ends_well(bench: Workbench, tmp_path: Path) -> None:
    outcomes = {name: judge_scan(bench, tmp_path, make()).outcome for name, make in ATTACKS.items()}
    assert outcomes["encrypted"] == "refused: encrypted"
    assert outcomes["10,000 pages"] == "refused: too_many_pages"
    assert outcomes["page in itself"] == "taken: QUARANTINE"
    assert outcomes["no pages"] == "refused: empty"


def test_files_with_random_changes_end_well(bench: Workbench, tmp_path: Path) -> None:
    parts = [make() for make in SOUND.values()]
    for seed in range(120):
        judge_scan(bench, tmp_path, mutated(parts[seed % len(parts)], seed, PDF_TOKENS))
    assert not [name for name in stored_files(bench) if name.startswith(".")]


@pytest.mark.parametrize(("name", "seed"), [("by pymupdf", 100038), ("by pymupdf", 101238)])
def test_files_that_once_did_not_end_well(
    bench: Workbench, tmp_path: Path, name: str, seed: int
) -> None:
    """A document may lose pages while they are loaded: when it is taken, or looked at later."""
    judge_scan(bench, tmp_path, mutated(SOUND[name](), seed, PDF_TOKENS))


def test_page_that_never_ends_is_stopped_and_spoils_its_own_copy_only(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (scan_jobs, cut_copies, drawing):
        monkeypatch.setattr(module, "PDF_TIMEOUT_S", 2.0)
    exam_id = import_exam(bench, tmp_path)
    scan_pdf = tmp_path / "endless.pdf"
    with pymupdf.open(stream=SLOW["laughing forms"]()) as endless, pymupdf.open() as scan:
        with pymupdf.open(tmp_path / "scan.pdf") as sound:
            scan.insert_pdf(sound)
        page = scan.new_page(width=595, height=842)
        page.show_pdf_page(page.rect, endless, 0)
        scan.new_page(width=595, height=842)
        scan.save(scan_pdf)
    assert receive_scan(bench, exam_id, scan_pdf)
    run_import(bench, exam_id)
    *sound_copies, last = list_copies(bench, exam_id)
    assert {copy.status for copy in sound_copies} == {CopyStatus.READY}
    assert (last.status, last.problem) == (CopyStatus.QUARANTINE, "unreadable_page")
    (event,) = events_of(bench, last.copy_id)
    assert event.details["defects"]["1"] == "page_unreadable"
    first, second = thumbnails(bench.database, bench.store, new_run(), last.copy_id).values()
    assert (first, second is None) == (None, False)


def test_copy_that_cannot_be_cut_is_put_aside_with_one_event(
    bench: Workbench, tmp_path: Path
) -> None:
    """A picture refers to an object beyond the end of the file: it is drawn, but not copied."""
    exam_id = create_exam(bench, write_exam(tmp_path))
    path = tmp_path / "scan.pdf"
    path.write_bytes(ATTACKS["reference beyond the end"]())
    receive_scan(bench, exam_id, path)
    for _ in range(2):
        run_import(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    assert (copy.status, copy.problem) == (CopyStatus.QUARANTINE, "unreadable_page")
    assert [event.action for event in events_of(bench, copy.copy_id)] == [
        Action.IMPORT, Action.QUARANTINE,
    ]  # fmt: skip
    assert log_lines(bench, "cut_failed")


def test_nothing_active_of_a_scan_is_in_a_copy_or_its_final_pdf(
    bench: Workbench, tmp_path: Path
) -> None:
    with pymupdf.open(stream=active()) as scan:
        assert len(set(active_content(scan.tobytes()))) > 10
        copy_pdf = cut_copy(scan, [Placement(source_page=0), Placement(source_page=1)])
    (copy, _) = list_copies(bench, import_exam(bench, tmp_path))
    final = compose_final(copy_pdf, sheet_of(copy), (), language=Language.FR)
    assert list(active_content(copy_pdf)) == list(active_content(final)) == []
    with pymupdf.open(stream=final) as document:
        assert document.embfile_count() == 0
        assert not document.is_form_pdf
        assert [len(page.get_images(full=True)) for page in document] == [0, 1, 1]
