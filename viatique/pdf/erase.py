"""Pages are taken out of a scan for good; those that stay keep their numbers and their bytes."""

from collections.abc import Mapping
from pathlib import Path

import pymupdf

from viatique.models import Half
from viatique.pdf.cut import save_finished
from viatique.pdf.document import open_pdf
from viatique.pdf.render import whiten

HALF_DPI = 200
"""Resolution of a side of which only one half goes: the other is kept as a picture."""
KEPT = {"Type", "Parent", "MediaBox", "CropBox", "Rotate"}
CATALOGUE = ("Names", "Outlines", "AcroForm", "OpenAction", "StructTreeRoot", "PieceInfo", "AA")
"""What a document holds beside its pages, which may repeat what is on them."""


def without_pages(scan: Path, erased: Mapping[int, frozenset[Half]], target: Path) -> None:
    """Writes the scan with pages made blank.

    Args:
        scan: a PDF.
        erased: 0-based pages, and which part of each goes.
        target: the file to write.

    Raises:
        UnreadablePdf: it cannot be opened or worked on.
    """
    with open_pdf(scan) as document:
        for number, halves in erased.items():
            is_whole = Half.WHOLE in halves or len(halves) == 2
            if is_whole:
                _blank(document, document[number])
            else:
                _blank_half(document, number, next(iter(halves)))
        document.set_metadata({})
        document.del_xml_metadata()
        for key in CATALOGUE:
            document.xref_set_key(document.pdf_catalog(), key, "null")
        save_finished(document, target)


def _blank(document: pymupdf.Document, page: pymupdf.Page) -> None:
    for key in set(document.xref_get_keys(page.xref)) - KEPT:
        document.xref_set_key(page.xref, key, "null")
    document.xref_set_key(page.xref, "Resources", "<<>>")


def _blank_half(document: pymupdf.Document, number: int, half: Half) -> None:
    page = document[number]
    seen = page.rect
    picture = page.get_pixmap(dpi=HALF_DPI)
    middle = picture.width // 2
    left, right = (0, middle) if half is Half.LEFT else (middle, picture.width)
    whiten(picture, pymupdf.IRect(left, 0, right, picture.height))
    document.delete_page(number)
    fresh = document.new_page(number, width=seen.width, height=seen.height)
    fresh.insert_image(fresh.rect, stream=picture.tobytes("jpeg"))
