"""Forms of an exam, recognised by the look of their labels: no text is found or read again.

A form counts as known only when every label is where it was, but for a common shift. What is kept
is print, never writing, and only in this process.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from viatique.models import FieldName, Rect

Grey = NDArray[np.uint8]
"""uint8, (height, width), 0 = black."""

MAX_FORMS = 8
SCALE = 0.5
"""Labels are compared at half size."""
REACH = 0.02
"""How far a label may have moved, in form widths: scanners feed some millimetres off."""
SPREAD = 0.004
"""How far labels may have moved differently, in form widths."""
MIN_CORRELATION = 0.75
"""Least normalised correlation: the same label correlates by 0.9, other labels by 0.5 at most
(both shared exams, 2026-11-24)."""
MAX_HEIGHT_CHANGE = 0.04


@dataclass(frozen=True, slots=True)
class _KnownForm:
    """A form's labels and fields; places in pixels of the shrunk form."""

    height: int
    patches: tuple[Grey, ...]
    corners: tuple[tuple[int, int], ...]
    zones: Mapping[FieldName, Rect]


class KnownForms:
    """The last few kinds of form."""

    def __init__(self) -> None:
        self._forms: deque[_KnownForm] = deque(maxlen=MAX_FORMS)

    def remember(
        self, picture: Grey, labels: Sequence[Rect], zones: Mapping[FieldName, Rect]
    ) -> None:
        """Keeps a form whose labels and fields were found by reading."""
        small = _shrunk(picture)
        height, width = small.shape
        boxes = [
            (round(one.x0 * width), round(one.y0 * height), round(one.x1 * width) + 1,
             round(one.y1 * height) + 1)
            for one in labels
        ]  # fmt: skip
        patches = tuple(small[y0:y1, x0:x1].copy() for x0, y0, x1, y1 in boxes)
        corners = tuple((x0, y0) for x0, y0, _, _ in boxes)
        self._forms.appendleft(_KnownForm(height, patches, corners, dict(zones)))

    def recognise(self, picture: Grey) -> dict[FieldName, Rect] | None:
        """The fields of a form met before, moved as its labels are; None for another form."""
        small = _shrunk(picture)
        for form in self._forms:
            shift = _shift(small, form)
            if shift is not None:
                height, width = small.shape
                return {
                    name: _moved(zone, shift[0] / width, shift[1] / height, form.height / height)
                    for name, zone in form.zones.items()
                }
        return None


def _shrunk(picture: Grey) -> Grey:
    return np.asarray(
        cv2.resize(picture, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_AREA), np.uint8
    )


def _shift(small: Grey, form: _KnownForm) -> tuple[float, float] | None:
    """How far all labels moved, in pixels (x, y); None when it is not that form."""
    if abs(small.shape[0] - form.height) > MAX_HEIGHT_CHANGE * form.height:
        return None
    shifts = []
    for patch, corner in zip(form.patches, form.corners, strict=True):
        shift = _patch_shift(small, patch, corner)
        if shift is None:
            return None
        shifts.append(shift)
    if np.ptp(np.array(shifts), axis=0).max() > SPREAD * small.shape[1]:
        return None
    x, y = np.median(np.array(shifts), axis=0)
    return float(x), float(y)


def _patch_shift(small: Grey, patch: Grey, corner: tuple[int, int]) -> tuple[int, int] | None:
    reach = round(REACH * small.shape[1])
    x, y = corner
    left, top = max(0, x - reach), max(0, y - reach)
    window = small[top : y + patch.shape[0] + reach, left : x + patch.shape[1] + reach]
    if window.shape[0] < patch.shape[0] or window.shape[1] < patch.shape[1]:
        return None
    likeness = cv2.matchTemplate(window, patch, cv2.TM_CCOEFF_NORMED)
    _, best, _, (best_x, best_y) = cv2.minMaxLoc(likeness)
    return (left + best_x - x, top + best_y - y) if best >= MIN_CORRELATION else None


def _moved(zone: Rect, x: float, y: float, stretch: float) -> Rect:
    return Rect(
        x0=min(1.0, max(0.0, zone.x0 + x)),
        y0=min(1.0, max(0.0, zone.y0 * stretch + y)),
        x1=min(1.0, max(0.0, zone.x1 + x)),
        y1=min(1.0, max(0.0, zone.y1 * stretch + y)),
    )
