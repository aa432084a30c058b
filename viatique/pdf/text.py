"""Text on final PDFs: measured, wrapped whole, drawn; nothing is cut and nothing makes it fail.

What Windows-1252 can write uses Helvetica, which every reader has, so it costs no bytes; the rest
uses an embedded subset of the fallback font, or a visible box where that has no glyph either.
"""

import functools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pymupdf

Color = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""

BLACK: Color = (0.1, 0.1, 0.12)
LEADING = 1.3
"""Line distance in font sizes."""
MISSING = "□"
FALLBACK = "cjk"
"""Droid Sans Fallback, inside PyMuPDF: Greek, Cyrillic, CJK, arrows, mathematical signs."""
REPLACED = {"…": "...", "\u00a0": " ", "\u202f": " ", "\u200b": "", "\ufeff": "", "−": "–"}
"""Characters that text extraction or line breaking would trip over."""


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


def draw(page: pymupdf.Page, x: float, y: float, text: str, style: Style) -> None:
    """Draws one line; (x, y) is the left end of its baseline, in points from the top left."""
    for name, run in _runs(text):
        font = _font(name, is_bold=style.is_bold)
        if name == FALLBACK:
            writer = pymupdf.TextWriter(page.rect, color=style.color)
            # PyMuPDF's hint (int) is inferred from the default; it takes fractions
            writer.append((x, y), run, font=font, fontsize=style.size)  # pyright: ignore[reportArgumentType]
            writer.write_text(page)
        else:
            page.insert_text(
                (x, y),
                run.encode("cp1252").decode("latin-1"),
                fontname="hebo" if style.is_bold else "helv",
                fontsize=style.size,
                color=style.color,
            )
        x += width_of(run, style)


def draw_lines(page: pymupdf.Page, x: float, top: float, lines: list[str], style: Style) -> float:
    """Draws lines one below the other; returns the y below the last."""
    for number, line in enumerate(lines):
        draw(page, x, top + style.size + number * style.leading, line, style)
    return top + len(lines) * style.leading


def _wrapped_paragraph(text: str, width: float, style: Style) -> Iterator[str]:
    line = ""
    for word in text.split():
        candidate = f"{line} {word}".strip()
        if width_of(candidate, style) <= width:
            line = candidate
            continue
        if line:
            yield line
        *full, line = _broken(word, width, style)
        yield from full
    yield line


def _broken(word: str, width: float, style: Style) -> list[str]:
    parts = [""]
    for character in word:
        if parts[-1] and width_of(parts[-1] + character, style) > width:
            parts.append("")
        parts[-1] += character
    return parts


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """The text cut into stretches of one font."""
    current, run = "", ""
    for character in text:
        name = "helv" if _is_cp1252(character) else FALLBACK
        if name != current and run:
            yield current, run
            run = ""
        current = name
        run += character
    if run:
        yield current, run


@functools.cache
def _font(name: str, *, is_bold: bool) -> pymupdf.Font:
    return pymupdf.Font("hebo" if is_bold and name == "helv" else name)


@functools.cache
def _advance(character: str, *, is_bold: bool) -> float:
    """Width of a character in font sizes; no font here kerns, so a line is as wide as their sum."""
    name = "helv" if _is_cp1252(character) else FALLBACK
    return _font(name, is_bold=is_bold).glyph_advance(ord(character))


@functools.cache
def _is_cp1252(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


@functools.cache
def _drawable(character: str) -> str:
    has_glyph = _is_cp1252(character) or _font(FALLBACK, is_bold=False).has_glyph(ord(character))
    return character if has_glyph else MISSING


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
