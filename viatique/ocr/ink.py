"""From a crop of paper to writing on white: rules removed, cells laid in a row, margins trimmed.

Pictures only: nothing here knows fields, students or the recogniser.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
"""uint8, (height, width), 0 = black."""

PAPER = 255
MIN_CELLS = 4
"""So many equal cells in a row are a boxed field, not letters that happen to be closed."""
MIN_EXTENT = 0.85
"""Part of its bounding box that the usual hole of a row fills: boxes 0.95, the holes of 0, O and 8
at most 0.79."""
CELL_INSET = 0.09
"""Part of a cell's side next to its rules that is left out."""
INK_LEVELS = 45
"""Grey levels darker than the paper that count as ink; pencil on grey paper has about 60."""
FAINT_LEVELS = 20
"""The same for the rules of boxes when none are found: they are thin, and grey once blurred."""
MIN_INK = 0.006
"""Ink in a cell, as a fraction of its area, from which it is written in: a hyphen has 0.02."""
GAP, SPACE = 0.16, 0.45
"""White between two written cells, and for empty cells between them, in cell heights."""
RULE_LENGTH = 0.06
"""Horizontal ink runs longer than this part of the field's width are rules, not writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The inside of one box, in pixels."""

    x: int
    y: int
    width: int
    height: int


def on_white(crop: Grey) -> Grey:
    """The crop with its paper made white; ink keeps its contrast."""
    height, width = crop.shape
    light = cv2.dilate(crop, np.ones((9, 9), np.uint8))
    size = (max(1, width // 4), max(1, height // 4))
    small = cv2.medianBlur(cv2.resize(light, size, interpolation=cv2.INTER_AREA), 5)
    paper = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    lighter = crop.astype(np.int16) + (255 - paper.astype(np.int16))
    return np.clip(lighter, 0, 255).astype(np.uint8)


def ink_mask(white: Grey, levels: int = INK_LEVELS) -> Grey:
    """255 where a white crop is darker than its paper by so many levels."""
    return np.where(white < PAPER - levels, PAPER, 0).astype(np.uint8)


def longest_run(crop: Grey) -> float:
    """The longest horizontal line of ink, as a part of the crop's width."""
    mask = cv2.dilate(ink_mask(on_white(crop)), np.ones((3, 1), np.uint8))
    piece = np.ones((1, max(8, crop.shape[1] // 12)), np.uint8)
    runs = cv2.morphologyEx(mask, cv2.MORPH_OPEN, piece)
    count, _, stats, _ = cv2.connectedComponentsWithStats(runs)
    widest = stats[1:, cv2.CC_STAT_WIDTH].max() if count > 1 else 0
    return float(widest / crop.shape[1])


def find_cells(white: Grey) -> list[Cell]:
    """The boxes of a boxed field, left to right; empty when the field is not boxed."""
    return _cells_of(white, INK_LEVELS) or _cells_of(white, FAINT_LEVELS)


def _cells_of(white: Grey, levels: int) -> list[Cell]:
    mask = cv2.dilate(ink_mask(white, levels), np.ones((2, 2), np.uint8))
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if hierarchy is None:
        return []
    boxes = [
        (Cell(x=x, y=y, width=width, height=height), contour)
        for contour, links in zip(contours, hierarchy[0], strict=True)
        if links[3] >= 0
        for x, y, width, height in [cv2.boundingRect(contour)]
        if height > 0.3 * white.shape[0] and 0.4 < width / height < 1.8
    ]
    extents = [cv2.contourArea(contour) / (box.width * box.height) for box, contour in boxes]
    is_boxed = bool(boxes) and float(np.median(extents)) >= MIN_EXTENT
    return _regular([box for box, _ in boxes]) if is_boxed else []


def _regular(boxes: list[Cell]) -> list[Cell]:
    """The boxes of one size in one row, those hidden by writing filled in."""
    if len(boxes) < MIN_CELLS:
        return []
    width = float(np.median([box.width for box in boxes]))
    height = float(np.median([box.height for box in boxes]))
    top = float(np.median([box.y for box in boxes]))
    kept = sorted(
        (
            box
            for box in boxes
            if abs(box.width - width) < 0.2 * width
            and abs(box.height - height) < 0.2 * height
            and abs(box.y - top) < 0.4 * height
        ),
        key=lambda box: box.x,
    )
    outer = [box for box in kept if any(_is_around(box, other) for other in kept)]
    if len(outer) >= MIN_CELLS:  # boxes of two rules, one in the other
        kept = [box for box in kept if box not in outer]
    return _filled(kept) if len(kept) >= MIN_CELLS else []


def _is_around(box: Cell, other: Cell) -> bool:
    return (
        box.x < other.x
        and box.y < other.y
        and other.x + other.width < box.x + box.width
        and other.y + other.height < box.y + box.height
    )


def _filled(cells: list[Cell]) -> list[Cell]:
    steps = np.diff([cell.x for cell in cells])
    pitch = float(np.median(steps[steps < 1.6 * steps.min()]))
    row = [cells[0]]
    for cell in cells[1:]:
        start = row[-1].x
        missing = round((cell.x - start) / pitch) - 1
        row.extend(
            Cell(x=round(start + index * pitch), y=cell.y, width=cell.width, height=cell.height)
            for index in range(1, missing + 1)
        )
        row.append(cell)
    return row


def lay_out_cells(white: Grey, cells: list[Cell]) -> Grey | None:
    """The writing of the cells side by side as a word is written; None when all are empty."""
    height = int(np.median([cell.height for cell in cells]))
    parts: list[Grey] = []
    pending = 0
    for cell in cells:
        writing = _writing_in(white, cell, height)
        if writing is None:
            pending += 1
            continue
        if parts:
            parts.append(_blank(height, SPACE if pending else GAP))
        parts.append(writing)
        pending = 0
    if not parts:
        return None
    margin = _blank(height, GAP)
    return np.hstack([margin, *parts, margin])


def _writing_in(white: Grey, cell: Cell, height: int) -> Grey | None:
    inset_x, inset_y = round(CELL_INSET * cell.width), round(CELL_INSET * cell.height)
    inside = white[
        cell.y + inset_y : cell.y + cell.height - inset_y,
        cell.x + inset_x : cell.x + cell.width - inset_x,
    ]
    if inside.size == 0:
        return None
    mask = _without_specks(ink_mask(inside))
    if (mask > 0).mean() < MIN_INK:
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    tight = inside[:, max(0, columns[0] - 2) : columns[-1] + 3]
    scale = height / tight.shape[0]
    size = (max(2, round(tight.shape[1] * scale)), height)
    return np.asarray(cv2.resize(tight, size, interpolation=cv2.INTER_AREA), np.uint8)


def _blank(height: int, width: float) -> Grey:
    return np.full((height, max(1, round(width * height))), 255, np.uint8)


def writing_on_line(white: Grey) -> Grey | None:
    """The writing of a field on a line, its rule removed, trimmed; None when there is none."""
    clean = _without_rules(white)
    mask = _without_specks(ink_mask(clean))
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if (
        columns[-1] - columns[0] < 0.1 * white.shape[0]
        and rows[-1] - rows[0] < 0.2 * white.shape[0]
    ):
        return None
    pad = max(4, round(0.15 * (rows[-1] - rows[0] + 1)))
    top, bottom = max(0, rows[0] - pad), rows[-1] + pad + 1
    left, right = max(0, columns[0] - 2 * pad), columns[-1] + 2 * pad + 1
    return clean[top:bottom, left:right]


def _without_rules(white: Grey) -> Grey:
    """Long horizontal runs made white, except where writing crosses them."""
    mask = ink_mask(white)
    length = max(40, round(RULE_LENGTH * white.shape[1]))
    runs = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    rules = cv2.dilate(runs, np.ones((3, 5), np.uint8))
    strokes = cv2.bitwise_and(mask, cv2.bitwise_not(rules))
    reach = np.ones((7, 1), np.uint8)
    crossing = cv2.bitwise_and(cv2.dilate(strokes, reach), rules)
    clean = white.copy()
    clean[(rules > 0) & (crossing == 0)] = 255
    return clean


def _without_specks(mask: Grey) -> Grey:
    """The mask without components too small to be writing."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    smallest = max(6, round(0.0012 * mask.shape[0] ** 2))
    keep = [index for index in range(1, count) if stats[index, cv2.CC_STAT_AREA] >= smallest]
    return np.where(np.isin(labels, keep), 255, 0).astype(np.uint8)
