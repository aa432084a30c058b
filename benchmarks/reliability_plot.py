"""Reliability of identities as a picture: what was said of the best candidate, what was right."""

from collections.abc import Sequence
from itertools import pairwise
from math import log10, sqrt
from pathlib import Path

import pymupdf

SAID = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0001)
SIZE, MARGIN = 420.0, 60.0
MOST_NINES = 5.0
"""Both axes count nines (0.9 is 1, 0.99 is 2), where a threshold of 0.9999 can be seen at all."""
BLUE, GREY, BLACK = (0.1, 0.35, 0.7), (0.6, 0.6, 0.6), (0.0, 0.0, 0.0)
Z = 1.96
"""Of a 95 % interval (Wilson, 1927)."""


def draw_reliability(told: Sequence[tuple[float, bool]], path: Path) -> None:
    """Writes a PNG with a point and its 95 % interval for each range of what was said."""
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=SIZE + 2 * MARGIN, height=SIZE + 2 * MARGIN)
        _draw_axes(page)
        for low, high in pairwise(SAID):
            inside = [one for one in told if low <= one[0] < high]
            if inside:
                _draw_range(page, inside)
        page.get_pixmap(dpi=110).save(path)


def _draw_axes(page: pymupdf.Page) -> None:
    page.draw_rect(pymupdf.Rect(MARGIN, MARGIN, MARGIN + SIZE, MARGIN + SIZE), color=BLACK)
    page.draw_line(_point(0, 0), _point(1, 1), color=GREY, dashes="[4] 0")
    for nines in range(int(MOST_NINES)):
        share = 1 - 10**-nines
        x, y = _point(share, share)
        page.insert_text((x - 12, MARGIN + SIZE + 16), f"{share:g}", fontsize=9)
        page.insert_text((MARGIN - 38, y + 3), f"{share:g}", fontsize=9)
    page.insert_text((MARGIN, MARGIN + SIZE + 40), "probability said of the best candidate")
    page.insert_text((MARGIN, MARGIN - 14), "share that was right, with its 95 % interval")


def _draw_range(page: pymupdf.Page, inside: Sequence[tuple[float, bool]]) -> None:
    count, right = len(inside), sum(is_right for _, is_right in inside)
    said = sum(one for one, _ in inside) / count
    low, high = wilson(right, count)
    page.draw_line(_point(said, low), _point(said, high), color=BLUE, width=1.5)
    page.draw_circle(_point(said, right / count), 4, color=BLUE, fill=BLUE)
    beside = _point(said, low) + pymupdf.Point(5, 4)
    page.insert_text(beside, f"{right}/{count}", fontsize=8, color=BLUE)


def wilson(right: int, count: int) -> tuple[float, float]:
    """Returns the 95 % interval of a share."""
    share, spread = right / count, Z * Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return middle - half, min(1.0, middle + half)


def _point(x: float, y: float) -> pymupdf.Point:
    across, up = (min(MOST_NINES, -log10(max(1e-9, 1 - one))) / MOST_NINES for one in (x, y))
    return pymupdf.Point(MARGIN + SIZE * across, MARGIN + SIZE * (1 - up))
