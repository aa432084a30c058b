"""The quick look at a side shows what drawing it shows, whatever way its picture is stored."""

from collections.abc import Callable

import cv2
import numpy as np
import pymupdf
import pytest

from tests.unit.pdf_factories import Picture, jpeg, ruled_page, scan_of
from viatique.pdf import glance as module
from viatique.pdf.glance import GLANCE_DPI, TOP_PART, glance, glimpse
from viatique.pdf.jpeg import JpegFrame, grey_scan, jpeg_frame
from viatique.pdf.render import grey

A4 = pymupdf.Rect(0, 0, 595, 842)
PAGE = cv2.resize(ruled_page(), (826, 1169), interpolation=cv2.INTER_AREA)
PAGE[:90, :160] = 20


def side(
    data: bytes, *, at: pymupdf.Rect = A4, rotate: int = 0, keys: dict[str, str] | None = None
) -> pymupdf.Page:
    """An A4 page with one picture."""
    document = pymupdf.open()
    page = document.new_page(width=A4.width, height=A4.height)
    xref = page.insert_image(at, stream=data)
    for key, value in (keys or {}).items():
        document.xref_set_key(xref, key, value)
    page.set_rotation(rotate)
    return document.reload_page(page)


def png(picture: Picture) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def with_orientation(data: bytes) -> bytes:
    """The JPEG with an EXIF entry saying it lies on its side, which PDF does not heed."""
    exif = (
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # orientation 6
    )
    return data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif + data[2:]


def in_cmyk() -> bytes:
    document = pymupdf.open()
    page = document.new_page(width=200, height=283)
    page.insert_image(page.rect, stream=jpeg(PAGE))
    pixels = pymupdf.Pixmap(pymupdf.csCMYK, page.get_pixmap())
    return pixels.tobytes("jpeg")


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("width", [413, 826, 1240], ids=["50 dpi", "100 dpi", "150 dpi"])
def test_jpeg_that_fills_its_page_is_seen_without_drawing(
    monkeypatch: pytest.MonkeyPatch, width: int, rotate: int
) -> None:
    picture = cv2.resize(PAGE, (width, round(width * 842 / 595)), interpolation=cv2.INTER_AREA)
    page = side(jpeg(picture), rotate=rotate)
    drawn = grey(page, dpi=GLANCE_DPI)
    monkeypatch.setattr(module, "grey", None)
    assert_same(glance(page), drawn)


@pytest.mark.parametrize(
    "make",
    [
        lambda: side(png(PAGE)),
        lambda: side(jpeg(PAGE), at=pymupdf.Rect(40, 40, 400, 550)),
        lambda: side(jpeg(PAGE), keys={"Decode": "[1 0]"}),
        lambda: side(with_orientation(jpeg(PAGE))),
        lambda: side(in_cmyk()),
        lambda: pymupdf.open(stream=scan_of([PAGE], cropbox="[100 100 500 700]"))[0],
        lambda: pymupdf.open(stream=scan_of([PAGE], mediabox="[-10 -10 585 832]"))[0],
        lambda: pymupdf.open().new_page(width=595, height=842),
    ],
    ids=["png", "part", "inverted", "exif", "cmyk", "cropbox", "mediabox", "empty"],
)
def test_any_other_side_is_seen_as_it_is_drawn(make: Callable[[], pymupdf.Page]) -> None:
    page = make()
    assert_same(glance(page), grey(page, dpi=GLANCE_DPI))


def assert_same(found: Picture, drawn: Picture) -> None:
    """Of one size within a pixel, and alike but for how edges are smoothed."""
    assert max(abs(a - b) for a, b in zip(found.shape, drawn.shape, strict=True)) <= 1
    height, width = (min(a, b) for a, b in zip(found.shape, drawn.shape, strict=True))
    first, second = (cv2.blur(one[:height, :width], (5, 5)) for one in (found, drawn))
    difference = cv2.absdiff(first, second)
    assert float(np.mean(difference)) < 6


def test_frame_of_a_jpeg_is_read_from_its_head() -> None:
    assert jpeg_frame(jpeg(PAGE)) == JpegFrame(width=826, height=1169, components=1)
    coloured = cv2.imencode(".jpg", cv2.cvtColor(PAGE, cv2.COLOR_GRAY2BGR))[1].tobytes()
    assert jpeg_frame(coloured) == JpegFrame(width=826, height=1169, components=3)
    assert jpeg_frame(jpeg(PAGE)[:2] + b"\xff" + jpeg(PAGE)[2:]) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        jpeg(PAGE)[:12],
        b"\xff\xd8" + b"\xff\xda" + bytes(20),
        b"\xff\xd8" + bytes(50),
    ],
    ids=["nothing", "start", "cut", "scan first", "zeros"],
)
def test_what_is_no_jpeg_has_no_frame(data: bytes) -> None:
    assert jpeg_frame(data) is None


def written(width: int, **ways: int) -> bytes:
    """A page with grain and words down to its last line, at any width, coded in some way."""
    page = ruled_page()
    page = np.clip(page + np.random.default_rng(0).normal(0, 3, page.shape), 0, 255)
    size = (width, round(width * 842 / 595))
    picture = cv2.resize(page.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    codes = [code for name, value in ways.items() for code in (getattr(cv2, name), value)]
    return cv2.imencode(".jpg", picture, codes)[1].tobytes()


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("optimized", [0, 1])
@pytest.mark.parametrize("width", [1243, 1654, 2480])
def test_top_and_foot_are_what_all_of_a_side_shows(
    quality: int, optimized: int, width: int
) -> None:
    page = side(written(width, IMWRITE_JPEG_QUALITY=quality, IMWRITE_JPEG_OPTIMIZE=optimized))
    whole, parts = glance(page), glimpse(page)
    assert parts is not None
    assert parts.height == pytest.approx(len(whole), abs=1)
    assert len(parts.top) == pytest.approx(TOP_PART * len(whole), abs=4)
    assert_same(parts.top, whole[: len(parts.top)])
    small, larger, largest = parts.feet
    assert len(small) < len(larger) < len(largest)
    assert len(largest) > 3 * len(small)
    for part in (small, larger, largest):
        rows, columns = (min(a, b) for a, b in zip(part.shape, whole.shape, strict=True))
        assert rows >= 5
        foot, last = (cv2.blur(one[-rows:, :columns], (9, 9)).astype(int) for one in (part, whole))
        shift = round(float(np.median(last - foot)))
        assert float(np.mean(abs(np.clip(last - shift, 0, 255) - foot))) < 6


@pytest.mark.parametrize(
    "make",
    [
        lambda: side(written(1240, IMWRITE_JPEG_PROGRESSIVE=1)),
        lambda: side(written(1240, IMWRITE_JPEG_RST_INTERVAL=8)),
        lambda: side(written(1240), rotate=180),
        lambda: side(written(1240), at=pymupdf.Rect(40, 40, 400, 550)),
        lambda: side(png(PAGE)),
        lambda: side(in_cmyk()),
        lambda: side(cv2.imencode(".jpg", cv2.cvtColor(PAGE, cv2.COLOR_GRAY2BGR))[1].tobytes()),
    ],
    ids=["progressive", "restarts", "turned", "part", "png", "cmyk", "coloured"],
)
def test_side_that_cannot_be_seen_in_parts_is_not(make: Callable[[], pymupdf.Page]) -> None:
    assert glimpse(make()) is None


@pytest.mark.parametrize(
    "data",
    [jpeg(np.full((2339, 1654), 245, np.uint8)), written(1240)[:2000] + b"\xff\xd9"],
    ids=["white", "cut"],
)
def test_side_of_too_few_bytes_has_no_foot(data: bytes) -> None:
    seen = glimpse(side(data))
    assert seen is not None
    assert not list(seen.feet)


@pytest.mark.parametrize("data", [b"", jpeg(PAGE)[:300], b"\xff\xd8\xff\xda" + bytes(20)])
def test_what_is_no_grey_jpeg_has_no_parts(data: bytes) -> None:
    assert grey_scan(data) is None
