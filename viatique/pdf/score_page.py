"""The pages before a copy's own: its total, points by question, remarks, and long comments.

A comment is long when it had no room beside what it is about. The pages are anonymous: they show
the copy's id, never a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pymupdf

from viatique.models import Language, ScoreRow, ScoreSheet
from viatique.pdf.text import Color, Style, draw, draw_lines, width_of, wrapped
from viatique.pdf.wording import long_date, number, word

WIDTH, HEIGHT = 595.0, 842.0
"""A4 in points."""
MARGIN = 56.0
INDENT = 16.0
POINTS_COLUMN = 90.0
RULE: Color = (0.78, 0.8, 0.84)
ACCENT: Color = (0.12, 0.25, 0.48)
GREY: Color = (0.4, 0.42, 0.46)

TITLE = Style(size=17, is_bold=True)
SUBTITLE = Style(size=10.5, color=GREY)
TOTAL = Style(size=30, is_bold=True, color=ACCENT)
OUT_OF = Style(size=15, color=GREY)
HEADING = Style(size=9, is_bold=True, color=GREY)
GROUP = Style(size=10.5, is_bold=True)
PLAIN = Style(size=10.5)
REMARK = Style(size=9.5, color=(0.25, 0.27, 0.32))


@dataclass(slots=True)
class _Sheet:
    """Pages being filled from the top; ``y`` is where the next thing goes."""

    document: pymupdf.Document
    page: pymupdf.Page
    y: float
    language: Language

    def make_room(self, height: float) -> bool:
        """Begins a new page unless ``height`` points are free; True when it did."""
        if self.y + height <= HEIGHT - MARGIN:
            return False
        self.page = self.document.new_page(width=WIDTH, height=HEIGHT)
        self.y = MARGIN
        return True


def add_score_pages(
    document: pymupdf.Document,
    sheet: ScoreSheet,
    comments: Sequence[tuple[str, str]],
    language: Language,
) -> None:
    """Appends the score page, and as many more as remarks and comments need.

    Args:
        document: the final PDF, so far empty.
        sheet: what to show.
        comments: label ("1 · page 2") and whole text of each comment that had no room.
        language: of the words around.
    """
    page = document.new_page(width=WIDTH, height=HEIGHT)
    pages = _Sheet(document, page, MARGIN, language)
    _add_head(pages, sheet)
    _add_table_head(pages)
    for row in sheet.rows:
        _add_row(pages, row)
    if sheet.appreciation.strip():
        _add_block(pages, word("appreciation", language), [("", sheet.appreciation)])
    if comments:
        _add_block(pages, word("comments", language), comments)


def _add_head(pages: _Sheet, sheet: ScoreSheet) -> None:
    language = pages.language
    room = WIDTH - 2 * MARGIN
    pages.y = draw_lines(pages.page, MARGIN, pages.y, wrapped(sheet.exam_name, room, TITLE), TITLE)
    day = long_date(sheet.exam_date, language)
    subtitle = " · ".join(
        part for part in (day, f"{word('copy', language)} {sheet.copy_id}") if part
    )
    pages.y = draw_lines(pages.page, MARGIN, pages.y + 4, [subtitle], SUBTITLE)
    score = number(sheet.total, language)
    baseline = pages.y + 44
    draw(pages.page, MARGIN, baseline, score, TOTAL)
    after = MARGIN + width_of(f"{score} ", TOTAL)
    draw(pages.page, after, baseline, f"/ {number(sheet.maximum, language)}", OUT_OF)
    pages.y = baseline + 26


def _add_table_head(pages: _Sheet) -> None:
    top = pages.y + HEADING.size
    draw(pages.page, MARGIN, top, word("question", pages.language), HEADING)
    _draw_right(pages.page, top, word("points", pages.language), HEADING)
    pages.y = top + 6
    _rule(pages)


def _add_row(pages: _Sheet, row: ScoreRow) -> None:
    style = PLAIN if row.is_leaf else GROUP
    left = MARGIN + row.depth * INDENT
    room = WIDTH - MARGIN - POINTS_COLUMN - left
    lines = wrapped(row_title(row), room, style)
    remark = wrapped(row.remark, room, REMARK) if row.remark.strip() else []
    if pages.make_room(len(lines) * style.leading + 12 + REMARK.leading * min(1, len(remark))):
        _add_table_head(pages)
    top = pages.y + 5
    points = f"{number(row.points, pages.language)} / {number(row.maximum, pages.language)}"
    _draw_right(pages.page, top + style.size, points, style)
    pages.y = draw_lines(pages.page, left, top, lines, style)
    _add_lines(pages, left, remark)
    pages.y += 3
    _rule(pages)


def row_title(row: ScoreRow) -> str:
    """A question as the score page names it: id and label, each once."""
    if not row.label or row.label == row.question:
        return row.question
    return row.label if row.question in row.label.split() else f"{row.question} · {row.label}"


def _add_block(pages: _Sheet, title: str, items: Sequence[tuple[str, str]]) -> None:
    pages.make_room(60)
    pages.y = draw_lines(pages.page, MARGIN, pages.y + 18, [title], GROUP) + 4
    for label, text in items:
        if label:
            pages.make_room(2 * REMARK.leading)
            pages.y = draw_lines(pages.page, MARGIN, pages.y + 4, [label], HEADING)
        _add_lines(pages, MARGIN, wrapped(text, WIDTH - 2 * MARGIN, REMARK))


def _add_lines(pages: _Sheet, left: float, lines: list[str]) -> None:
    for line in lines:
        pages.make_room(REMARK.leading)
        pages.y = draw_lines(pages.page, left, pages.y, [line], REMARK)


def _draw_right(page: pymupdf.Page, baseline: float, text: str, style: Style) -> None:
    draw(page, WIDTH - MARGIN - width_of(text, style), baseline, text, style)


def _rule(pages: _Sheet) -> None:
    pages.page.draw_line((MARGIN, pages.y), (WIDTH - MARGIN, pages.y), color=RULE, width=0.5)
