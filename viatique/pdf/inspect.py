"""Is this file a scan we can take? Refused whole with the reason, before anything is stored.

Loads every page but decodes none: decoding every image of a scan takes minutes. What is checked of
a page: its contents and images are streams that exist, images have a size, and a JPEG begins and
ends as one (a cut one lacks its end). Damage in the middle of a JPEG is not noticed here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymupdf

from viatique.errors import InvalidScan, ScanDefect, UnreadablePdf
from viatique.pdf.document import MUPDF_ERRORS, open_pdf

HEAD_BYTES = 1024
"""A PDF's first line lies within them (ISO 32000-1, annex H.3.4.1)."""
TAIL_BYTES = 2048
"""``startxref`` and ``%%EOF`` lie within them (the same, with room for trailing junk)."""
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
"""SOI and EOI markers (ITU-T T.81, annex B)."""
JPEG_TAIL_BYTES = 64
"""EOI lies within them: scanners pad streams with a few bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """One page as seen, /Rotate honoured.

    Attributes:
        is_readable: its content could be loaded; a page that could not spoils its copy only.
    """

    width_pt: float
    height_pt: float
    is_readable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFacts:
    """What is known of a sound scan."""

    pages: tuple[PageFacts, ...]


def inspect_scan(path: Path, *, max_bytes: int, max_pages: int) -> ScanFacts:
    """The facts of a scan that can be taken.

    Raises:
        InvalidScan: not a PDF by its content, encrypted, truncated, without pages, too large, or
            with too many pages; ``page`` is 1-based where one is meant.
    """
    _check_bytes(path, max_bytes)
    try:
        with open_pdf(path) as document:
            _check_document(document, max_pages)
            return ScanFacts(pages=tuple(_facts(document)))
    except UnreadablePdf:
        raise _refused(ScanDefect.TRUNCATED, "its structure is broken") from None


def page_facts(path: Path) -> tuple[PageFacts, ...]:
    """The pages of a scan that was inspected before.

    Raises:
        InvalidScan: a page is broken.
        UnreadablePdf: the file cannot be opened.
    """
    with open_pdf(path) as document:
        return tuple(_facts(document))


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
    if document.page_count == 0:
        raise _refused(ScanDefect.EMPTY, "it has no pages")
    if document.page_count > max_pages:
        raise _refused(ScanDefect.TOO_MANY_PAGES, f"it has more than {max_pages} pages")


def _facts(document: pymupdf.Document) -> Iterator[PageFacts]:
    for number in range(document.page_count):
        try:
            page = document[number]
        except MUPDF_ERRORS:
            raise _refused(ScanDefect.UNREADABLE_PAGE, "a page is broken", number + 1) from None
        seen = page.rect
        yield PageFacts(
            width_pt=seen.width, height_pt=seen.height, is_readable=_is_readable(document, page)
        )


def _is_readable(document: pymupdf.Document, page: pymupdf.Page) -> bool:
    try:
        contents = page.get_contents()
        return (
            bool(contents)
            and all(document.xref_is_stream(xref) for xref in contents)
            and all(_is_whole_image(document, image) for image in page.get_images())
        )
    except MUPDF_ERRORS:
        return False


def _is_whole_image(document: pymupdf.Document, image: tuple[int | str, ...]) -> bool:
    """Whether an image of ``Page.get_images`` can be there at all; its pixels are not decoded."""
    xref, _mask, width, height = (int(value) for value in image[:4])
    if not document.xref_is_stream(xref) or width < 1 or height < 1:
        return False
    if image[8] != "DCTDecode":
        return True
    data = document.xref_stream_raw(xref) or b""
    return data.startswith(JPEG_START) and JPEG_END in data[-JPEG_TAIL_BYTES:]


def _refused(defect: ScanDefect, why: str, page: int | None = None) -> InvalidScan:
    place = f" (page {page})" if page else ""
    return InvalidScan(
        f"The scan is refused whole: {why}{place}.",
        next_step="Scan or export it again; nothing was stored.",
        defect=defect,
        page=page,
    )
