"""Text on final PDFs: measured, wrapped whole, drawn; nothing is cut and nothing makes it fail.

What Windows-1252 can write uses Helvetica, Greek and mathematical signs use Symbol; every reader
has both, so they cost no bytes. The rest uses an embedded subset of the fallback font, or a visible
box where that has no glyph either.
"""

import functools
import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pymupdf

from viatique.pdf.canvas import EMBEDDED, Canvas, Color, embedded_font

BLACK: Color = (0.1, 0.1, 0.12)
LEADING = 1.3
"""Line distance in font sizes."""
MISSING = "□"
SYMBOL = "symb"
SYMBOL_CODES = {
    character: code
    for first, characters in (
        (0x22, "∀"), (0x24, "∃"), (0x27, "∋"), (0x2D, "−"),
        (0x40, "≅ΑΒΧ∆ΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥς\u2126ΞΨΖ"),
        (0x5C, "∴"), (0x5E, "⊥"), (0x61, "αβχδεφγηιϕκλ"), (0x6E, "νοπθρστυϖωξψζ"), (0xA2, "′≤"),
        (0xA5, "∞"), (0xAB, "↔←↑→↓"), (0xB2, "″≥"), (0xB5, "∝∂"), (0xB9, "≠≡≈"),
        (0xC4, "⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇"), (0xD5, "∏√⋅"), (0xD9, "∧∨⇔⇐⇑⇒⇓◊"), (0xE5, "∑"), (0xF2, "∫"),
    )
    for code, character in enumerate(characters, start=first)
}  # fmt: skip
"""Symbol's own encoding, where text extraction gives the same character back."""
REPLACED = {
    "…": "...", "\u00a0": " ", "\u202f": " ", "\u200b": "", "\ufeff": "",
    "\u0394": "\u2206", "\u03a9": "\u2126", "\u03bc": "\u00b5", "\u203e": "\u00af",
    "\u11a8": MISSING, "\u20a9": MISSING, "\ufffd": MISSING,
}  # fmt: skip
"""Characters that line breaking would trip over, or with a twin that is extracted instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a line looks; size in points."""

    size: float = 10.0
    is_bold: bool = False
    color: Color = BLACK

    @property
    def leading(self) -> float:
        return self.size * LEADING


def cleaned(text: str) -> str:
    """The text as it will be drawn: composed, no control characters, one kind of space."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(REPLACED.get(character, character) for character in composed)
    return "".join(" " if _is_control(character) else _drawable(character) for character in kept)


def width_of(text: str, style: Style) -> float:
    """Points the text takes on one line."""
    return style.size * sum(_advance(character, is_bold=style.is_bold) for character in text)


def wrapped(text: str, width: float, style: Style) -> list[str]:
    """The text in lines of at most ``width`` points; words too long for a line are broken."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        lines.extend(_wrapped_paragraph(cleaned(paragraph), width, style))
    return lines


def draw(canvas: Canvas, x: float, y: float, text: str, style: Style) -> None:
    """Draws one cleaned line; (x, y) is the left end of its baseline, in points."""
    for name, run in _runs(text):
        font = "hebo" if name == "helv" and style.is_bold else name
        canvas.text(x, y, _encoded(name, run), font=font, size=style.size, color=style.color)
        x += width_of(run, style)


def draw_lines(canvas: Canvas, x: float, top: float, lines: list[str], style: Style) -> float:
    """Draws lines one below the other; returns the y below the last."""
    for number, line in enumerate(lines):
        draw(canvas, x, top + style.size + number * style.leading, line, style)
    return top + len(lines) * style.leading


def _wrapped_paragraph(text: str, width: float, style: Style) -> Iterator[str]:
    line: list[str] = []
    used, space = 0.0, width_of(" ", style)
    for word in text.split():
        taken = width_of(word, style)
        if line and used + space + taken > width:
            yield " ".join(line)
            line, used = [], 0.0
        if taken > width:
            *full, word = _broken(word, width, style)  # noqa: PLW2901  # its end starts a line
            yield from full
            taken = width_of(word, style)
        used += taken + (space if line else 0.0)
        line.append(word)
    yield " ".join(line)


def _broken(word: str, width: float, style: Style) -> list[str]:
    """A word in parts of at most ``width`` points, or of one character where that is wider."""
    parts, used = [""], 0.0
    for character in word:
        advance = width_of(character, style)
        if parts[-1] and used + advance > width:
            parts.append("")
            used = 0.0
        parts[-1] += character
        used += advance
    return parts


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """The text cut into stretches of one font."""
    for name, characters in itertools.groupby(text, key=_font_name):
        yield name, "".join(characters)


@functools.cache
def _font_name(character: str) -> str:
    if _is_cp1252(character):
        return "helv"
    return SYMBOL if character in SYMBOL_CODES else EMBEDDED


def _encoded(name: str, run: str) -> bytes:
    """The codes a font has for these characters: glyph numbers for the embedded one."""
    if name == "helv":
        return run.encode("cp1252")
    if name == SYMBOL:
        return bytes(SYMBOL_CODES[character] for character in run)
    glyphs = (embedded_font().has_glyph(ord(character)) for character in run)
    return b"".join(glyph.to_bytes(2, "big") for glyph in glyphs)


@functools.cache
def _font(name: str) -> pymupdf.Font:
    return embedded_font() if name == EMBEDDED else pymupdf.Font(name)


@functools.cache
def _advance(character: str, *, is_bold: bool) -> float:
    """Width of a character in font sizes; no font here kerns, so a line is as wide as their sum."""
    name = _font_name(character)
    return _font("hebo" if is_bold and name == "helv" else name).glyph_advance(ord(character))


@functools.cache
def _is_cp1252(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


@functools.cache
def _drawable(character: str) -> str:
    if _font_name(character) != EMBEDDED or embedded_font().has_glyph(ord(character)):
        return character
    return MISSING


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
