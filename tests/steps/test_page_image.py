"""The part of a first page that tells whose it is never leaves with an anonymous page."""

import cv2
import numpy as np
import pytest

from tests.steps.benches import events_of, import_exam, list_copies
from tests.unit.pdf_factories import scan_of
from viatique.db.identities import insert_reading
from viatique.db.pages import list_pages
from viatique.errors import NotFound
from viatique.files import Kind
from viatique.lifecycle import Action
from viatique.models import (
    CopyId,
    FieldName,
    FieldReading,
    FieldState,
    HeaderReading,
    Rect,
    StudentId,
)
from viatique.ocr import evidence
from viatique.run import new_run
from viatique.steps.arrange_pages import move_page, reorder_pages
from viatique.steps.merge_copies import merge_copies
from viatique.steps.page_image import MARGIN, anonymous_page, identity_zone, whole_page
from viatique.workbench import Workbench

BOTH = (FieldName.LAST_NAME, FieldName.FIRST_NAME)
NOTHING_READ = np.zeros((0, 27), np.float32)
BLACK = np.zeros((842, 595), np.uint8)


def reading(*lowest: float | None, turn: int = 0) -> HeaderReading:
    """Last and first name whose zones end at these heights; None: not found."""
    fields = tuple(
        FieldReading(
            name=name,
            state=FieldState.EMPTY if y1 else FieldState.MISSING,
            log_probs=NOTHING_READ,
            zone=Rect(x0=0.1, y0=y1 - 0.02, x1=0.9, y1=y1) if y1 else None,
        )
        for name, y1 in zip(BOTH, lowest, strict=False)
    )
    return HeaderReading(fields=fields, turn=turn, engine="fake")


@pytest.mark.parametrize(
    ("read", "top", "bottom"),
    [
        (None, 0, 0.38),
        (reading(), 0, 0.38),
        (reading(0.1, 0.2), 0, 0.2 + MARGIN),
        (reading(0.5, 0.45), 0, 0.5 + MARGIN),
        (reading(0.1, None), 0, 0.38),
        (reading(0.6, None), 0, 0.6 + MARGIN),
        (reading(0.1, 0.2, turn=180), 1 - 0.2 - MARGIN, 1),
        (reading(0.1, 0.995), 0, 1),
    ],
    ids=[
        "never read", "no header", "all found", "in any order", "one not found",
        "one not found, the other low", "upside down", "down to the edge",
    ],
)  # fmt: skip
def test_the_zone_goes_from_the_edge_to_below_the_lowest_field(
    read: HeaderReading | None, top: float, bottom: float
) -> None:
    zone = identity_zone(read, BOTH)
    assert (zone.x0, zone.x1) == (0, 1)
    assert (zone.y0, zone.y1) == (pytest.approx(top), pytest.approx(bottom))


@pytest.fixture
def copy_id(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> CopyId:
    """A copy of two black pages."""
    folder = tmp_path_factory.mktemp("exam")
    scan_pdf = folder / "black.pdf"
    scan_pdf.write_bytes(scan_of([BLACK, BLACK]))
    exam_id = import_exam(bench, folder, count=1, scan_pdf=scan_pdf)
    return list_copies(bench, exam_id)[0].copy_id


def read_as(bench: Workbench, copy_id: CopyId, read: HeaderReading) -> None:
    sha256 = bench.store.put(evidence.to_bytes(read), Kind.READING)
    with bench.database.transaction() as connection:
        insert_reading(connection, copy_id, sha256=sha256, engine="fake", run=new_run())


def white_part(png: bytes) -> tuple[float, float]:
    """Where the white rows of a picture begin and end, as parts of its height."""
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    (rows,) = np.nonzero((picture == 255).all(axis=1))
    assert (picture[np.setdiff1d(np.arange(len(picture)), rows)] < 30).all()
    return (rows[0] / len(picture), (rows[-1] + 1) / len(picture)) if len(rows) else (0, 0)


def anonymous(bench: Workbench, copy_id: CopyId, page: int, *, dpi: int = 110) -> bytes:
    return anonymous_page(bench.database, bench.store, copy_id, page, dpi=dpi)


@pytest.mark.parametrize("dpi", [30, 110, 200])
def test_the_header_is_white_in_the_pixels_of_the_first_page_only(
    bench: Workbench, copy_id: CopyId, dpi: int
) -> None:
    assert white_part(anonymous(bench, copy_id, 0, dpi=dpi)) == (0, pytest.approx(0.38, abs=0.004))
    assert white_part(anonymous(bench, copy_id, 1, dpi=dpi)) == (0, 0)
    read_as(bench, copy_id, reading(0.1, 0.2))
    _, bottom = white_part(anonymous(bench, copy_id, 0, dpi=dpi))
    assert 0.22 <= bottom <= 0.225
    read_as(bench, copy_id, reading(0.1, 0.2, turn=180))
    top, bottom = white_part(anonymous(bench, copy_id, 0, dpi=dpi))
    assert (top, bottom) == (pytest.approx(0.78, abs=0.004), 1)
    assert Action.VIEW_IDENTITY not in [event.action for event in events_of(bench, copy_id)]


def test_a_whole_page_leaves_one_event(bench: Workbench, copy_id: CopyId) -> None:
    run = new_run("U0000000C")
    png = whole_page(bench.database, bench.store, run, copy_id, 0, dpi=60)
    assert white_part(png) == (0, 0)
    event = events_of(bench, copy_id)[-1]
    assert (event.action, event.actor) == (Action.VIEW_IDENTITY, "U0000000C")
    assert event.details == {"page": 0}


def test_a_page_that_is_not_there_is_not_found(bench: Workbench, copy_id: CopyId) -> None:
    with pytest.raises(NotFound):
        anonymous(bench, copy_id, 2)
    with pytest.raises(NotFound):
        whole_page(bench.database, bench.store, new_run(), copy_id, 2, dpi=60)
    assert Action.VIEW_IDENTITY not in [event.action for event in events_of(bench, copy_id)]


@pytest.fixture
def three(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> list[CopyId]:
    """Copies of two black pages each."""
    folder = tmp_path_factory.mktemp("exam")
    scan_pdf = folder / "black.pdf"
    scan_pdf.write_bytes(scan_of([BLACK] * 6))
    exam_id = import_exam(bench, folder, count=3, scan_pdf=scan_pdf)
    return [copy.copy_id for copy in list_copies(bench, exam_id)]


def hidden(bench: Workbench, copy_id: CopyId, pages: int) -> list[bool]:
    """Of which pages of a copy the top is white."""
    return [white_part(anonymous(bench, copy_id, page, dpi=30))[1] > 0 for page in range(pages)]


def test_the_header_of_a_copy_that_was_merged_is_white_too(
    bench: Workbench, three: list[CopyId]
) -> None:
    for count, other in enumerate(three[1:], start=2):
        merge_copies(
            bench.database, bench.store, new_run(), three[0], other, student_id=StudentId("S1")
        )
        assert hidden(bench, three[0], 2 * count) == [True, False] * count


def test_a_header_is_white_wherever_its_page_was_put(bench: Workbench, three: list[CopyId]) -> None:
    one, two, _ = three
    arranged = bench.database, bench.store, new_run()
    with bench.database.transaction() as connection:
        keys = [page.key for page in list_pages(connection, one)]
    reorder_pages(*arranged, one, keys[::-1])
    assert hidden(bench, one, 2) == [True, True]
    move_page(*arranged, one, keys[0], target=two)
    assert hidden(bench, two, 3) == [True, False, True]
    move_page(*arranged, one, keys[1], target=two)
    assert hidden(bench, two, 4) == [True, False, True, False]
