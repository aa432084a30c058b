"""Finds the framed header block on a small picture of a page, upright or upside-down.

It looks for the frame only; what is in it is read elsewhere, at full resolution.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from viatique.models import Rect
from viatique.scans.tones import darkness, quantile, steps_across

MIN_WIDTH, MIN_HEIGHT, MAX_HEIGHT = 0.55, 0.06, 0.42
"""A header block in fractions of the page: CCYC, CMEN and the forms of schools seen (2026-11)."""
MAX_SKEW_DEG = 6.0
MIN_EDGE = 0.7
"""Part of each side of the frame that must be inked; frames of both shared exams have over 0.9."""
MAX_INSIDE = 0.3
"""Ink inside the frame, as a fraction; squared paper and photographs have more."""
CONTRAST = 14
"""Ink is darker than the paper around it by so many grey levels."""
NOISE_FACTOR = 3.0
"""Ink is darker than the paper's noise by so many standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLook:
    """A header block.

    Attributes:
        turn: clockwise degrees that put the page upright: 180 when the block is at its bottom.
        frame: the block on the page as given, not turned.
        corners: its corners in pixels (x, y) of the picture, clockwise from the top left.
        score: part of the frame's weakest side that is inked, in [0, 1].
    """

    turn: int
    frame: Rect
    corners: tuple[tuple[float, float], ...]
    score: float


def look_for_header(
    page: NDArray[np.uint8],
    *,
    height: int | None = None,
    dark: NDArray[np.uint8] | None = None,
) -> HeaderLook | None:
    """The header block of a page, None when there is none.

    Args:
        page: uint8, (height, width), 0 = black, about 50 dpi; one page, not a folded side.
        height: of the whole page, where only its first rows are given.
        dark: the ``darkness`` of what is given, where known.
    """
    dark = darkness(page) if dark is None else dark
    ink, rows = _ink(page, dark), height or page.shape[0]
    frames = _wide_frames(ink, rows)
    looks = [look for corners in frames if (look := _judge(ink, corners, rows)) is not None]
    return max(looks, key=lambda look: look.score, default=None)


def _ink(page: NDArray[np.uint8], dark: NDArray[np.uint8]) -> NDArray[np.uint8]:
    contrast = math.floor(max(CONTRAST, NOISE_FACTOR * _noise(page)))
    inked = cv2.threshold(dark, contrast - 1, 255, cv2.THRESH_BINARY)[1]
    return np.asarray(cv2.dilate(inked, np.ones((3, 3), np.uint8)), np.uint8)


def _noise(page: NDArray[np.uint8]) -> float:
    """Standard deviation of the paper's grain, in grey levels, from differences of neighbours."""
    return quantile(steps_across(page[::4]), 0.5) / 0.6745 / math.sqrt(2)


def _wide_frames(ink: NDArray[np.uint8], height: int) -> Iterator[NDArray[np.float32]]:
    """Corners (4, 2) in pixels, clockwise from top left, of connected ink as wide as a header.

    What goes on where the given rows end is none of them.
    """
    rows, width = ink.shape
    contours, _ = cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        _, top, box_width, box_height = cv2.boundingRect(contour)
        if rows < height and top + box_height == rows:
            continue
        if box_width >= MIN_WIDTH * width and box_height >= MIN_HEIGHT * height:
            yield _extreme_corners(contour.reshape(-1, 2).astype(np.float32))


def _extreme_corners(points: NDArray[np.float32]) -> NDArray[np.float32]:
    total, difference = points.sum(axis=1), points[:, 0] - points[:, 1]
    order = (total.argmin(), difference.argmax(), total.argmax(), difference.argmin())
    return points[list(order)]


def _judge(ink: NDArray[np.uint8], corners: NDArray[np.float32], height: int) -> HeaderLook | None:
    width = ink.shape[1]
    left, right = float(corners[:, 0].min()), float(corners[:, 0].max())
    top, bottom = float(corners[:, 1].min()), float(corners[:, 1].max())
    frame = Rect(x0=left / width, y0=top / height, x1=right / width, y1=bottom / height)
    if not _is_header_shaped(frame, corners):
        return None
    thick = np.asarray(cv2.dilate(ink, np.ones((5, 5), np.uint8)), np.uint8)
    edges = [_inked(thick, corners[i], corners[(i + 1) % 4]) for i in range(4)]
    if min(edges) < MIN_EDGE or _inside(ink, corners) > MAX_INSIDE:
        return None
    is_turned = frame.y0 + frame.y1 > 1
    return HeaderLook(
        turn=180 if is_turned else 0,
        frame=frame,
        corners=tuple((float(x), float(y)) for x, y in corners),
        score=min(edges),
    )


def _is_header_shaped(frame: Rect, corners: NDArray[np.float32]) -> bool:
    skews = [_slope_deg(corners[0], corners[1]), _slope_deg(corners[3], corners[2])]
    sides = (corners[3][1] - corners[0][1], corners[2][1] - corners[1][1])
    return (
        frame.x1 - frame.x0 >= MIN_WIDTH
        and MIN_HEIGHT <= frame.y1 - frame.y0 <= MAX_HEIGHT
        and max(abs(skew) for skew in skews) <= MAX_SKEW_DEG
        and abs(skews[0] - skews[1]) <= MAX_SKEW_DEG / 2
        and min(sides) > 0.7 * max(sides)
        and (frame.y1 <= 0.6 or frame.y0 >= 0.4)
    )


def _slope_deg(start: NDArray[np.float32], end: NDArray[np.float32]) -> float:
    return float(np.degrees(np.arctan2(end[1] - start[1], end[0] - start[0])))


def _inked(thick: NDArray[np.uint8], start: NDArray[np.float32], end: NDArray[np.float32]) -> float:
    """Part of the line between two corners that has ink; it was made 2 pixels thicker."""
    steps = np.linspace(0, 1, int(np.hypot(*(end - start))) + 1)[:, None]
    columns, rows = np.rint(start + steps * (end - start)).astype(int).T
    return float(np.count_nonzero(thick[rows, columns]) / len(rows))


def _inside(ink: NDArray[np.uint8], corners: NDArray[np.float32]) -> float:
    points = np.rint(corners).astype(np.int32)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0) + 1
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(mask, points - (left, top), (255,))
    mask = np.asarray(cv2.erode(mask, np.ones((9, 9), np.uint8), borderValue=(0,)), np.uint8)
    inside = ink[top:bottom, left:right][mask > 0]
    return float(np.count_nonzero(inside) / inside.size) if inside.size else 1.0
