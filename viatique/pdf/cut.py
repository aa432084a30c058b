"""Cuts a copy's own PDF out of a scan: the same image bytes, nothing drawn anew.

Only pages and what they show are taken: no metadata, links, annotations, forms or scripts.
"""

from collections.abc import Sequence
from pathlib import Path

import pymupdf
from pymupdf import mupdf

from viatique.models import Half, Placement
from viatique.pdf.inert import make_inert

BUFFER_BYTES = 1 << 20
"""A copy of four pages has half of it; a buffer grows."""


def cut_copy(scan: pymupdf.Document, placements: Sequence[Placement]) -> bytes:
    """The PDF of one copy; the same placements give the same bytes.

    Halves are shown by CropBox and share one image; a turned page is turned by /Rotate.

    Args:
        scan: the open scan.
        placements: the copy's pages in reading order.
    """
    return cut_pages([(scan, placement) for placement in placements])


def cut_pages(pages: Sequence[tuple[pymupdf.Document, Placement]]) -> bytes:
    """The PDF of a copy whose pages lie in any number of open scans; as ``cut_copy``."""
    with pymupdf.open() as copy:
        for scan, placement in pages:
            _add_page(copy, scan, placement)
        copy.set_metadata({})
        copy.del_xml_metadata()
        make_inert(copy)
        return finished_bytes(copy)


def finished_bytes(document: pymupdf.Document) -> bytes:
    """The document's bytes, the same each time: unused objects gone, no file id that changes.

    Written into a buffer of MuPDF: ``Document.tobytes`` calls Python for every few bytes.
    """
    buffer = mupdf.FzBuffer(BUFFER_BYTES)
    output = mupdf.FzOutput(buffer)
    mupdf.pdf_write_document(_without_id(document), output, _finished())
    output.fz_close_output()
    return mupdf.fz_buffer_extract_copy(buffer)


def save_finished(document: pymupdf.Document, path: Path) -> None:
    """Writes the same bytes to a file: a whole scan need not fit into memory."""
    mupdf.pdf_save_document(_without_id(document), str(path), _finished())


def _without_id(document: pymupdf.Document) -> mupdf.PdfDocument:
    document.xref_set_key(-1, "ID", "null")
    return mupdf.pdf_document_from_fz_document(document.this)


def _finished() -> mupdf.PdfWriteOptions:
    options = mupdf.PdfWriteOptions()
    options.do_garbage, options.do_compress, options.do_use_objstms = 3, 1, 1
    options.dont_regenerate_id, options.do_encrypt = 1, mupdf.PDF_ENCRYPT_NONE
    return options


def _add_page(copy: pymupdf.Document, scan: pymupdf.Document, placement: Placement) -> None:
    copy.insert_pdf(
        scan,
        from_page=placement.source_page,
        to_page=placement.source_page,
        links=False,
        annots=False,
        widgets=False,
        # the graft map is kept, so that both halves of a side share its image
        final=False,
    )
    if placement.half is Half.WHOLE and not placement.turn:
        return
    page = copy[-1]
    if placement.half is not Half.WHOLE:
        page.set_cropbox(_half_box(page, placement.half))
    if placement.turn:
        page.set_rotation((page.rotation + placement.turn) % 360)


def _half_box(page: pymupdf.Page, half: Half) -> pymupdf.Rect:
    """The half as seen, in the unrotated coordinates of the page's MediaBox."""
    seen = page.rect
    middle = seen.width / 2
    part = (
        pymupdf.Rect(0, 0, middle, seen.height)
        if half is Half.LEFT
        else pymupdf.Rect(middle, 0, seen.width, seen.height)
    )
    box = (part * page.derotation_matrix).normalize()
    origin = page.cropbox_position
    return pymupdf.Rect(box.x0 + origin.x, box.y0 + origin.y, box.x1 + origin.x, box.y1 + origin.y)
