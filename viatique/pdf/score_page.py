"""The pages before a copy's own: its total, points by question, remarks, and long comments.

A comment is long when it had no room beside what it is about. The pages are anonymous: they show
the copy's id, never a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from viatique.models import Language, ScoreRow, ScoreSheet
from viatique.pdf.canvas import Canvas, Color
from viatique.pdf.text import Style, draw, draw_lines, width_of, wrapped
from viatique.pdf.wording import long_date, number, word

WIDTH, HEIGHT = 595.0, 842.0
"""A4 in points."""
MARGIN = 56.0
INDENT = 16.0
MAX_DEPTH = 10
"""Deeper levels are not indented further: their text needs the room."""
POINTS_COLUMN = 90.0
TITLE_LINES = 6
"""Lines of the exam's name before the total, so that the total stays on the first page."""
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
class _Pages:
    """Pages being filled from the top; ``y`` is where the next thing goes on the last."""

    language: Language
    canvases: list[Canvas]
    y: float = MARGIN

    @property
    def canvas(self) -> Canvas:
        return self.canvases[-1]

    def make_room(self, height: float) -> bool:
        """Begins a new page unless ``height`` points are free; True when it did."""
        if self.y + height <= HEIGHT - MARGIN:
            return False
        self.canvases.append(Canvas(WIDTH, HEIGHT))
        self.y = MARGIN
        return True


def score_pages(
    sheet: ScoreSheet, comments: Sequence[tuple[str, str]], language: Language
) -> list[Canvas]:
    """The score page, and as many more as remarks and comments need.

    Args:
        sheet: what to show.
        comments: label ("[1] · page 2") and whole text of each comment that had no room.
        language: of the words around.
    """
    pages = _Pages(language, [Canvas(WIDTH, HEIGHT)])
    _add_head(pages, sheet)
    _add_table_head(pages)
    for row in sheet.rows:
        _add_row(pages, row)
    if sheet.appreciation.strip():
        _add_block(pages, word("appreciation", language), [("", sheet.appreciation)])
    if comments:
        _add_block(pages, word("comments", language), comments)
    return pages.canvases


def _add_head(pages: _Pages, sheet: ScoreSheet) -> None:
    """The exam, the day, the copy and the total; a very long name goes on below them."""
    language = pages.language
    title = wrapped(sheet.exam_name, WIDTH - 2 * MARGIN, TITLE)
    pages.y = draw_lines(pages.canvas, MARGIN, pages.y, title[:TITLE_LINES], TITLE)
    day = long_date(sheet.exam_date, language)
    copy = f"{word('copy', language)} {sheet.copy_id}"
    subtitle = " · ".join(part for part in (day, copy) if part)
    pages.y = draw_lines(pages.canvas, MARGIN, pages.y + 4, [subtitle], SUBTITLE)
    _add_total(pages, sheet)
    _add_lines(pages, MARGIN, title[TITLE_LINES:], TITLE)


def _add_total(pages: _Pages, sheet: ScoreSheet) -> None:
    score = number(sheet.total, pages.language)
    baseline = pages.y + 44
    draw(pages.canvas, MARGIN, baseline, score, TOTAL)
    after = MARGIN + width_of(f"{score} ", TOTAL)
    draw(pages.canvas, after, baseline, f"/ {number(sheet.maximum, pages.language)}", OUT_OF)
    pages.y = baseline + 26


def _add_table_head(pages: _Pages) -> None:
    top = pages.y + HEADING.size
    draw(pages.canvas, MARGIN, top, word("question", pages.language), HEADING)
    _draw_right(pages.canvas, top, word("points", pages.language), HEADING)
    pages.y = top + 6
    _rule(pages)


def _add_row(pages: _Pages, row: ScoreRow) -> None:
    style = PLAIN if row.is_leaf else GROUP
    left = MARGIN + min(row.depth, MAX_DEPTH) * INDENT
    room = WIDTH - MARGIN - POINTS_COLUMN - left
    title = wrapped(row_title(row), room, style)
    remark = wrapped(row.remark, room, REMARK) if row.remark.strip() else []
    together = min(len(title), 3) * style.leading + min(len(remark), 1) * REMARK.leading
    if pages.make_room(together + 12):
        _add_table_head(pages)
    pages.y += 5
    points = f"{number(row.points, pages.language)} / {number(row.maximum, pages.language)}"
    _draw_right(pages.canvas, pages.y + style.size, points, style)
    _add_lines(pages, left, title, style)
    _add_lines(pages, left, remark, REMARK)
    pages.y += 3
    _rule(pages)


def row_title(row: ScoreRow) -> str:
    """A question as the score page names it: id and label, each once."""
    if not row.label or row.label == row.question:
        return row.question
    return row.label if row.question in row.label.split() else f"{row.question} · {row.label}"


def _add_block(pages: _Pages, title: str, items: Sequence[tuple[str, str]]) -> None:
    pages.make_room(60)
    pages.y = draw_lines(pages.canvas, MARGIN, pages.y + 18, [title], GROUP) + 4
    for label, text in items:
        if label:
            pages.make_room(4 + HEADING.leading + REMARK.leading)
            pages.y = draw_lines(pages.canvas, MARGIN, pages.y + 4, [label], HEADING)
        _add_lines(pages, MARGIN, wrapped(text, WIDTH - 2 * MARGIN, REMARK), REMARK)


def _add_lines(pages: _Pages, left: float, lines: list[str], style: Style) -> None:
    """Lines that go on to the next page; no table head comes between, a text stays in one piece."""
    for line in lines:
        pages.make_room(style.leading)
        pages.y = draw_lines(pages.canvas, left, pages.y, [line], style)


def _draw_right(canvas: Canvas, baseline: float, text: str, style: Style) -> None:
    draw(canvas, WIDTH - MARGIN - width_of(text, style), baseline, text, style)


def _rule(pages: _Pages) -> None:
    ends = [(MARGIN, pages.y), (WIDTH - MARGIN, pages.y)]
    pages.canvas.line(ends, color=RULE, width=0.5)
