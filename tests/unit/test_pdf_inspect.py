"""A scan is refused whole with its reason, or taken with the pages that cannot be read named."""

from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from tests.unit.pdf_factories import A3_PT, scan
from viatique.errors import InvalidScan, ScanDefect
from viatique.pdf.document import open_pdf
from viatique.pdf.inspect import PageFacts, inspect_scan, load_page, page_facts

MIB = 1024 * 1024


def inspected(folder: Path, data: bytes, *, max_bytes: int = 100 * MIB, max_pages: int = 50) -> int:
    path = folder / "DUPONT Marie.pdf"
    path.write_bytes(data)
    return inspect_scan(path, max_bytes=max_bytes, max_pages=max_pages)


def facts_of(data: bytes) -> list[PageFacts]:
    with open_pdf(data) as document:
        return [page_facts(load_page(document, number)) for number in range(len(document))]


def protected(password: str) -> bytes:
    with pymupdf.open(stream=scan(2)) as document:
        return document.tobytes(
            encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=password, owner_pw="owner"
        )


def without_pages() -> bytes:
    """PyMuPDF writes no such file, so the page tree of a saved one is emptied, length kept."""
    data = scan(1)
    start = data.index(b"/Kids[")
    end = data.index(b"]", start)
    emptied = data[:start] + b"/Kids[" + b" " * (end - start - 6) + data[end:]
    return emptied.replace(b"/Count 1", b"/Count 0")


def cut_in_the_middle() -> bytes:
    data = scan(5)
    return data[: len(data) // 3] + data[len(data) // 2 :]


@pytest.mark.parametrize(
    ("data", "defect"),
    [
        (b"", ScanDefect.NOT_PDF),
        (b"\x89PNG\r\n\x1a\n" + bytes(3000), ScanDefect.NOT_PDF),
        (b"%PDF-1.7\nnothing\nstartxref\n9\n%%EOF", ScanDefect.TRUNCATED),
        (scan(5)[:-10], ScanDefect.TRUNCATED),
        (scan(5)[: len(scan(5)) // 2], ScanDefect.TRUNCATED),
        (cut_in_the_middle(), ScanDefect.TRUNCATED),
        (protected("secret"), ScanDefect.ENCRYPTED),
        (without_pages(), ScanDefect.EMPTY),
    ],
    ids=["empty file", "png", "no objects", "no end", "half", "hole", "encrypted", "no pages"],
)
def test_file_that_is_no_whole_scan_is_refused(
    tmp_path: Path, data: bytes, defect: ScanDefect
) -> None:
    with pytest.raises(InvalidScan) as refused:
        inspected(tmp_path, data)
    assert refused.value.defect is defect
    assert "DUPONT" not in str(refused.value)


def test_limits_are_those_given(tmp_path: Path) -> None:
    with pytest.raises(InvalidScan) as too_large:
        inspected(tmp_path, scan(1), max_bytes=100)
    with pytest.raises(InvalidScan) as too_many:
        inspected(tmp_path, scan(4), max_pages=3)
    assert too_large.value.defect is ScanDefect.TOO_LARGE
    assert too_many.value.defect is ScanDefect.TOO_MANY_PAGES


def test_pdf_anyone_may_open_is_taken_though_it_has_an_owner(tmp_path: Path) -> None:
    assert inspected(tmp_path, protected("")) == 2


@pytest.mark.parametrize(("rotate", "is_wide"), [(0, True), (90, False), (180, True), (270, False)])
def test_sizes_are_those_people_see(rotate: int, *, is_wide: bool) -> None:
    width, height = A3_PT
    (page,) = facts_of(scan(1, width=width, height=height, rotate=rotate))
    assert (page.width_pt > page.height_pt) is is_wide


Break = Callable[[pymupdf.Document, pymupdf.Page], None]


def _lose_contents(document: pymupdf.Document, page: pymupdf.Page) -> None:
    document.xref_set_key(page.xref, "Contents", "999 0 R")


def _lose_image(document: pymupdf.Document, page: pymupdf.Page) -> None:
    document.update_object(page.get_images()[0][0], "<</Type/XObject/Subtype/Image>>")


def _lose_page(document: pymupdf.Document, page: pymupdf.Page) -> None:
    document.update_object(page.xref, "null")


def _cut_jpeg(document: pymupdf.Document, page: pymupdf.Page) -> None:
    _replace_jpeg(document, page, lambda data: data[: len(data) // 2])


def _spoil_jpeg(document: pymupdf.Document, page: pymupdf.Page) -> None:
    _replace_jpeg(document, page, lambda data: b"\x00" * len(data))


def _replace_jpeg(
    document: pymupdf.Document, page: pymupdf.Page, change: Callable[[bytes], bytes]
) -> None:
    xref = page.get_images()[0][0]
    document.update_stream(xref, change(document.xref_stream_raw(xref)), compress=False)
    document.xref_set_key(xref, "Filter", "/DCTDecode")


@pytest.mark.parametrize(
    "damage", [_lose_contents, _lose_image, _lose_page, _cut_jpeg, _spoil_jpeg]
)
def test_page_that_cannot_be_read_is_named_and_the_file_is_taken(
    tmp_path: Path, damage: Break
) -> None:
    with pymupdf.open(stream=scan(3)) as document:
        damage(document, document[1])
        data = document.tobytes()
    assert inspected(tmp_path, data) == 3
    assert [page.is_readable for page in facts_of(data)] == [True, False, True]


def test_mupdf_says_nothing_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidScan):
        inspected(tmp_path, cut_in_the_middle())
    assert capfd.readouterr() == ("", "")
