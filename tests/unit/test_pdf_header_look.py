"""Framed headers are found where they are, and nothing else is taken for one."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest

from tests.conftest import SHARED
from tests.unit.pdf_factories import Picture, framed_page, ruled_page, squared_page
from viatique.models import Half
from viatique.pdf.glance import glance, half_of
from viatique.scans.header_look import HeaderLook, look_for_header


def looked(page: Picture) -> HeaderLook | None:
    """The look at a page of 150 dpi."""
    return look_for_header(cv2.resize(page, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA))


def skewed(page: Picture, degrees: float) -> Picture:
    """On a larger sheet, so that no corner of the frame leaves it."""
    page = cv2.copyMakeBorder(page, 60, 60, 60, 60, cv2.BORDER_REPLICATE)
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(page, matrix, (width, height), borderValue=(255,))


def noisy(page: Picture) -> Picture:
    noise = np.random.default_rng(0).normal(0, 30, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8)


DAMAGE: dict[str, Callable[[Picture], Picture]] = {
    "none": lambda page: page,
    "skew -3": lambda page: skewed(page, -3),
    "skew +3": lambda page: skewed(page, 3),
    "one bit": lambda page: np.where(page < 150, 0, 255).astype(np.uint8),
    "faint": lambda page: (255 - (255 - page.astype(np.float32)) * 0.3).astype(np.uint8),
    "blurred": lambda page: cv2.GaussianBlur(page, (0, 0), 3),
    "noisy": noisy,
    "shaded": lambda page: (page * np.linspace(0.5, 1, page.shape[1])).astype(np.uint8),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_frame_is_found_on_a_poor_scan(damage: Callable[[Picture], Picture]) -> None:
    look = looked(damage(framed_page()))
    assert look is not None
    assert look.turn == 0


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_frame_at_the_bottom_is_upside_down(damage: Callable[[Picture], Picture]) -> None:
    look = looked(damage(np.ascontiguousarray(np.rot90(framed_page(), 2))))
    assert look is not None
    assert look.turn == 180


def test_frame_is_where_it_was_drawn() -> None:
    look = looked(framed_page(top=0.04, height=0.22, left=0.08, right=0.92))
    assert look is not None
    frame = look.frame
    assert (frame.x0, frame.y0, frame.x1, frame.y1) == pytest.approx(
        (0.08, 0.04, 0.92, 0.26), abs=0.01
    )


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("page", [ruled_page, squared_page], ids=["ruled", "squared"])
def test_page_without_a_frame_has_no_header(
    page: Callable[[], Picture], damage: Callable[[Picture], Picture]
) -> None:
    assert looked(damage(page())) is None


@pytest.mark.parametrize(
    "shape",
    [
        {"left": 0.3, "right": 0.7},
        {"height": 0.03},
        {"top": 0.1, "height": 0.8},
        {"top": 0.35, "height": 0.35},
    ],
    ids=["narrow", "flat", "whole page", "middle"],
)
def test_frame_of_another_shape_or_place_is_no_header(shape: dict[str, float]) -> None:
    assert looked(framed_page(**shape)) is None


def test_blank_page_has_no_header() -> None:
    assert look_for_header(np.full((585, 414), 250, np.uint8)) is None


def first_pages(truth: Path) -> dict[int, int]:
    """0-based side of each copy's first page, with its turn."""
    with truth.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [0, *(int(row["last_page"]) for row in rows)]
    return {
        start: 180 if row["upside_down"] == "True" else 0
        for start, row in zip(starts, rows, strict=False)
    }


def expected_turns(folder: Path, side: int, turn: int | None) -> Iterator[tuple[Half, int | None]]:
    """What each part of a side should show; an upside-down folded side has page 1 on the left."""
    if "a3" not in folder.name:
        yield Half.WHOLE, turn
        return
    yield Half.RIGHT, 0 if turn == 0 else None
    yield Half.LEFT, 180 if turn == 180 else None


@pytest.mark.shared
@pytest.mark.parametrize("exam", ["handwritten-a4", "handwritten-a3-boxed"])
def test_headers_of_the_shared_exams_are_all_found_and_nothing_else(exam: str) -> None:
    folder = SHARED / "exams" / exam
    if not folder.is_dir():
        pytest.skip("the shared exams are not here")
    first = first_pages(folder / "truth.csv")
    wrong: list[int] = []
    with pymupdf.open(folder / "scan.pdf") as scan:
        for side in range(scan.page_count):
            picture = glance(scan[side])
            for part, turn in expected_turns(folder, side, first.get(side)):
                look = look_for_header(half_of(picture, part))
                if (look.turn if look else None) != turn:
                    wrong.append(side)
    assert wrong == []
