"""Prints the empty sheets: first page with an identity header, following pages with lines only.

Sizes are points on an A4 page, origin top left, y down; pictures are uint8 (height, width),
255 = white.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.models import FieldName

Picture = NDArray[np.uint8]

WIDTH_PT = 595.3
HEIGHT_PT = 841.9
FRAME = pymupdf.Rect(30, 22, 566, 182)
ENTRY_X = 146.0
"""Where writing starts in the header."""
ENTRY_END = 548.0
BOX_WIDTH = 20.0
BOX_HEIGHT = 22.0
LINE_STEP = 24.0
FIRST_LINE = 212.0
"""First ruled line below the header."""
FIRST_LINE_NEXT = FIRST_LINE - 5 * LINE_STEP
"""First ruled line of the pages without a header."""
LAST_LINE = 790.0
MARGIN_X = 88.0


class Form(StrEnum):
    """How the header wants to be filled in."""

    LINES = "lines"
    BOXED = "boxed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of the header.

    Attributes:
        baseline: of the writing.
        boxes: how many characters a boxed form takes.
    """

    name: FieldName
    label: str
    baseline: float
    boxes: int


ENTRIES = (
    Entry(name=FieldName.LAST_NAME, label="Nom de famille :", baseline=68, boxes=20),
    Entry(name=FieldName.FIRST_NAME, label="Prénom(s) :", baseline=102, boxes=20),
    Entry(name=FieldName.BIRTH_DATE, label="Né(e) le :", baseline=136, boxes=10),
)


def print_first_page(form: Form, dpi: int) -> Picture:
    """A sheet with the header nobody has written in yet."""
    page = _new_page(FIRST_LINE)
    page.draw_rect(FRAME, fill=(1, 1, 1), width=1.1)
    _print(page, (40, 34), "COPIE D'EXAMEN", 7.5)
    _print(page, (415, 34), "BAC BLANC", 8)
    for entry in ENTRIES:
        _print(page, (40, entry.baseline - 6), entry.label, 9.5)
        _draw_entry(page, entry, form)
    _print(page, (40, 166), "Épreuve :  Mathématiques      Session : 2027      Salle : ______", 8.5)
    return _picture(page, dpi)


def print_next_page(dpi: int) -> Picture:
    """A sheet with nothing but its lines."""
    return _picture(_new_page(FIRST_LINE_NEXT), dpi)


def _new_page(first_line: float) -> pymupdf.Page:
    page = pymupdf.open().new_page(width=WIDTH_PT, height=HEIGHT_PT)
    y = first_line
    while y <= LAST_LINE:
        page.draw_line((36, y), (WIDTH_PT - 24, y), color=(0.8, 0.8, 0.8), width=0.4)
        y += LINE_STEP
    page.draw_line((MARGIN_X, 0), (MARGIN_X, HEIGHT_PT), color=(0.82, 0.82, 0.82), width=0.5)
    return page


def _draw_entry(page: pymupdf.Page, entry: Entry, form: Form) -> None:
    if form is Form.LINES:
        start, end = (ENTRY_X - 2, entry.baseline), (ENTRY_END, entry.baseline)
        page.draw_line(start, end, color=(0.3, 0.3, 0.3), width=0.6)
        return
    for index in range(entry.boxes):
        left = ENTRY_X + index * BOX_WIDTH
        top = entry.baseline - BOX_HEIGHT + 4
        box = pymupdf.Rect(left, top, left + BOX_WIDTH - 2, top + BOX_HEIGHT)
        page.draw_rect(box, color=(0.4, 0.4, 0.4), width=0.6)


def _print(page: pymupdf.Page, where: tuple[float, float], text: str, size: float) -> None:
    page.insert_text(where, text, fontname="helv", fontsize=size)


def _picture(page: pymupdf.Page, dpi: int) -> Picture:
    pixmap = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
    return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width).copy()
