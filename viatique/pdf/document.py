"""Opening PDFs: MuPDF's own errors become ours here, and its chatter never reaches a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymupdf
from pymupdf import mupdf

from viatique.errors import FinalError, UnreadablePdf

pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003  # its only parameter
pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003

MUPDF_ERRORS = (mupdf.FzErrorBase, RuntimeError, ValueError, IndexError, MemoryError)
"""What PyMuPDF raises on broken documents: MuPDF's own tree, and plain errors of its wrappers.

A document may lose pages while they are loaded: then one is out of its range.
"""

Image = tuple[int | str, ...]
"""An entry of ``Page.get_images``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJpeg:
    """The one picture of a page, a JPEG: its entry in ``Page.get_images``, and its bytes."""

    image: Image
    data: bytes


@contextmanager
def open_pdf(source: Path | bytes | memoryview) -> Iterator[pymupdf.Document]:
    """An open PDF for as long as the block lasts; what MuPDF raises inside becomes ours.

    Raises:
        UnreadablePdf: it cannot be opened or worked on.
    """
    try:
        document = (
            pymupdf.open(source, filetype="pdf")
            if isinstance(source, Path)
            else pymupdf.open(stream=source, filetype="pdf")
        )
        with document:
            yield document
    except FinalError:
        raise
    except MUPDF_ERRORS as error:
        raise UnreadablePdf(f"A PDF cannot be worked on ({type(error).__name__}).") from None


def document_of(page: pymupdf.Page) -> pymupdf.Document:
    """The open document a page belongs to.

    Raises:
        UnreadablePdf: it was closed.
    """
    if page.parent is None:
        raise UnreadablePdf("A page of a closed document was asked for.")
    return page.parent


def is_jpeg(image: Image) -> bool:
    return image[8] == "DCTDecode"


def image_bytes(document: pymupdf.Document, image: Image) -> bytes:
    """An image as it is stored, compressed; empty when there is none."""
    return document.xref_stream_raw(int(image[0])) or b""
