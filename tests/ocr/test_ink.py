"""Boxes and writing are found on clear, faint and blurred forms; nothing is found on white."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from viatique.ocr.form import turned
from viatique.ocr.ink import find_cells, ink_mask, lay_out_cells, on_white, writing_on_line

Grey = NDArray[np.uint8]
BOXES, PITCH, SIDE = 8, 40, 34


def boxes(rule: int, *, written: int = 0, sigma: float = 0.0) -> Grey:
    """A row of boxes with a cross in the first ones."""
    crop = np.full((60, 40 + BOXES * PITCH), 245, np.uint8)
    for box in range(BOXES):
        x = 20 + box * PITCH
        cv2.rectangle(crop, (x, 12), (x + SIDE, 12 + SIDE), (rule,), 1)
        if box < written:
            cv2.line(crop, (x + 9, 20), (x + 25, 38), (20,), 3)
            cv2.line(crop, (x + 25, 20), (x + 9, 38), (20,), 3)
    blurred = cv2.GaussianBlur(crop, (0, 0), sigma) if sigma else crop
    return np.asarray(blurred, np.uint8)


@pytest.mark.parametrize(("rule", "sigma"), [(90, 0.0), (215, 0.0), (90, 1.5)])
def test_boxes_are_found_even_when_their_rules_are_faint(rule: int, sigma: float) -> None:
    assert len(find_cells(on_white(boxes(rule, sigma=sigma)))) == BOXES


@pytest.mark.parametrize("gap", [4, 5])
def test_a_box_of_two_rules_is_one_box(gap: int) -> None:
    crop = boxes(90)
    for box in range(BOXES):
        left, top = 20 + box * PITCH + gap, 12 + gap
        right, bottom = left + SIDE - 2 * gap, top + SIDE - 2 * gap
        cv2.rectangle(crop, (left, top), (right, bottom), (90,), 1)
    assert len(find_cells(on_white(crop))) == BOXES


@pytest.mark.parametrize("sigma", [0.0, 1.5])
def test_only_written_boxes_are_laid_out(sigma: float) -> None:
    white = on_white(boxes(90, written=3, sigma=sigma))
    strip = lay_out_cells(white, find_cells(white))
    assert strip is not None
    assert strip.shape[1] < 4 * PITCH
    assert (ink_mask(strip) > 0).any()


def test_empty_boxes_hold_nothing() -> None:
    white = on_white(boxes(90))
    assert lay_out_cells(white, find_cells(white)) is None


def test_round_digits_on_a_line_are_no_boxes() -> None:
    crop = np.full((60, 400), 245, np.uint8)
    for digit in range(6):
        cv2.ellipse(crop, (40 + 45 * digit, 30), (13, 20), 12, 0, 360, (40,), 2)
    assert find_cells(on_white(crop)) == []
    assert writing_on_line(on_white(crop)) is not None


def test_a_rule_without_writing_is_nothing() -> None:
    crop = np.full((60, 600), 245, np.uint8)
    cv2.line(crop, (10, 50), (590, 50), (60,), 2)
    assert find_cells(on_white(crop)) == []
    assert writing_on_line(on_white(crop)) is None


def test_turning_twice_changes_nothing() -> None:
    crop = boxes(90, written=1)
    assert (turned(turned(crop)) == crop).all()
