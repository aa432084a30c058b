"""Is this file a scan we can take? Refused whole with the reason, before anything is stored.

Loads every page but decodes none: decoding every image of a scan takes minutes. What is checked of
a page: its contents and images are streams that exist, images have a size, and a JPEG begins and
ends as one (a cut one lacks its end). Damage in the middle of a JPEG is not noticed here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pymupdf

from viatique.errors import InvalidScan, ScanDefect, UnreadablePdf
from viatique.pdf import jpeg
from viatique.pdf.document import (
    MUPDF_ERRORS,
    Image,
    StoredJpeg,
    document_of,
    image_bytes,
    is_jpeg,
    open_pdf,
)

HEAD_BYTES = 1024
"""A PDF's first line lies within them (ISO 32000-1, annex H.3.4.1)."""
TAIL_BYTES = 2048
"""``startxref`` and ``%%EOF`` lie within them (the same, with room for trailing junk)."""
JPEG_TAIL_BYTES = 64
"""EOI lies within them: scanners pad streams with a few bytes."""


MIN_SIDE_PT, MAX_SIDE_PT = 36, 3400
"""Half an inch, and A0: nobody scans exams on anything smaller or larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """One page as seen, /Rotate honoured.

    Attributes:
        dpi: resolution of its pictures taken together; infinite when it has none.
        is_readable: its content could be loaded; a page that could not spoils its copy only.
        jpeg: its picture when it has one, a JPEG.
    """

    width_pt: float
    height_pt: float
    dpi: float
    is_readable: bool
    jpeg: StoredJpeg | None


def inspect_scan(path: Path, *, max_bytes: int, max_pages: int) -> int:
    """How many pages a scan has that can be taken.

    Raises:
        InvalidScan: not a PDF by its content, encrypted, truncated, without pages, too large, or
            with too many pages; ``page`` is 1-based where one is meant.
    """
    _check_bytes(path, max_bytes)
    try:
        with open_pdf(path) as document:
            _check_document(document, max_pages)
            for number in range(document.page_count):
                load_page(document, number)
            _check_document(document, max_pages)  # loading pages may show that it is broken
            return document.page_count
    except UnreadablePdf:
        raise _refused(ScanDefect.TRUNCATED, "its structure is broken") from None


def load_page(document: pymupdf.Document, number: int) -> pymupdf.Page:
    """A page (0-based) of a scan.

    Raises:
        InvalidScan: the page is broken.
    """
    try:
        return document[number]
    except MUPDF_ERRORS:
        raise _refused(ScanDefect.UNREADABLE_PAGE, "a page is broken", number + 1) from None


def page_facts(page: pymupdf.Page) -> PageFacts:
    """What its page object says of a page of a scan that was inspected before."""
    seen = page.rect
    images = page.get_images()
    pixels = sum(int(image[2]) * int(image[3]) for image in images)
    inches = seen.width * seen.height / 72**2
    jpegs = _jpegs(page, images)
    return PageFacts(
        width_pt=seen.width,
        height_pt=seen.height,
        dpi=math.sqrt(pixels / inches) if pixels else math.inf,
        is_readable=_is_paper(seen) and jpegs is not None,
        jpeg=StoredJpeg(image=images[0], data=jpegs[0]) if jpegs and len(images) == 1 else None,
    )


def _check_bytes(path: Path, max_bytes: int) -> None:
    size = path.stat().st_size
    if size > max_bytes:
        limit = max_bytes // (1024 * 1024)
        raise _refused(ScanDefect.TOO_LARGE, f"it is larger than {limit} MiB")
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(max(0, size - TAIL_BYTES))
        tail = stream.read()
    if b"%PDF-" not in head:
        raise _refused(ScanDefect.NOT_PDF, "it is not a PDF")
    if b"%%EOF" not in tail or b"startxref" not in tail:
        raise _refused(ScanDefect.TRUNCATED, "its end is missing")


def _check_document(document: pymupdf.Document, max_pages: int) -> None:
    if document.needs_pass or document.is_encrypted:
        raise _refused(ScanDefect.ENCRYPTED, "it is encrypted")
    if document.is_repaired:
        raise _refused(ScanDefect.TRUNCATED, "its structure is broken")
    if document.page_count < 1:
        raise _refused(ScanDefect.EMPTY, "it has no pages")
    if document.page_count > max_pages:
        raise _refused(ScanDefect.TOO_MANY_PAGES, f"it has more than {max_pages} pages")


def _is_paper(seen: pymupdf.Rect) -> bool:
    return (
        min(seen.width, seen.height) >= MIN_SIDE_PT and max(seen.width, seen.height) <= MAX_SIDE_PT
    )


def _jpegs(page: pymupdf.Page, images: Sequence[Image]) -> list[bytes] | None:
    """The JPEGs among the images of a page; None when the page or an image cannot be there."""
    document = document_of(page)
    try:
        contents = page.get_contents()
        is_there = bool(contents) and all(map(document.xref_is_stream, contents))
        if not is_there or not all(_is_image(document, image) for image in images):
            return None
        jpegs = [image_bytes(document, image) for image in images if is_jpeg(image)]
    except MUPDF_ERRORS:
        return None
    return jpegs if all(map(_is_whole, jpegs)) else None


def _is_image(document: pymupdf.Document, image: Image) -> bool:
    """Whether an image of ``Page.get_images`` can be there at all; its pixels are not decoded."""
    xref, _mask, width, height = (int(value) for value in image[:4])
    return document.xref_is_stream(xref) and width >= 1 and height >= 1


def _is_whole(data: bytes) -> bool:
    return data.startswith(jpeg.START) and jpeg.END in data[-JPEG_TAIL_BYTES:]


def _refused(defect: ScanDefect, why: str, page: int | None = None) -> InvalidScan:
    place = f"{why} (page {page})" if page else why
    return InvalidScan(
        f"The scan is refused whole: {place}.",
        next_step="Scan or export it again; nothing was stored.",
        defect=defect,
        page=page,
    )
