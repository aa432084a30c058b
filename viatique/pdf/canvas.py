"""Drawings of a page gathered into one content stream, for it costs time and bytes by the stream.

Knows lines, rectangles and encoded text, upright pages only; what is drawn where is decided
elsewhere. Coordinates are points from the page's top left, y down.
"""

import functools
from collections.abc import Iterable, Sequence

import pymupdf

from viatique.geometry import Box

Color = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""

BASE_FONTS = {
    "helv": "/BaseFont/Helvetica/Encoding/WinAnsiEncoding",
    "hebo": "/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding",
    "symb": "/BaseFont/Symbol",
}
"""Fonts every reader has; nothing of them is embedded."""
EMBEDDED = "cjk"
"""Droid Sans Fallback, inside PyMuPDF: Cyrillic, CJK, most signs the others lack."""


@functools.cache
def embedded_font() -> pymupdf.Font:
    """The font for what base fonts cannot write."""
    return pymupdf.Font(EMBEDDED)


class Canvas:
    """What is drawn on one page, in order; nothing reaches a document before ``write_canvas``.

    Args:
        width: of the page, in points.
        height: of the page, in points.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self.fonts: set[str] = set()
        self.opacities: set[int] = set()
        self._operators: list[str] = []

    @property
    def is_empty(self) -> bool:
        return not self._operators

    def content(self) -> bytes:
        """The page's operators, as the PDF has them."""
        return "\n".join(self._operators).encode("ascii")

    def text(
        self, x: float, y: float, encoded: bytes, *, font: str, size: float, color: Color
    ) -> None:
        """Text in a font's own codes; (x, y) is the left end of its baseline."""
        self.fonts.add(font)
        place = f"{x:.2f} {self.height - y:.2f} Td"
        font_and_color = f"/{font} {size:g} Tf {_numbers(color)} rg"
        self._operators.append(f"BT {font_and_color} {place} <{encoded.hex()}> Tj ET")

    def line(self, points: Sequence[tuple[float, float]], *, color: Color, width: float) -> None:
        """An open line through two points or more."""
        path = " l ".join(f"{x:.2f} {self.height - y:.2f}" for x, y in points)
        start, _, rest = path.partition(" l ")
        drawn = f"{start} m {rest} l S"
        self._operators.append(f"q 1 J 1 j {width:g} w {_numbers(color)} RG {drawn} Q")

    def rectangle(
        self,
        box: Box,
        *,
        color: Color | None = None,
        fill: Color | None = None,
        width: float = 1.0,
        opacity: float = 1.0,
    ) -> None:
        """A rectangle, filled with ``opacity`` in [0, 1], stroked opaque; or either of them."""
        parts = ["q"]
        if fill is not None:
            percent = round(opacity * 100)
            self.opacities.add(percent)
            parts.append(f"/o{percent} gs {_numbers(fill)} rg")
        if color is not None:
            parts.append(f"{width:g} w {_numbers(color)} RG")
        corner = f"{box.x0:.2f} {self.height - box.y1:.2f}"
        parts.append(f"{corner} {box.width:.2f} {box.height:.2f} re")
        parts.append("B" if fill and color else "f" if fill else "S")
        self._operators.append(" ".join([*parts, "Q"]))


class FontTable:
    """The fonts a document has so far, each in it once.

    Args:
        document: the PDF being made.
    """

    def __init__(self, document: pymupdf.Document) -> None:
        self.document = document
        self._xrefs: dict[str, int] = {}

    @property
    def has_embedded(self) -> bool:
        return EMBEDDED in self._xrefs

    def xref(self, name: str, page: pymupdf.Page) -> int:
        """The font's object number, the font being added first where the document lacks it."""
        if name not in self._xrefs:
            self._xrefs[name] = self._embedded(page) if name == EMBEDDED else self._base(name)
        return self._xrefs[name]

    def _base(self, name: str) -> int:
        return _new_object(self.document, f"<</Type/Font/Subtype/Type1{BASE_FONTS[name]}>>")

    def _embedded(self, page: pymupdf.Page) -> int:
        """Whole for now: ``subset_fonts`` takes out what is not used."""
        page.insert_font(fontname=EMBEDDED, fontbuffer=embedded_font().buffer)
        return next(int(font[0]) for font in page.get_fonts() if font[4] == EMBEDDED)


def write_canvas(page: pymupdf.Page, canvas: Canvas, fonts: FontTable) -> None:
    """Puts a canvas over what an upright page shows; does nothing for an empty one."""
    if canvas.is_empty:
        return
    document = fonts.document
    for name in sorted(canvas.fonts):
        _set_resource(document, page.xref, f"Font/{name}", f"{fonts.xref(name, page)} 0 R")
    for percent in sorted(canvas.opacities):
        _set_resource(document, page.xref, f"ExtGState/o{percent}", f"<</ca {percent / 100:g}>>")
    stream = _new_object(document, "<<>>")
    document.update_stream(stream, canvas.content())
    streams = _references([*page.get_contents(), stream])
    document.xref_set_key(page.xref, "Contents", f"[{streams}]")


def _set_resource(document: pymupdf.Document, page_xref: int, key: str, value: str) -> None:
    kind, reference = document.xref_get_key(page_xref, "Resources")
    if kind == "xref":
        document.xref_set_key(int(reference.split()[0]), key, value)
    else:
        document.xref_set_key(page_xref, f"Resources/{key}", value)


def _new_object(document: pymupdf.Document, value: str) -> int:
    xref = document.get_new_xref()
    document.update_object(xref, value)
    return xref


def _references(xrefs: Iterable[int]) -> str:
    return " ".join(f"{xref} 0 R" for xref in xrefs)


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:g}" for value in values)
