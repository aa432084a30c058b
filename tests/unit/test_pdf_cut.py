"""A copy's PDF shows the pages of the scan as they are, and nothing else of it."""

import hashlib

import cv2
import numpy as np
import pymupdf
import pytest
from numpy.typing import NDArray

from tests.unit.pdf_factories import A3_PT, paper, scan, scan_of
from viatique.models import Half, Placement, Rect
from viatique.pdf.cut import cut_copy
from viatique.pdf.glance import glance, half_of
from viatique.pdf.render import grey, render_page, render_png

BOXES = {
    "plain": (None, None),
    "moved": ("[-50 30 1140 872]", None),
    "cropped": (None, "[40 30 1150 800]"),
    "moved and cropped": ("[-50 30 1140 872]", "[-10 60 1100 800]"),
}
BOOKLET = (
    Placement(source_page=0, half=Half.RIGHT),
    Placement(source_page=1, half=Half.LEFT),
    Placement(source_page=1, half=Half.RIGHT),
    Placement(source_page=0, half=Half.LEFT),
)


def cut(data: bytes, *placements: Placement) -> bytes:
    with pymupdf.open(stream=data) as document:
        return cut_copy(document, placements)


def looks_alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Same size to a pixel, same picture but for edges."""
    height, width = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
    if max(abs(one.shape[0] - other.shape[0]), abs(one.shape[1] - other.shape[1])) > 1:
        return False
    pair = [cv2.blur(np.ascontiguousarray(page[:height, :width]), (5, 5)) for page in (one, other)]
    return float(np.abs(pair[0].astype(int) - pair[1]).mean()) < 3


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("boxes", BOXES.values(), ids=BOXES)
@pytest.mark.parametrize("half", Half)
@pytest.mark.parametrize("turn", [0, 180])
def test_cut_page_is_the_part_of_the_side_people_see(
    rotate: int, boxes: tuple[str | None, str | None], half: Half, turn: int
) -> None:
    data = scan_of([paper(*A3_PT)], rotate=rotate, mediabox=boxes[0], cropbox=boxes[1])
    with pymupdf.open(stream=data) as document:
        seen = half_of(grey(document[0], dpi=72), half)
    expected = np.ascontiguousarray(np.rot90(seen, turn // 90))
    copy = cut(data, Placement(source_page=0, half=half, turn=turn))
    assert looks_alike(render_page(copy, 0, dpi=72), expected)


def test_pages_come_in_the_order_asked_for() -> None:
    data = scan(4)
    copy = cut(data, *(Placement(source_page=page) for page in (2, 0, 3)))
    for position, page in enumerate((2, 0, 3)):
        assert looks_alike(render_page(copy, position, dpi=72), render_page(data, page, dpi=72))


def image_digests(data: bytes) -> set[str]:
    with pymupdf.open(stream=data) as document:
        xrefs = {image[0] for page in document for image in page.get_images()}
        return {hashlib.sha256(document.xref_stream_raw(xref) or b"").hexdigest() for xref in xrefs}


def test_images_are_the_scans_own_bytes_shared_by_both_halves() -> None:
    data = scan(2, width=A3_PT[0], height=A3_PT[1], rotate=90)
    copy = cut(data, *BOOKLET)
    assert image_digests(copy) == image_digests(data)
    with pymupdf.open(stream=copy) as document:
        assert document.page_count == 4
        assert len({image[0] for page in document for image in page.get_images()}) == 2


def test_same_placements_give_the_same_bytes_whatever_was_cut_before() -> None:
    data = scan(8)
    second = [Placement(source_page=page) for page in range(4, 8)]
    with pymupdf.open(stream=data) as document:
        cut_copy(document, [Placement(source_page=page) for page in range(4)])
        after_another = cut_copy(document, second)
    assert after_another == cut(data, *second)


def test_nothing_but_pages_is_taken_from_the_scan() -> None:
    with pymupdf.open(stream=scan(2)) as document:
        document.set_metadata({"author": "Marie Dupont", "title": "secret"})
        document.set_xml_metadata("<x>Dupont</x>")
        document.embfile_add("roster.csv", b"Dupont")
        document.set_toc([[1, "Dupont", 1]])
        page = document[0]
        page.add_text_annot((50, 50), "Dupont")
        page.insert_link({"kind": pymupdf.LINK_URI, "from": page.rect, "uri": "http://x.test"})
        document.xref_set_key(
            document.pdf_catalog(), "OpenAction", "<</S/JavaScript/JS(app.alert(1))>>"
        )
        document.xref_set_key(page.xref, "AA", "<</O<</S/JavaScript/JS(app.alert(2))>>>>")
        copy = cut_copy(document, [Placement(source_page=0)])
    with pymupdf.open(stream=copy) as document:
        every_object = "".join(
            document.xref_object(xref) for xref in range(1, document.xref_length())
        )
        assert not document.embfile_count()
        assert not document.get_toc()
        assert not any((document.metadata or {}).get(key) for key in ("author", "title"))
        assert not list(document[0].annots())
        assert not document[0].get_links()
    for word in ("Dupont", "JavaScript", "/URI"):
        assert word not in every_object


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_glance_is_the_page_as_seen_at_50_dpi(rotate: int) -> None:
    with pymupdf.open(stream=scan(1, rotate=rotate)) as document:
        seen = grey(document[0], dpi=200)
        small = glance(document[0])
    expected = cv2.resize(seen, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert looks_alike(small, expected)


def test_clip_is_a_part_of_the_page_as_seen() -> None:
    data = scan(1, width=A3_PT[0], height=A3_PT[1], rotate=90)
    whole = render_page(data, 0, dpi=72)
    part = render_page(data, 0, dpi=72, clip=Rect(x0=0.5, y0=0, x1=1, y1=0.25))
    expected = whole[: whole.shape[0] // 4, whole.shape[1] // 2 :]
    assert looks_alike(part, expected)


def test_preview_is_a_png() -> None:
    assert render_png(scan(1), 0, dpi=50).startswith(b"\x89PNG")
