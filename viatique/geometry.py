"""Rectangles: from fractions of a page as seen to points, and where a note finds room.

Pure. Points are counted from the top left of the page as seen, y down.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from viatique.models import Rect

GAP = 6.0
"""Points between a rectangle and the note beside it."""
EDGE = 4.0
"""Points a note keeps from the edges of the page."""
MAX_STEPS = 12
"""A note further than so many times its own height from its rectangle would not be beside it."""


class Box(NamedTuple):
    """A rectangle in points."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


def in_points(rect: Rect, width: float, height: float) -> Box:
    """A rectangle in fractions of a page of ``width`` by ``height`` points, corners in order."""
    x0, x1 = sorted((rect.x0 * width, rect.x1 * width))
    y0, y1 = sorted((rect.y0 * height, rect.y1 * height))
    return Box(x0, y0, x1, y1)


def squared(box: Box, least: float) -> Box:
    """The square in the middle of a rectangle, with sides of at least ``least`` points."""
    half = max(least, min(box.width, box.height)) / 2
    x, y = box.middle
    return Box(x - half, y - half, x + half, y + half)


def overlap(first: Box, second: Box) -> bool:
    """Whether they share more than an edge."""
    return (
        first.x0 < second.x1
        and second.x0 < first.x1
        and first.y0 < second.y1
        and second.y0 < first.y1
    )


def moved_inside(box: Box, width: float, height: float) -> Box:
    """The box moved onto the page; one larger than the page starts at its top left."""
    x = min(max(box.x0, EDGE), max(EDGE, width - box.width - EDGE))
    y = min(max(box.y0, EDGE), max(EDGE, height - box.height - EDGE))
    return Box(x, y, x + box.width, y + box.height)


def fits(box: Box, width: float, height: float) -> bool:
    """Whether a box of this size has room on the page."""
    return box.width <= width - 2 * EDGE and box.height <= height - 2 * EDGE


def places_beside(
    target: Box, size: tuple[float, float], page: tuple[float, float]
) -> Iterator[Box]:
    """Where a note may go, best first: right, below, above, left, then further down and up.

    Args:
        target: what the note is about.
        size: width and height of the note, in points.
        page: width and height of the page, in points.

    Yields:
        Boxes of that size, on the page wherever they fit there.
    """
    width, height = size
    corners = [
        (target.x1 + GAP, target.y0),
        (target.x0, target.y1 + GAP),
        (target.x0, target.y0 - height - GAP),
        (target.x0 - width - GAP, target.y0),
    ]
    for step in range(1, MAX_STEPS):
        corners += [(target.x1 + GAP, target.y0 + side * step * height) for side in (1, -1)]
    for x, y in corners:
        yield moved_inside(Box(x, y, x + width, y + height), *page)


def free_place(
    target: Box, size: tuple[float, float], page: tuple[float, float], taken: Sequence[Box]
) -> Box | None:
    """The first place beside ``target`` on the page that touches nothing ``taken``, if any."""
    for place in places_beside(target, size, page):
        if fits(place, *page) and not any(overlap(place, other) for other in taken):
            return place
    return None
