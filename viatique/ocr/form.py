"""Finds the header form on a page and where on it each field is to be written.

The frame is found and straightened when there is one; fields lie where their printed labels say, or
where the exam's zones say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from viatique.header_look import look_for_header
from viatique.models import FieldName, HeaderForm, HeaderSpec, Rect
from viatique.ocr.engine import Engine
from viatique.ocr.labels import label_of

Grey = NDArray[np.uint8]
"""uint8, (height, width), 0 = black."""

LOOK_WIDTH = 414
"""Width in pixels of an A4 page at 50 dpi, what ``look_for_header`` is made for."""
FORM_WIDTH = 1600
"""Width in pixels of a straightened form: about the 200 dpi of usual scans."""
TOP_PART = 0.38
"""Part of a page without a frame that is searched for labels."""
LABEL_GAP = 0.006
"""White between a label and its field, in form widths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A header form, upright and straight.

    Attributes:
        picture: the form.
        turn: clockwise degrees that put the page upright.
        place: the form on the upright page.
    """

    picture: Grey
    turn: int
    place: Rect


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A printed label found on a form, in fractions of it."""

    field: FieldName
    box: Rect
    likeness: float

    @property
    def middle(self) -> float:
        return (self.box.y0 + self.box.y1) / 2


def find_form(page: Grey, spec: HeaderSpec) -> Form | None:
    """The header form of a page; with ``zones`` always found: the page itself, turned if need be.

    Args:
        page: the first page of a copy as seen, perhaps upside-down.
        spec: what the exam says.
    """
    upright, turn = page, 0
    scale = page.shape[1] / LOOK_WIDTH
    look = look_for_header(_small(page))
    if look and look.turn:
        upright, turn = np.ascontiguousarray(page[::-1, ::-1]), 180
        look = look_for_header(_small(upright))
    if spec.form is HeaderForm.ZONES:
        return Form(picture=upright, turn=turn, place=Rect(x0=0, y0=0, x1=1, y1=1))
    if look is None:
        top = upright[: round(TOP_PART * upright.shape[0])]
        return Form(picture=top, turn=turn, place=Rect(x0=0, y0=0, x1=1, y1=TOP_PART))
    corners = np.array(look.corners, np.float32) * scale
    return Form(picture=_straightened(upright, corners), turn=turn, place=look.frame)


def find_zones(engine: Engine, form: Form, spec: HeaderSpec) -> dict[FieldName, Rect]:
    """Where on the form each field of the exam is written; fields not found are absent.

    Raises:
        EngineFailure: the OCR could not be run.
    """
    if spec.form is HeaderForm.ZONES:
        return {name: zone for name, zone in spec.zones if name in spec.fields}
    boxes = engine.find_text(form.picture)
    labels = _labels(engine, form.picture, boxes)
    return {label.field: _zone(label, labels) for label in labels if label.field in spec.fields}


def cropped(picture: Grey, zone: Rect) -> Grey:
    """The part of a picture inside a rectangle of fractions."""
    height, width = picture.shape
    return picture[
        round(zone.y0 * height) : max(1, round(zone.y1 * height)),
        round(zone.x0 * width) : max(1, round(zone.x1 * width)),
    ]


def _small(page: Grey) -> Grey:
    height = round(page.shape[0] * LOOK_WIDTH / page.shape[1])
    return np.asarray(
        cv2.resize(page, (LOOK_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8
    )


def _straightened(page: Grey, corners: NDArray[np.float32]) -> Grey:
    top_left, top_right, bottom_right, bottom_left = corners
    width = float(np.linalg.norm(top_right - top_left) + np.linalg.norm(bottom_right - bottom_left))
    height = float(
        np.linalg.norm(bottom_left - top_left) + np.linalg.norm(bottom_right - top_right)
    )
    size = (FORM_WIDTH, max(1, round(FORM_WIDTH * height / width)))
    target = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return np.asarray(cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_AREA), np.uint8)


def _labels(engine: Engine, picture: Grey, boxes: Sequence[Rect]) -> list[Label]:
    """The best label of each field; what stands right of a label is writing and is not read here."""
    found: dict[FieldName, Label] = {}
    for box in sorted(boxes, key=lambda item: (item.x0, item.y0)):
        if any(_is_right_of(box, label.box) for label in found.values()):
            continue
        match = label_of(engine.read(cropped(picture, box)).text)
        if match and (match[0] not in found or match[1] > found[match[0]].likeness):
            found[match[0]] = Label(field=match[0], box=box, likeness=match[1])
    return sorted(found.values(), key=lambda label: label.middle)


def _is_right_of(box: Rect, label: Rect) -> bool:
    middle = (box.y0 + box.y1) / 2
    return box.x0 > label.x1 and label.y0 < middle < label.y1


def _zone(label: Label, labels: Sequence[Label]) -> Rect:
    """Right of the label as far as the next label of its row or the form's edge, a row high."""
    height = label.box.y1 - label.box.y0
    rows = sorted({round(other.middle, 3) for other in labels})
    steps = [b - a for a, b in zip(rows, rows[1:], strict=False) if b - a > height]
    half = min([*steps, 3 * height]) / 2 if steps else 1.2 * height
    same_row = [
        other.box.x0
        for other in labels
        if other is not label and abs(other.middle - label.middle) < half
        and other.box.x0 > label.box.x1
    ]  # fmt: skip
    return Rect(
        x0=min(0.99, label.box.x1 + LABEL_GAP),
        y0=max(0.0, label.middle - half),
        x1=min([*same_row, 0.985]),
        y1=min(1.0, label.middle + half),
    )
