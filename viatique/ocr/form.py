"""Finds where on a page the header form may be and puts it upright and straight.

A framed form is cut out along its frame; a page without one offers its top part, and its bottom
part turned. What is written there is found by others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from viatique.models import HeaderForm, HeaderSpec, Rect
from viatique.scans.header_look import HeaderLook, look_for_header

Grey = NDArray[np.uint8]
"""uint8, (height, width), 0 = black."""

LOOK_WIDTH = 414
"""Width in pixels of an A4 page at 50 dpi, what ``look_for_header`` is made for. Pages are shrunk
by a whole factor to about that: ten times faster than to exactly that."""
FORM_WIDTH = 1600
"""Width in pixels of a straightened form: about the 200 dpi of usual scans."""
TOP_PART = 0.38
"""Part of a page without a frame that is searched for labels."""
RULE_PART = 0.15
"""Lines longer than this part of the page's width tell its skew."""
MAX_SKEW_DEG = 6.0
MIN_SKEW_DEG = 0.15
"""Less moves the end of a line by less than a pen's width."""
PAPER = 255
GRAIN, CALM = 10.0, 1.2
"""Standard deviation of the paper's grain, in grey levels, from which it is taken for ink, and how
much it is smoothed then (sigma in pixels of a form). Shared exams have 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A header form, upright and straight, ``FORM_WIDTH`` pixels wide.

    Attributes:
        picture: the form.
        turn: clockwise degrees that put the page upright.
        place: the form on the upright page.
    """

    picture: Grey
    turn: int
    place: Rect


def possible_forms(page: Grey, spec: HeaderSpec) -> Iterator[Form]:
    """Where the form may be, likeliest first; with ``zones`` only the page itself.

    Args:
        page: the first page of a copy as seen, perhaps upside-down.
        spec: what the exam says.
    """
    look = look_for_header(_shrunk(page))
    turn = 180 if look and look.turn else 0
    upright = turned(page) if turn else page
    if turn:
        look = look_for_header(_shrunk(upright))
    if spec.form is HeaderForm.ZONES:
        yield Form(picture=_unskewed(upright), turn=turn, place=Rect(x0=0, y0=0, x1=1, y1=1))
        return
    if look:
        yield _framed(upright, look, turn)
    yield _top_part(upright, turn)
    yield _top_part(turned(upright), 180 - turn)


def cropped(picture: Grey, zone: Rect) -> Grey:
    """The part of a picture inside a rectangle of fractions; at least one pixel."""
    height, width = picture.shape
    top, left = min(height - 1, round(zone.y0 * height)), min(width - 1, round(zone.x0 * width))
    bottom, right = max(top + 1, round(zone.y1 * height)), max(left + 1, round(zone.x1 * width))
    return picture[top:bottom, left:right]


def on_page(form: Form, zone: Rect) -> Rect:
    """A rectangle of the form as one of the upright page."""
    width, height = form.place.x1 - form.place.x0, form.place.y1 - form.place.y0
    return Rect(
        x0=form.place.x0 + zone.x0 * width,
        y0=form.place.y0 + zone.y0 * height,
        x1=form.place.x0 + zone.x1 * width,
        y1=form.place.y0 + zone.y1 * height,
    )


def turned(page: Grey) -> Grey:
    """The page upside-down."""
    return np.ascontiguousarray(page[::-1, ::-1])


def _top_part(page: Grey, turn: int) -> Form:
    top = page[: round(TOP_PART * page.shape[0])]
    picture = _calmed(_unskewed(_resized(top, FORM_WIDTH)))
    return Form(picture=picture, turn=turn, place=Rect(x0=0, y0=0, x1=1, y1=TOP_PART))


def _framed(page: Grey, look: HeaderLook, turn: int) -> Form:
    corners = (np.array(look.corners, np.float32) + 0.5) * _shrink_factor(page)
    return Form(picture=_straightened(page, corners), turn=turn, place=look.frame)


def _straightened(page: Grey, corners: NDArray[np.float32]) -> Grey:
    top_left, top_right, bottom_right, bottom_left = corners
    width = np.linalg.norm(top_right - top_left) + np.linalg.norm(bottom_right - bottom_left)
    height = np.linalg.norm(bottom_left - top_left) + np.linalg.norm(bottom_right - top_right)
    size = (FORM_WIDTH, max(1, round(float(FORM_WIDTH * height / width))))
    target = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    picture = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_LINEAR)
    return _calmed(np.asarray(picture, np.uint8))


def _calmed(picture: Grey) -> Grey:
    """The picture, smoothed when its paper is grainy."""
    differences = np.diff(picture[::8].astype(np.float32), axis=1)
    grain = float(np.median(np.abs(differences[:, ::4]))) / 0.6745 / np.sqrt(2)
    smooth = cv2.GaussianBlur(picture, (0, 0), CALM) if grain > GRAIN else picture
    return np.asarray(smooth, np.uint8)


def _shrunk(page: Grey) -> Grey:
    factor = _shrink_factor(page)
    width, height = page.shape[1] // factor, page.shape[0] // factor
    whole = page[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _shrink_factor(page: Grey) -> int:
    return max(1, round(page.shape[1] / LOOK_WIDTH))


def _resized(page: Grey, width: int) -> Grey:
    height = max(1, round(page.shape[0] * width / page.shape[1]))
    how = cv2.INTER_AREA if width < page.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(page, (width, height), interpolation=how), np.uint8)


def _unskewed(page: Grey) -> Grey:
    """The page turned so that its longest horizontal lines are horizontal."""
    angle = _skew_deg(page)
    if abs(angle) < MIN_SKEW_DEG:
        return page
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    straight = cv2.warpAffine(
        page, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(PAPER,)
    )
    return np.asarray(straight, np.uint8)


def _skew_deg(page: Grey) -> float:
    small = _resized(page, FORM_WIDTH // 2)
    ink = cv2.adaptiveThreshold(
        small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 14
    )
    least = RULE_PART * small.shape[1]
    lines = cv2.HoughLinesP(ink, 1, np.pi / 1440, 80, minLineLength=least, maxLineGap=6)
    if lines is None:
        return 0.0
    ends = np.asarray(lines, float).reshape(-1, 4)
    angles = np.degrees(np.arctan2(ends[:, 3] - ends[:, 1], ends[:, 2] - ends[:, 0]))
    angles = angles[np.abs(angles) <= MAX_SKEW_DEG]
    return float(np.median(angles)) if len(angles) else 0.0
