"""A scan is refused whole, or becomes copies of which no page is lost, whatever interrupts it."""

import os
from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest

from tests.factories import make_exam
from tests.steps.benches import (
    Tally,
    actions_of,
    copy_file,
    count_rows,
    events_of,
    import_exam,
    list_copies,
    log_lines,
    page_jpegs,
    stored_files,
    with_settings,
    write_exam,
    write_scan,
)
from tests.unit.pdf_factories import jpeg, paper, scan, scan_of
from tests.unit.test_pdf_inspect import protected, without_pages
from viatique import progress
from viatique.db.claims import Stage, claim_subjects, holding
from viatique.db.copies import Copy
from viatique.db.pages import list_pages
from viatique.db.sources import list_sources
from viatique.demo.exam import DemoExam
from viatique.demo.plan import NO_TRAPS, Trap
from viatique.errors import InvalidScan, NotFound, ScanDefect, StoredFileCorrupt
from viatique.files import Kind
from viatique.inline import run_import
from viatique.lifecycle import Action, CopyStatus
from viatique.models import ExamId, Half, Layout, Placement, Segmentation
from viatique.run import new_run
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import cut_chunk, plan_scan, receive_scan, unplanned_scans
from viatique.steps.inbox import inbox_folder
from viatique.steps.report import report_exam
from viatique.unfinished import unfinished_file
from viatique.workbench import Workbench

IMPORTED = [Action.IMPORT, Action.VALIDATE]


def _received(bench: Workbench, folder: Path, *, pages: int) -> ExamId:
    exam_id = create_exam(bench, write_exam(folder))
    assert receive_scan(bench, exam_id, write_scan(folder, pages=pages))
    return exam_id


def _planned(bench: Workbench, folder: Path, *, pages: int) -> ExamId:
    exam_id = _received(bench, folder, pages=pages)
    for source_id in unplanned_scans(bench, exam_id):
        plan_scan(bench, new_run(), source_id)
    return exam_id


def _placements(bench: Workbench, copy: Copy) -> tuple[Placement, ...]:
    with bench.database.transaction() as connection:
        return tuple(page.placement for page in list_pages(connection, copy.copy_id))


def test_scan_becomes_copies_with_their_pages_counted_from_one(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    copies = list_copies(bench, exam_id)
    assert [copy.copy_id for copy in copies] == [f"{exam_id}-000{n}" for n in (1, 2, 3)]
    assert [(copy.first_page, copy.last_page) for copy in copies] == [(1, 2), (3, 4), (5, 6)]
    assert {copy.status for copy in copies} == {CopyStatus.READY}
    assert [actions_of(bench, copy.copy_id) for copy in copies] == [IMPORTED] * 3


def test_pages_are_cut_without_encoding_them_anew(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=2)
    cut = [
        page for copy in list_copies(bench, exam_id) for page in page_jpegs(copy_file(bench, copy))
    ]
    assert cut == [jpeg(paper(595, 842, number=number)) for number in range(4)]


@pytest.mark.parametrize("name", ["scan.pdf", "other name.pdf"])
def test_import_of_the_same_scan_adds_nothing(bench: Workbench, tmp_path: Path, name: str) -> None:
    exam_id = import_exam(bench, tmp_path)
    before, files = count_rows(bench), stored_files(bench)
    assert not receive_scan(bench, exam_id, (tmp_path / "scan.pdf").rename(tmp_path / name))
    run_import(bench, exam_id)
    assert count_rows(bench) == before
    assert stored_files(bench) == files


def test_copies_of_a_second_scan_are_numbered_on(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=2)
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=4, name="2.pdf", height=843))
    run_import(bench, exam_id)
    copies = list_copies(bench, exam_id)
    assert [copy.number for copy in copies] == [1, 2, 3, 4]
    assert [copy.first_page for copy in copies] == [1, 3, 1, 3]
    assert len({copy.source_id for copy in copies}) == 2


def test_same_scan_may_be_in_two_exams(bench: Workbench, tmp_path: Path) -> None:
    first, second = (import_exam(bench, tmp_path) for _ in range(2))
    assert len(list_copies(bench, first)) == len(list_copies(bench, second)) == 2


@pytest.mark.parametrize(
    ("data", "defect", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(3000), ScanDefect.NOT_PDF, "it is not a PDF"),
        (protected("secret"), ScanDefect.ENCRYPTED, "it is encrypted"),
        (scan(5)[: len(scan(5)) // 2], ScanDefect.TRUNCATED, "its end is missing"),
        (without_pages(), ScanDefect.EMPTY, "it has no pages"),
        (scan(7), ScanDefect.TOO_MANY_PAGES, "it has more than 6 pages"),
    ],
    ids=["not a PDF", "encrypted", "truncated", "no pages", "too many pages"],
)
def test_scan_that_cannot_be_taken_is_refused_whole(
    bench: Workbench, tmp_path: Path, data: bytes, defect: ScanDefect, reason: str
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    before = count_rows(bench)
    path = tmp_path / "scan.pdf"
    path.write_bytes(data)
    with pytest.raises(InvalidScan, match=reason) as refused:
        receive_scan(with_settings(bench, max_scan_pages=6), exam_id, path)
    assert refused.value.defect is defect
    assert "nothing was stored" in refused.value.next_step
    assert count_rows(bench) == before
    assert stored_files(bench) == []


def test_scan_over_the_size_limit_is_refused(bench: Workbench, tmp_path: Path) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    path = write_scan(tmp_path, pages=1)
    with path.open("r+b") as stream:
        stream.truncate(1024 * 1024 + 1)
    with pytest.raises(InvalidScan) as refused:
        receive_scan(with_settings(bench, max_scan_mib=1), exam_id, path)
    assert refused.value.defect is ScanDefect.TOO_LARGE


def test_scan_for_an_unknown_exam_or_from_nowhere_stores_nothing(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    path = write_scan(tmp_path, pages=2)
    with pytest.raises(NotFound, match="exam"):
        receive_scan(bench, ExamId("NOSUCH"), path)
    with pytest.raises(NotFound, match="scan cannot be read"):
        receive_scan(bench, exam_id, tmp_path / "absent.pdf")
    assert stored_files(bench) == []


def test_copy_with_a_wrong_page_count_waits_in_quarantine_with_the_missing_pages(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path, pages_per_copy=4))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=6))
    run_import(bench, exam_id)
    whole, short = list_copies(bench, exam_id)
    assert (whole.status, short.status) == (CopyStatus.READY, CopyStatus.QUARANTINE)
    assert (short.problem, short.missing_pages) == ("wrong_page_count", (3, 4))
    assert (short.first_page, short.last_page) == (5, 6)
    assert len(page_jpegs(copy_file(bench, short))) == 2
    assert actions_of(bench, short.copy_id) == [Action.QUARANTINE]
    (problem,) = report_exam(bench.database, exam_id).quarantined
    assert (problem.copy_id, problem.missing_pages) == (short.copy_id, (3, 4))


def test_page_that_cannot_be_read_spoils_its_own_copy_only(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    path = tmp_path / "scan.pdf"
    with pymupdf.open(stream=scan(6)) as document:
        document.xref_set_key(document[3].xref, "Contents", "999 0 R")
        document.save(path)
    receive_scan(bench, exam_id, path)
    run_import(bench, exam_id)
    copies = list_copies(bench, exam_id)
    ready, quarantine = CopyStatus.READY, CopyStatus.QUARANTINE
    assert [copy.status for copy in copies] == [ready, quarantine, ready]
    assert copies[1].problem == "unreadable_page"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> DemoExam:
    """Five copies with headers: one upside-down, one with a page missing."""
    traps = replace(NO_TRAPS, upside_down=1, missing_page=1)
    return make_exam(tmp_path_factory.mktemp("stack"), copies=5, pages_per_copy=3, traps=traps)


def test_headers_start_copies_and_a_missing_page_spoils_one_only(
    bench: Workbench, stack: DemoExam
) -> None:
    exam_id = create_exam(bench, stack.exam_toml)
    receive_scan(bench, exam_id, stack.scan_pdf)
    run_import(bench, exam_id)
    copies = list_copies(bench, exam_id)
    assert [copy.page_count for copy in copies] == [len(plan.pages) for plan in stack.plan.copies]
    for copy, plan in zip(copies, stack.plan.copies, strict=True):
        is_short = plan.trap is Trap.MISSING_PAGE
        assert copy.status is (CopyStatus.QUARANTINE if is_short else CopyStatus.READY)
        assert copy.missing_pages == ((3,) if is_short else ())


def test_upside_down_copy_is_cut_upright(bench: Workbench, stack: DemoExam) -> None:
    exam_id = create_exam(bench, stack.exam_toml)
    receive_scan(bench, exam_id, stack.scan_pdf)
    run_import(bench, exam_id)
    for copy, plan in zip(list_copies(bench, exam_id), stack.plan.copies, strict=True):
        turn = 180 if plan.trap is Trap.UPSIDE_DOWN else 0
        assert {placement.turn for placement in _placements(bench, copy)} == {turn}
        with pymupdf.open(copy_file(bench, copy)) as document:
            assert {page.rotation for page in document} == {turn}


def test_folded_sheets_become_pages_in_reading_order(bench: Workbench, tmp_path: Path) -> None:
    demo = make_exam(tmp_path, copies=2, layout=Layout.A3_FOLDED, dpi=80)
    exam_id = create_exam(bench, demo.exam_toml)
    receive_scan(bench, exam_id, demo.scan_pdf)
    run_import(bench, exam_id)
    copies = list_copies(bench, exam_id)
    assert [(copy.first_page, copy.last_page) for copy in copies] == [(1, 2), (3, 4)]
    halves = [(page.source_page, page.half) for page in _placements(bench, copies[1])]
    assert halves == [(2, Half.RIGHT), (3, Half.LEFT), (3, Half.RIGHT), (2, Half.LEFT)]
    with pymupdf.open(copy_file(bench, copies[1])) as document:
        assert [page.rect.width < page.rect.height for page in document] == [True] * 4


def test_import_killed_before_planning_goes_on(bench: Workbench, tmp_path: Path) -> None:
    exam_id = _received(bench, tmp_path, pages=4)
    run_import(bench, exam_id)
    assert [copy.status for copy in list_copies(bench, exam_id)] == [CopyStatus.READY] * 2


def test_import_killed_between_planning_and_cutting_goes_on(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = _planned(bench, tmp_path, pages=4)
    assert {copy.status for copy in list_copies(bench, exam_id)} == {CopyStatus.STAGING}
    run_import(bench, exam_id)
    copies = list_copies(bench, exam_id)
    assert [copy.status for copy in copies] == [CopyStatus.READY] * 2
    assert [actions_of(bench, copy.copy_id) for copy in copies] == [IMPORTED] * 2


def test_import_killed_amid_cutting_cuts_only_the_rest(bench: Workbench, tmp_path: Path) -> None:
    exam_id = _planned(bench, tmp_path, pages=6)
    assert cut_chunk(with_settings(bench, chunk_size=1), new_run(), exam_id).claimed == 1
    assert [file.endswith(Kind.COPY) for file in stored_files(bench)].count(True) == 1
    last = new_run()
    run_rest = cut_chunk(bench, last, exam_id)
    assert (run_rest.claimed, run_rest.failed) == (2, 0)
    validated_by = [
        events_of(bench, copy.copy_id)[-1].correlation_id == last.correlation_id
        for copy in list_copies(bench, exam_id)
    ]
    assert validated_by == [False, True, True]


@pytest.mark.parametrize("is_alive", [True, False], ids=["alive", "dead"])
def test_claims_are_taken_over_from_dead_processes_only(
    bench: Workbench, tmp_path: Path, *, is_alive: bool
) -> None:
    exam_id = _planned(bench, tmp_path, pages=4)
    subjects = [copy.copy_id for copy in list_copies(bench, exam_id)]
    with holding(bench.database, lease_s=600) as other:
        with bench.database.transaction() as connection:
            claim_subjects(
                connection, stage=Stage.CUT, subjects=subjects, holder=other, run=new_run()
            )
        if is_alive:
            assert cut_chunk(bench, new_run(), exam_id).claimed == 0
            return
    # Postgres ends a session some milliseconds after it was closed
    tries = (cut_chunk(bench, new_run(), exam_id).claimed for _ in range(1000))
    assert next(filter(None, tries)) == 2


def test_scan_is_planned_once_though_two_runs_try(bench: Workbench, tmp_path: Path) -> None:
    exam_id = _received(bench, tmp_path, pages=4)
    (source_id,) = unplanned_scans(bench, exam_id)
    assert [plan_scan(bench, new_run(), source_id) for _ in range(2)] == [2, 0]
    assert len(list_copies(bench, exam_id)) == 2


def test_copies_of_a_damaged_scan_wait_and_are_cut_when_it_is_mended(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = _planned(bench, tmp_path, pages=4)
    with bench.database.transaction() as connection:
        (source,) = list_sources(connection, exam_id)
    stored = Path(bench.store.path(source.sha256, Kind.SCAN))
    sound = stored.read_bytes()
    stored.write_bytes(sound[:-1])
    run_import(bench, exam_id)
    copies = list_copies(bench, exam_id)
    assert {copy.status for copy in copies} == {CopyStatus.STAGING}
    assert {copy.error_code for copy in copies} == {"stored_file_corrupt"}
    assert [line["copy_id"] for line in log_lines(bench, "cut_failed")] == [
        copy.copy_id for copy in copies
    ]
    stored.write_bytes(sound)
    run_import(bench, exam_id)
    copies = list_copies(bench, exam_id)
    assert {copy.status for copy in copies} == {CopyStatus.READY}
    assert {copy.error_code for copy in copies} == {None}


def test_import_is_observed_with_its_size(bench: Workbench, tmp_path: Path) -> None:
    import_exam(bench, tmp_path)
    with bench.database.transaction() as connection:
        rows = connection.execute("SELECT metric, labels, value > 0 AS took FROM observation")
        (row,) = rows.fetchall()
    assert row == {
        "metric": "grading_import_duration_seconds",
        "labels": {"status": "success", "pages_bucket": "1-10"},
        "took": True,
    }


def test_reason_a_killed_process_was_writing_is_swept_from_the_inbox(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    refused = inbox_folder(bench, exam_id) / "refused"
    refused.mkdir(parents=True)
    handle, written = unfinished_file(refused)
    run_import(bench, exam_id)
    assert written.exists()  # its process lives
    os.close(handle)
    run_import(bench, exam_id)
    assert not written.exists()


def test_scans_laid_into_the_inbox_are_received_or_put_aside_with_the_reason(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    inbox = inbox_folder(bench, exam_id)
    inbox.mkdir(parents=True)
    (inbox / "a.pdf").write_bytes(b"no PDF")
    write_scan(inbox, pages=4, name="b.PDF")
    run_import(bench, exam_id)
    assert len(list_copies(bench, exam_id)) == 2
    assert sorted(str(path.relative_to(inbox)) for path in inbox.rglob("*.*")) == [
        "received/b.PDF",
        "refused/a.pdf",
        "refused/a.reason.txt",
    ]
    assert "it is not a PDF" in (inbox / "refused" / "a.reason.txt").read_text("utf-8")


@pytest.mark.parametrize(
    "segmentation", [Segmentation.HEADER, Segmentation.PAGES], ids=["header", "pages"]
)
def test_progress_ends_at_what_was_announced(
    bench: Workbench, tmp_path: Path, segmentation: Segmentation
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path, segmentation=segmentation, pages_per_copy=2))
    path = tmp_path / "scan.pdf"
    path.write_bytes(scan_of([paper(60, 85)] * 130))
    receive_scan(bench, exam_id, path)
    tally = Tally(totals={}, done={})
    with progress.watched_by(tally):
        run_import(bench, exam_id)
    assert tally.totals["look"] == 130
    assert tally.done == tally.totals


def test_a_scan_that_cannot_be_planned_holds_up_no_other(bench: Workbench, tmp_path: Path) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    for pages in (2, 4):
        scan_pdf = write_scan(tmp_path, pages=pages, name=f"{pages}.pdf")
        assert receive_scan(bench, exam_id, scan_pdf)
    with bench.database.transaction() as connection:
        damaged, _ = list_sources(connection, exam_id)
    Path(bench.store.path(damaged.sha256, Kind.SCAN)).unlink()
    with pytest.raises(StoredFileCorrupt):
        run_import(bench, exam_id)
    assert {copy.status for copy in list_copies(bench, exam_id)} == {CopyStatus.READY}
    assert unplanned_scans(bench, exam_id) == [damaged.source_id]
