"""What a marker drew on a page, as vectors over it. Pages are upright; (0, 0) is their top left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pymupdf

from viatique.models import Annotation, AnnotationKind, Language, Rect
from viatique.pdf.text import Color, Style, draw_lines, width_of, wrapped
from viatique.pdf.wording import signed

RED: Color = (0.78, 0.1, 0.12)
GREEN: Color = (0.05, 0.5, 0.2)
BLUE: Color = (0.1, 0.3, 0.7)
YELLOW: Color = (1.0, 0.9, 0.25)
PAPER: Color = (1.0, 1.0, 1.0)

INK: dict[AnnotationKind, Color] = {
    AnnotationKind.COMMENT: BLUE,
    AnnotationKind.HIGHLIGHT: BLUE,
    AnnotationKind.ERROR: RED,
    AnnotationKind.BONUS: GREEN,
    AnnotationKind.TICK: GREEN,
    AnnotationKind.CROSS: RED,
    AnnotationKind.FREEHAND: RED,
}
NOTE_SIZE = 9.0
NOTE_WIDTH = 170.0
NOTE_GAP = 3.0
NOTE_LINES = 6
"""Longer comments go to the comments page, with a numbered marker in place."""
SIGN_SIZE = 14.0
"""Side of a tick or cross drawn for a rectangle that is only a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedNote:
    """A text beside an annotation: where it goes on the page, in points, and its lines."""

    box: pymupdf.Rect
    lines: tuple[str, ...]
    color: Color


def note_text(annotation: Annotation, language: Language) -> str:
    """What is written for an annotation: its text and its signed points."""
    points = "" if annotation.points is None else f"({signed(annotation.points, language)})"
    return f"{annotation.text.strip()} {points}".strip()


def is_long(annotation: Annotation, language: Language) -> bool:
    """Whether its text needs more room than there is beside it."""
    return len(wrapped(note_text(annotation, language), NOTE_WIDTH, _note_style(RED))) > NOTE_LINES


def draw_annotations(
    page: pymupdf.Page,
    annotations: Sequence[tuple[Annotation, str]],
) -> None:
    """Draws annotations with their texts, later ones over earlier ones.

    Args:
        page: upright, without rotation.
        annotations: each with the text to show beside it, whole or the marker of a comment.
    """
    for annotation, _ in annotations:
        _draw_sign(page, annotation)
    taken: list[pymupdf.Rect] = []
    for annotation, text in annotations:
        if text:
            note = _placed(page.rect, annotation, text, taken)
            taken.append(note.box)
            _draw_note(page, note)


def _draw_sign(page: pymupdf.Page, annotation: Annotation) -> None:
    box = points_rect(page.rect, annotation.rect)
    color = INK[annotation.kind]
    match annotation.kind:
        case AnnotationKind.HIGHLIGHT:
            page.draw_rect(box, color=None, fill=YELLOW, fill_opacity=0.4)
        case AnnotationKind.TICK:
            _draw_tick(page, _at_least(box), color)
        case AnnotationKind.CROSS:
            _draw_cross(page, _at_least(box), color)
        case AnnotationKind.FREEHAND:
            _draw_strokes(page, annotation, color)
        case AnnotationKind.COMMENT | AnnotationKind.ERROR | AnnotationKind.BONUS:
            if box.width > 1 and box.height > 1:
                page.draw_rect(box, color=color, width=1.1)


def points_rect(seen: pymupdf.Rect, rect: Rect) -> pymupdf.Rect:
    """A rectangle in fractions of a page as seen, in points of the upright page."""
    return pymupdf.Rect(
        rect.x0 * seen.width, rect.y0 * seen.height, rect.x1 * seen.width, rect.y1 * seen.height
    )


def _at_least(box: pymupdf.Rect) -> pymupdf.Rect:
    side = max(SIGN_SIZE, min(box.width, box.height))
    middle_x, middle_y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    half = side / 2
    return pymupdf.Rect(middle_x - half, middle_y - half, middle_x + half, middle_y + half)


def _draw_tick(page: pymupdf.Page, box: pymupdf.Rect, color: Color) -> None:
    low = (box.x0 + box.width * 0.38, box.y1)
    corners = [(box.x0, box.y0 + box.height * 0.55), low, (box.x1, box.y0)]
    page.draw_polyline(corners, color=color, width=2)


def _draw_cross(page: pymupdf.Page, box: pymupdf.Rect, color: Color) -> None:
    page.draw_line(box.top_left, box.bottom_right, color=color, width=2)
    page.draw_line(box.bottom_left, box.top_right, color=color, width=2)


def _draw_strokes(page: pymupdf.Page, annotation: Annotation, color: Color) -> None:
    width, height = page.rect.width, page.rect.height
    for stroke in annotation.strokes:
        points = [(x * width, y * height) for x, y in stroke]
        if len(points) > 1:
            page.draw_polyline(points, color=color, width=1.5)


def _note_style(color: Color) -> Style:
    return Style(size=NOTE_SIZE, color=color)


def _placed(
    seen: pymupdf.Rect, annotation: Annotation, text: str, taken: Sequence[pymupdf.Rect]
) -> PlacedNote:
    """The first free place right of, below, above or left of the rectangle, on the page."""
    style = _note_style(INK[annotation.kind])
    lines = tuple(wrapped(text, min(NOTE_WIDTH, seen.width - 20), style))
    width = max(width_of(line, style) for line in lines) + 2 * NOTE_GAP
    height = len(lines) * style.leading + 2 * NOTE_GAP
    places = [
        _moved_inside(pymupdf.Rect(x, y, x + width, y + height), seen)
        for x, y in _places(points_rect(seen, annotation.rect), width, height)
    ]
    free = [box for box in places if not any(_overlap(box, other) for other in taken)]
    return PlacedNote(box=(free or places)[0], lines=lines, color=style.color)


def _places(box: pymupdf.Rect, width: float, height: float) -> Iterator[tuple[float, float]]:
    gap = 2 * NOTE_GAP
    yield box.x1 + gap, box.y0
    yield box.x0, box.y1 + gap
    yield box.x0, box.y0 - height - gap
    yield box.x0 - width - gap, box.y0
    for step in range(1, 12):
        yield box.x1 + gap, box.y0 + step * height


def _moved_inside(box: pymupdf.Rect, seen: pymupdf.Rect) -> pymupdf.Rect:
    x = min(max(box.x0, 4), max(4, seen.width - box.width - 4))
    y = min(max(box.y0, 4), max(4, seen.height - box.height - 4))
    return pymupdf.Rect(x, y, x + box.width, y + box.height)


def _overlap(first: pymupdf.Rect, second: pymupdf.Rect) -> bool:
    return (
        first.x0 < second.x1
        and second.x0 < first.x1
        and first.y0 < second.y1
        and second.y0 < first.y1
    )


def _draw_note(page: pymupdf.Page, note: PlacedNote) -> None:
    page.draw_rect(
        note.box, color=note.color, fill=PAPER, fill_opacity=0.85, width=0.6, stroke_opacity=0.7
    )
    left, top = note.box.x0 + NOTE_GAP, note.box.y0 + NOTE_GAP - 1
    draw_lines(page, left, top, list(note.lines), _note_style(note.color))
