"""Can a scanned page be read by a person? Measured on a small picture of it, at about 50 dpi.

What is measured is what scanners spoil: contrast, darkness, sharpness, resolution, skew, writing
that runs off the paper. An empty page is noted, because blank last pages are usual.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from viatique.scans.page_defects import PageDefect
from viatique.scans.tones import NEIGHBOURHOOD_PX, darkness, quantile, steps_across

STROKE_SHARE, STEEP_SHARE = 0.998, 0.75
"""Quantiles that stand for the darkest strokes of a page and for their steep sides."""
MIN_SIDES = 50
"""Too few sides of strokes say nothing of the focus."""
UNKNOWN_SHARPNESS = math.inf
MIN_CONTRAST = 0.12
"""Darkest strokes below the paper, as a part of its brightness. 400 pages of the shared exams have
0.49 to 0.78, at a fifth of their contrast 0.10 to 0.14, at a tenth 0.05 to 0.07 (2026-11-24)."""
MIN_TRACE = 0.04
"""What is paler is the paper's grain or the other side showing through: the page is blank."""
MIN_SHARPNESS = 0.40
"""400 pages of the shared exams have 0.71 to 0.92; blurred with a sigma of 3 pixels at 200 dpi 0.42
to 0.53; of 5, where words cannot be made out, 0.31 to 0.38 (2026-11-24)."""
MIN_BRIGHTNESS = 40
"""Grey level of paper; the shared exams have 225 and more."""
MIN_DPI = 60
"""Quality index dpi * 0.039 * height / 2 of grey scans (Kenney and Rieger, Cornell) of letters of
3 mm: 3.5 here; 3.6 is called marginal, 3.0 barely legible."""
SKEWS_DEG = np.arange(-15, 15.1, 2.5)
SLOPES = np.tan(np.radians(SKEWS_DEG)).astype(np.float32)
MAX_SKEW_DEG = 8.75
"""``header_look`` finds headers up to 6 degrees; pages turned further lose their corners. Measured
in steps of 2.5 degrees, right on the shared exams turned by 0, 3, 6 and 12 degrees (2026-11-24)."""
MIN_PEAK = 1.6
"""Rows of writing make the right angle stand out so much from the others; else none is told."""
SURE_CONTRAST = 0.35
"""Above it there is writing; below, printed lines are told from it first."""
LINE_PX = 25
"""Straight ink of 13 mm and more at 50 dpi is printed, not written."""
SPECKS = 0.0004
"""Part of a page that is marked although nobody wrote on it: dust, punch holes, staples."""
EDGE_PX = 3
MAX_CUT_STROKES = 5
"""Strokes that run off one edge: none on any page of the shared and the made-up exams, 5 at most on
180 pages fed 3 degrees askew; 15 (median) where 16 % are lost on the left, 3 on the right, where
lines end unevenly (2026-11-25)."""
EVEN = 0.8
"""Rulings that run off one edge run off the other, nearly as many."""
PLAIN_SHARPNESS, PLAIN_SKEW_DEG = 0.55, 2.5
"""What the top of a page must show for the rest to be trusted; sharper than ``MIN_SHARPNESS``."""
PLAIN_INK = 2 * MIN_BRIGHTNESS
"""Ink below its paper by so much proves the paper brighter, whatever its brightness."""
PLAIN_GRAIN, MIN_GRAIN, GRAIN_TONES = 0.8, 0.4, 4
"""Grain, steps of so many tones at most, is as strong as the light on it: at the foot of 80 pages
of the shared exams 1.05 (median) of what it is at the top, at a tenth or a sixth of the light
0.66 at most (2026-11-25)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMeasures:
    """What was measured of a page.

    Attributes:
        paper: median grey level.
        contrast: darkest strokes below the paper, as a part of its brightness.
        sharpness: part of the way from paper to ink made between two pixels, at steep sides;
            infinite when there are too few to tell.
        ink: part of the page that is written on, printed lines left out; 1 when it surely is.
        skew_deg: how far rows lean, 0 when there are none to tell by.
        cut_strokes: strokes that run off the most affected edge, beyond those off the other one.
    """

    paper: float
    contrast: float
    sharpness: float
    ink: float
    skew_deg: float
    cut_strokes: int


def measure(page: NDArray[np.uint8], *, dark: NDArray[np.uint8] | None = None) -> PageMeasures:
    """Measures a page.

    Args:
        page: uint8, (height, width), 0 = black, one page, not a folded side.
        dark: its ``darkness``, where known.
    """
    dark = darkness(page) if dark is None else dark
    darkest, paper = _darkest(dark), max(1, quantile(page[::4, ::4], 0.5))
    is_surely_written = darkest > SURE_CONTRAST * paper
    lean_deg, peak = _lean(dark, darkest)
    return PageMeasures(
        paper=paper,
        contrast=darkest / paper,
        sharpness=_sharpness(page, dark, darkest),
        ink=1.0 if is_surely_written else _ink(dark, darkest),
        skew_deg=lean_deg if peak > MIN_PEAK else 0.0,
        cut_strokes=_cut_strokes(dark, dark, darkest) if is_surely_written else 0,
    )


def is_plainly_fine(
    top: NDArray[np.uint8],
    feet: Iterator[NDArray[np.uint8]],
    *,
    dpi: float,
    dark: NDArray[np.uint8] | None = None,
) -> bool:
    """Whether its top and its foot show that a page can be read; if not, all of it is measured.

    Args:
        top: the first rows of the page, as ``measure`` wants them.
        feet: the last rows, few and then more, whose brightness may be wrong by the same amount
            everywhere.
        dpi: resolution of its pictures as scanned.
        dark: the ``darkness`` of the top, where known.
    """
    dark = darkness(top) if dark is None else dark
    darkest, paper = _darkest(dark[::2]), quantile(top[::4, ::4], 0.5)
    grain = max(MIN_GRAIN, PLAIN_GRAIN * _grain(top))
    return (
        dpi >= MIN_DPI
        and paper > 2 * MIN_BRIGHTNESS
        and darkest > SURE_CONTRAST * paper
        and PLAIN_SHARPNESS < _sharpness(top, dark, darkest) < UNKNOWN_SHARPNESS
        and abs(_lean(dark, darkest)[0]) <= PLAIN_SKEW_DEG
        and (foot := next((foot for foot in feet if _is_lit(foot, grain)), None)) is not None
        and not _cut_strokes(dark, darkness(foot[-NEIGHBOURHOOD_PX:]), darkest / 2)
    )


def defect_of(measures: PageMeasures, *, dpi: float) -> PageDefect | None:
    """What is wrong with a page, the worst first; None when it can be read.

    Args:
        measures: of the page.
        dpi: resolution of its pictures as scanned.
    """
    is_blank = measures.contrast < MIN_TRACE or measures.ink < SPECKS
    found = (
        (measures.paper < MIN_BRIGHTNESS, PageDefect.DARK),
        (is_blank, PageDefect.BLANK),
        (dpi < MIN_DPI, PageDefect.COARSE),
        (measures.contrast < MIN_CONTRAST, PageDefect.FAINT),
        (measures.sharpness < MIN_SHARPNESS, PageDefect.BLURRED),
        (abs(measures.skew_deg) > MAX_SKEW_DEG, PageDefect.SKEWED),
        (measures.cut_strokes > MAX_CUT_STROKES, PageDefect.CUT_OFF),
    )
    return next((defect for is_there, defect in found if is_there), None)


def _darkest(dark: NDArray[np.uint8]) -> int:
    """The tone that stands for the darkest strokes, at least 1: also of paper without a speck."""
    return max(1, quantile(dark[::2], STROKE_SHARE))


def _sharpness(page: NDArray[np.uint8], dark: NDArray[np.uint8], darkest: int) -> float:
    """How much of the way from paper to ink is made between two pixels, at the sides of strokes."""
    page, dark = page[::2], dark[::2]
    inked = dark > darkest // 2
    sides = np.flatnonzero(inked[:, 1:] != inked[:, :-1])
    steps = steps_across(page).ravel()[sides]
    if len(steps) <= MIN_SIDES:
        return UNKNOWN_SHARPNESS
    return quantile(steps, STEEP_SHARE) / darkest


def _ink(dark: NDArray[np.uint8], darkest: float) -> float:
    """Part of the page with writing: what is dark and no straight line."""
    lines = [
        cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(shape, np.uint8))
        for shape in ((1, LINE_PX), (LINE_PX, 1))
    ]
    printed = cv2.dilate(cv2.max(*lines), np.ones((3, 3), np.uint8))
    return float(((dark > 0.4 * darkest) & (printed < 0.4 * dark)).mean())


def _is_lit(foot: NDArray[np.uint8], grain: float) -> bool:
    """Whether the light of the top, whose paper shows such grain, reached the foot."""
    return _grain(foot) >= grain or _darkest(darkness(foot)) > PLAIN_INK


def _grain(page: NDArray[np.uint8]) -> float:
    """Mean step between neighbours; steps at ink count little."""
    steps = cv2.threshold(steps_across(page), GRAIN_TONES, 0, cv2.THRESH_TRUNC)[1]
    return cv2.mean(steps)[0]


def _lean(dark: NDArray[np.uint8], darkest: float) -> tuple[float, float]:
    """The angle at which rows, in the middle of the page, are fullest and their gaps emptiest.

    Returns:
        It in degrees, and how much it stands out from the others.
    """
    third = dark.shape[1] // 3
    strip = cv2.resize(dark[:, third:-third], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rows, columns = np.divmod(np.flatnonzero(strip > 0.12 * darkest), strip.shape[1])
    if not len(rows):
        return 0.0, 0.0
    lines = (rows + strip.shape[1] - SLOPES[:, None] * columns).astype(np.intp)
    counts = map(np.bincount, lines)
    peaks = [int(count @ count) for count in counts]
    highest = max(peaks)
    return float(SKEWS_DEG[peaks.index(highest)]), highest / median(peaks)


def _cut_strokes(dark: NDArray[np.uint8], foot: NDArray[np.uint8], darkest: float) -> int:
    """Strokes that end at an edge of the picture, beyond those at the edge across: rulings."""
    edges = (
        dark[:EDGE_PX].max(0),
        foot[-EDGE_PX:].max(0),
        dark[:, :EDGE_PX].max(1),
        dark[:, -EDGE_PX:].max(1),
    )
    top, bottom, left, right = (_runs(edge > 0.4 * darkest) for edge in edges)
    return max(_uneven(top, bottom), _uneven(left, right))


def _uneven(one: int, other: int) -> int:
    return 0 if min(one, other) > EVEN * max(one, other) else abs(one - other)


def _runs(marked: NDArray[np.bool_]) -> int:
    """Separate stretches of marked pixels."""
    return int(marked[0]) + int(np.count_nonzero(marked[1:] & ~marked[:-1]))
