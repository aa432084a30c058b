"""What markers drew on a page, as vectors over it, each text whole beside it or else a marker.

A text without room beside its rectangle is for the comments page; it is never cut or shrunk. Pages
are upright; (0, 0) is their top left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from viatique.geometry import Box, free_place, in_points, places_beside, squared
from viatique.models import Annotation, AnnotationKind, Language
from viatique.pdf.canvas import Canvas, Color
from viatique.pdf.text import Style, draw_lines, width_of, wrapped
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
NOTE_PADDING = 3.0
NOTE_LINES = 6
"""Longer comments go to the comments page, with a numbered marker in place."""
SIGN_SIZE = 14.0
"""Side of a tick or cross drawn for a rectangle that is only a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text beside an annotation: where it goes on the page, in points, and its lines."""

    box: Box
    lines: tuple[str, ...]
    color: Color


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlan:
    """What is drawn over one page.

    Attributes:
        annotations: all of the page, in the order they were made.
        notes: texts and markers beside them.
        moved: marker ("[1]") and annotation of each text that goes to the comments page.
    """

    annotations: tuple[Annotation, ...]
    notes: tuple[Note, ...]
    moved: tuple[tuple[str, Annotation], ...]


def note_text(annotation: Annotation, language: Language) -> str:
    """What is written for an annotation: its text and its signed points."""
    points = "" if annotation.points is None else f"({signed(annotation.points, language)})"
    return f"{annotation.text.strip()} {points}".strip()


def plan_page(
    size: tuple[float, float],
    annotations: Sequence[Annotation],
    language: Language,
    *,
    first_marker: int,
) -> PagePlan:
    """Finds each text its place, from the top of the page down.

    Args:
        size: width and height of the page as seen, in points.
        annotations: those of this page.
        language: of points.
        first_marker: number of the first comment that finds no room, from 1.
    """
    notes: list[Note] = []
    moved: list[tuple[str, Annotation]] = []
    for annotation in sorted(annotations, key=lambda item: (item.rect.y0, item.rect.x0)):
        text = note_text(annotation, language)
        if not text:
            continue
        note = _whole_note(size, annotation, text, [note.box for note in notes])
        if note is None:
            marker = f"[{first_marker + len(moved)}]"
            moved.append((marker, annotation))
            note = _marker_note(size, annotation, marker, [note.box for note in notes])
        notes.append(note)
    return PagePlan(annotations=tuple(annotations), notes=tuple(notes), moved=tuple(moved))


def draw_plan(canvas: Canvas, plan: PagePlan) -> None:
    """Draws signs, later ones over earlier ones, then notes over all of them."""
    for annotation in plan.annotations:
        _draw_sign(canvas, annotation)
    for note in plan.notes:
        _draw_note(canvas, note)


def _whole_note(
    size: tuple[float, float], annotation: Annotation, text: str, taken: Sequence[Box]
) -> Note | None:
    color = INK[annotation.kind]
    lines = wrapped(text, min(NOTE_WIDTH, size[0] - 20), _note_style(color))
    if len(lines) > NOTE_LINES:
        return None
    target = in_points(annotation.rect, *size)
    box = free_place(target, _note_size(lines, color), size, taken)
    return None if box is None else Note(box=box, lines=tuple(lines), color=color)


def _marker_note(
    size: tuple[float, float], annotation: Annotation, marker: str, taken: Sequence[Box]
) -> Note:
    """A marker beside its annotation; over another note rather than far away."""
    color = INK[annotation.kind]
    target, room = in_points(annotation.rect, *size), _note_size([marker], color)
    box = free_place(target, room, size, taken) or next(places_beside(target, room, size))
    return Note(box=box, lines=(marker,), color=color)


def _note_style(color: Color) -> Style:
    return Style(size=NOTE_SIZE, color=color)


def _note_size(lines: Sequence[str], color: Color) -> tuple[float, float]:
    style = _note_style(color)
    width = max(width_of(line, style) for line in lines)
    return width + 2 * NOTE_PADDING, len(lines) * style.leading + 2 * NOTE_PADDING


def _draw_sign(canvas: Canvas, annotation: Annotation) -> None:
    box = in_points(annotation.rect, canvas.width, canvas.height)
    color = INK[annotation.kind]
    match annotation.kind:
        case AnnotationKind.HIGHLIGHT:
            canvas.rectangle(box, fill=YELLOW, opacity=0.4)
        case AnnotationKind.TICK:
            _draw_tick(canvas, squared(box, SIGN_SIZE), color)
        case AnnotationKind.CROSS:
            _draw_cross(canvas, squared(box, SIGN_SIZE), color)
        case AnnotationKind.FREEHAND:
            _draw_strokes(canvas, annotation, color)
        case AnnotationKind.COMMENT | AnnotationKind.ERROR | AnnotationKind.BONUS:
            if box.width > 1 and box.height > 1:
                canvas.rectangle(box, color=color, width=1.1)


def _draw_tick(canvas: Canvas, box: Box, color: Color) -> None:
    low = (box.x0 + box.width * 0.38, box.y1)
    corners = [(box.x0, box.y0 + box.height * 0.55), low, (box.x1, box.y0)]
    canvas.line(corners, color=color, width=2)


def _draw_cross(canvas: Canvas, box: Box, color: Color) -> None:
    canvas.line([(box.x0, box.y0), (box.x1, box.y1)], color=color, width=2)
    canvas.line([(box.x0, box.y1), (box.x1, box.y0)], color=color, width=2)


def _draw_strokes(canvas: Canvas, annotation: Annotation, color: Color) -> None:
    """Each stroke; one of a single point is a dot, as the pen made it."""
    for stroke in annotation.strokes:
        points = [(x * canvas.width, y * canvas.height) for x, y in stroke]
        if points:
            canvas.line(points if len(points) > 1 else points * 2, color=color, width=1.5)


def _draw_note(canvas: Canvas, note: Note) -> None:
    canvas.rectangle(note.box, color=note.color, fill=PAPER, opacity=0.85, width=0.6)
    left, top = note.box.x0 + NOTE_PADDING, note.box.y0 + NOTE_PADDING - 1
    draw_lines(canvas, left, top, list(note.lines), _note_style(note.color))
