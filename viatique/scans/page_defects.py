"""What may be wrong with single pages, and what that means for their copy. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from statistics import median

SHORT = 0.9
"""A side smaller than most of its scan by this was not scanned to its end."""


class PageDefect(StrEnum):
    """Why a page cannot be read; ``BLANK`` is only a note: blank last pages are usual."""

    UNREADABLE = "page_unreadable"
    """It cannot be drawn, or not in the time and memory a page may take."""
    COARSE = "page_coarse"
    DARK = "page_dark"
    FAINT = "page_faint"
    BLURRED = "page_blurred"
    SKEWED = "page_skewed"
    CUT_OFF = "page_cut_off"
    BLANK = "page_blank"


def has_illegible(defects: Sequence[PageDefect | None]) -> bool:
    """Whether a page of a copy cannot be read."""
    return any(defect not in (None, PageDefect.BLANK) for defect in defects)


def starts_blank(defects: Sequence[PageDefect | None]) -> bool:
    """Whether the first page of a copy is empty: fed the wrong way up, or no copy at all."""
    return bool(defects) and defects[0] is PageDefect.BLANK


def short_sides(sizes: Sequence[tuple[float, float] | None]) -> frozenset[int]:
    """Which sides are shorter or narrower than those of their kind.

    Args:
        sizes: width and height of every side as seen, in points; None of one that was not.
    """
    short: set[int] = set()
    for is_wide in (False, True):
        alike = {n: size for n, size in enumerate(sizes) if size and (size[0] > size[1]) is is_wide}
        if alike:
            width, height = (
                SHORT * median(lengths) for lengths in zip(*alike.values(), strict=True)
            )
            short.update(n for n, size in alike.items() if size[0] < width or size[1] < height)
    return frozenset(short)
