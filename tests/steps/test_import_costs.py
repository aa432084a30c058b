"""What an import does for each page and copy, counted: it must not grow unseen."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest

from tests.steps.benches import write_exam
from tests.unit.pdf_factories import Picture, framed_page, jpeg, ruled_page
from viatique import files
from viatique.db import pool as connections
from viatique.db.cuts import Piece
from viatique.files import Kind, Store
from viatique.models import CopyId, ExamId, Half, Layout, Placement, Segmentation, Sha256
from viatique.pdf import glance
from viatique.pdf.jpeg import jpeg_frame
from viatique.run import new_run
from viatique.scans.segmentation import CopyPlan
from viatique.steps import held_scan, import_scan, scan_jobs
from viatique.steps.create_exam import create_exam
from viatique.steps.cut_copies import CutJob, cut_pieces
from viatique.steps.scan_jobs import LookJob, PlanJob
from viatique.workbench import Workbench

PAGES = 8


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each thing that costs was done in this process."""
    counts: Counter[str] = Counter()

    def count(owner: object, name: str, as_name: str, weigh: Callable[..., float]) -> None:
        done = getattr(owner, name)

        def counting(*arguments: object, **named: object) -> object:
            counts[as_name] += weigh(*arguments)
            return done(*arguments, **named)

        monkeypatch.setattr(owner, name, counting)

    count(pymupdf, "open", "opened", lambda *_: 1)
    count(cv2, "imdecode", "decoded", _decoded_part)
    count(files.os, "fsync", "synced", lambda *_: 1)
    count(glance, "grey", "drawn", lambda *_: 1)
    for name in ("execute", "executemany"):
        count(connections._TracedCursor, name, "statements", lambda *_: 1)
    return counts


def _decoded_part(data: np.ndarray, *_: object) -> float:
    """Of an A4 page at 150 dpi."""
    frame = jpeg_frame(data.tobytes())
    return frame.height / 1754 if frame else 1


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    yield
    held_scan.close_held()


def blurred(page: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(page, (0, 0), 5), np.uint8)


def dark_below(page: Picture) -> Picture:
    return np.vstack([page[:700], (page[700:] * 0.1).astype(np.uint8)])


def written_scan(
    folder: Path, *, spoiled: int | None = None, spoil: Callable[[Picture], Picture] = blurred
) -> Path:
    """A scan of two framed copies of four pages, one of which may be spoiled."""
    grain = np.random.default_rng(0)
    with pymupdf.open() as document:
        for number in range(PAGES):
            picture = ruled_page() if number % 4 else framed_page()
            picture[1600:1610, 600 : 620 + 10 * number] = 60
            picture = np.clip(picture + grain.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
            if number == spoiled:
                picture = spoil(picture)
            page = document.new_page(width=595, height=842)
            page.insert_image(page.rect, stream=jpeg(picture), keep_proportion=False)
        document.save(folder / "scan.pdf")
    return folder / "scan.pdf"


def looks(scan: Path) -> list[LookJob]:
    plan = PlanJob(
        scan=scan,
        page_count=PAGES,
        layout=Layout.A4,
        pages_per_copy=4,
        segmentation=Segmentation.HEADER,
    )
    return [LookJob(plan=plan, sides=(side,), is_whole=False) for side in range(PAGES)]


def test_good_pages_are_decoded_by_half_and_their_scan_opened_once(
    tmp_path: Path, counted: Counter[str]
) -> None:
    jobs = looks(written_scan(tmp_path))
    counted.clear()
    seen = [side for job in jobs for side in scan_jobs.look_at_sides(job)]
    assert [bool(side.turns) for side in seen] == [True, False, False, False] * 2
    assert not any(side.defects or side.is_whole for side in seen)
    assert (counted["opened"], counted["drawn"]) == (1, 0)
    assert counted["decoded"] <= 0.55 * PAGES


@pytest.mark.parametrize(
    ("spoil", "defect"), [(blurred, "page_blurred"), (dark_below, "page_dark")]
)
def test_doubtful_page_is_decoded_whole_and_no_other(
    tmp_path: Path, counted: Counter[str], spoil: Callable[[Picture], Picture], defect: str
) -> None:
    jobs = looks(written_scan(tmp_path, spoiled=2, spoil=spoil))
    counted.clear()
    seen = [side for job in jobs for side in scan_jobs.look_at_sides(job)]
    assert [number for number, side in enumerate(seen) if side.is_whole] == [2]
    assert list(seen[2].defects.values()) == [defect]
    assert counted["decoded"] <= 0.55 * PAGES + 1.5


def test_copies_are_cut_from_a_scan_opened_once_and_written_once(
    tmp_path: Path, counted: Counter[str]
) -> None:
    plan = looks(written_scan(tmp_path))[0].plan
    counted.clear()
    pieces = tuple(_piece(number) for number in range(2))
    store = Store(str(tmp_path / "store"))
    for _ in range(2):
        with store.workshop() as folder:
            job = CutJob(scan=plan.scan, pieces=pieces, folder=folder)
            cut = dict(zip(pieces, cut_pieces(job), strict=True))
            for piece, sha256 in cut.items():
                assert isinstance(sha256, str)
                store.take(job.made(piece), sha256, Kind.COPY)
        assert len(set(cut.values())) == 2
    assert counted["decoded"] == 0
    assert counted["opened"] == 1 + 2 * len(pieces)  # the scan, and a new document each time
    assert counted["synced"] == 2 * len(pieces)  # file and folder, the first time only


def _piece(number: int) -> Piece:
    pages = range(4 * number, 4 * number + 4)
    return Piece(
        copy_id=CopyId(f"E-{number}"),
        scan=Sha256("0" * 64),
        placements=tuple(Placement(source_page=page, half=Half.WHOLE, turn=0) for page in pages),
    )


@pytest.mark.parametrize("copies", [1, 40])
def test_plan_takes_as_many_statements_whatever_the_number_of_copies(
    bench: Workbench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    counted: Counter[str],
    copies: int,
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path, pages_per_copy=4))
    import_scan.receive_scan(bench, exam_id, written_scan(tmp_path))
    (source_id,) = import_scan.unplanned_scans(bench, exam_id)
    monkeypatch.setattr(import_scan, "plan_scan_copies", lambda *_: _plans(copies))
    counted.clear()
    assert import_scan.plan_scan(bench, new_run(), source_id) == copies
    assert counted["statements"] <= 16


def _plans(copies: int) -> tuple[CopyPlan, ...]:
    return tuple(
        CopyPlan(
            placements=tuple(
                Placement(source_page=page, half=Half.WHOLE, turn=0)
                for page in range(4 * number, 4 * number + 4)
            ),
            first_page=4 * number,
            last_page=4 * number + 3,
            defects=(None,) * 4,
        )
        for number in range(copies)
    )


def test_chunk_of_copies_is_stored_by_as_many_statements_as_one_copy(
    bench: Workbench, tmp_path: Path, counted: Counter[str]
) -> None:
    counts = []
    for name, pages in (("one", 8), ("two", 4)):
        folder = tmp_path / name
        folder.mkdir()
        exam_id = _planned(bench, folder, pages_per_copy=pages)
        counted.clear()
        assert import_scan.cut_chunk(bench, new_run(), exam_id).claimed == PAGES // pages
        counts.append(counted["statements"])
    assert counts[0] == counts[1] <= 12


def _planned(bench: Workbench, folder: Path, *, pages_per_copy: int) -> ExamId:
    exam_id = create_exam(bench, write_exam(folder, pages_per_copy=pages_per_copy))
    import_scan.receive_scan(bench, exam_id, written_scan(folder))
    (source_id,) = import_scan.unplanned_scans(bench, exam_id)
    import_scan.plan_scan(bench, new_run(), source_id)
    return exam_id
