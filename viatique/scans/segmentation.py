"""Which pages of a scan are which copy, in which order and which way up. Pure.

With header detection a missing or extra sheet spoils one copy, never those that follow. What is
doubtful is planned all the same, with the problem named, so that no scanned page is ever lost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from viatique.models import Half, Layout, Placement, Segmentation
from viatique.scans.page_defects import PageDefect, has_illegible, starts_blank

Look = Callable[[int, Half], int | None]
"""Given a 0-based side and its part: the turn (0 or 180) of the header there, None if none."""

FOLDED_ASPECT = 1.2
"""A side wider than its height by this is a folded A3 sheet (ratio 1.41; that of A4 is 0.71)."""


class PlanProblem(StrEnum):
    """Why a copy cannot be taken as it is."""

    WRONG_PAGE_COUNT = "wrong_page_count"
    PAGES_BEFORE_FIRST_HEADER = "pages_before_first_header"
    UNREADABLE_PAGE = "unreadable_page"
    MIXED_SIZES = "mixed_sizes"
    ILLEGIBLE_PAGE = "illegible_page"
    BLANK_FIRST_PAGE = "blank_first_page"
    PAGE_ORDER = "page_order"
    """The stack seems scanned from back to front: the pages may be of two students."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One page of the scan file.

    Attributes:
        is_wide: it shows two pages of a folded sheet.
        defects: what is wrong with each page on it.
    """

    is_wide: bool
    is_readable: bool = True
    defects: Mapping[Half, PageDefect] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """A copy found in a scan.

    Attributes:
        placements: its pages in reading order.
        first_page, last_page: 0-based pages of the scan it was found on.
        problem: None when all is well.
        missing: 1-based pages of the copy that are not there.
        defects: what is wrong with each page, in the order of the placements.
    """

    placements: tuple[Placement, ...]
    first_page: int
    last_page: int
    problem: PlanProblem | None = None
    missing: tuple[int, ...] = ()
    defects: tuple[PageDefect | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Consecutive sides that belong together; ``turn`` None: no header among them."""

    first: int
    count: int
    turn: int | None


def plan_copies(
    sides: Sequence[Side],
    *,
    layout: Layout,
    pages_per_copy: int,
    segmentation: Segmentation,
    look: Look,
) -> tuple[CopyPlan, ...]:
    """The copies of a scan, in its order; every page of it is in exactly one.

    Args:
        sides: the pages of the scan file.
        layout: how pages lie on sides; ``auto`` is decided by the first side.
        pages_per_copy: pages of a complete copy.
        segmentation: a header starts a copy, or every so many pages do.
        look: asked for the sides that may start a copy.
    """
    if not sides:
        return ()
    is_folded = lies_folded(layout, starts_wide=sides[0].is_wide)
    length = sides_of_copy(pages_per_copy, is_folded=is_folded)
    groups = (
        _by_header(len(sides), is_folded=is_folded, look=look)
        if segmentation is Segmentation.HEADER
        else _by_count(len(sides), length, is_folded=is_folded, look=look)
    )
    is_counted = segmentation is Segmentation.PAGES
    plans = tuple(
        _plan(group, sides, is_folded=is_folded, expected=pages_per_copy, is_counted=is_counted)
        for group in groups
    )
    return _doubted(plans) if not is_counted and _is_shifted(groups, length) else plans


def is_wide(width: float, height: float) -> bool:
    """Whether a side of this size shows two pages of a folded sheet."""
    return width > FOLDED_ASPECT * height


def lies_folded(layout: Layout, *, starts_wide: bool) -> bool:
    """Whether sides show two pages each; ``auto`` is decided by the first side."""
    return layout is Layout.A3_FOLDED or (layout is Layout.AUTO and starts_wide)


def sides_of_copy(pages_per_copy: int, *, is_folded: bool) -> int:
    """Sides a complete copy was scanned from."""
    return max(1, pages_per_copy // (2 if is_folded else 1))


def first_parts(*, is_folded: bool) -> tuple[Half, ...]:
    """The parts of a side where a first page may be: upright, then upside-down."""
    return (Half.RIGHT, Half.LEFT) if is_folded else (Half.WHOLE,)


def _turn_of(side: int, *, is_folded: bool, look: Look) -> int | None:
    """The turn of the header on a side; on a folded one it must be where page 1 then lies."""
    if not is_folded:
        return look(side, Half.WHOLE)
    if look(side, Half.RIGHT) == 0:
        return 0
    return 180 if look(side, Half.LEFT) == 180 else None


def _by_header(count: int, *, is_folded: bool, look: Look) -> list[_Group]:
    turns = [_turn_of(side, is_folded=is_folded, look=look) for side in range(count)]
    starts = [side for side, turn in enumerate(turns) if turn is not None]
    if not starts or starts[0] > 0:
        starts.insert(0, 0)
    ends = [*starts[1:], count]
    return [
        _Group(first=start, count=end - start, turn=turns[start])
        for start, end in zip(starts, ends, strict=True)
    ]


def _is_shifted(groups: Sequence[_Group], length: int) -> bool:
    """Whether headers seem to end copies instead of starting them.

    Then the first copy seems to lack its header, and the last one lacks as many sides as came
    before the first header: a stack scanned back to front, or inner sides before outer ones. Each
    copy in between has the right number of pages, but of two students.
    """
    first, last = groups[0], groups[-1]
    return first.turn is None and len(groups) > 1 and first.count + last.count == length


def _doubted(plans: tuple[CopyPlan, ...]) -> tuple[CopyPlan, ...]:
    return tuple(
        replace(plan, problem=PlanProblem.PAGE_ORDER, missing=())
        if plan.problem is not PlanProblem.UNREADABLE_PAGE
        else plan
        for plan in plans
    )


def _by_count(count: int, length: int, *, is_folded: bool, look: Look) -> list[_Group]:
    return [
        _Group(
            first=first,
            count=min(length, count - first),
            turn=_turn_of(first, is_folded=is_folded, look=look),
        )
        for first in range(0, count, length)
    ]


def _plan(
    group: _Group, sides: Sequence[Side], *, is_folded: bool, expected: int, is_counted: bool
) -> CopyPlan:
    numbers = range(group.first, group.first + group.count)
    turn = group.turn or 0
    placements = (
        _folded_placements(numbers, turn)
        if is_folded
        else tuple(Placement(source_page=number, turn=turn) for number in numbers)
    )
    members = [sides[number] for number in numbers]
    defects = tuple(sides[place.source_page].defects.get(place.half) for place in placements)
    problem = _problem(
        group, members, defects, is_folded=is_folded, expected=expected, is_counted=is_counted
    )
    is_short = problem is PlanProblem.WRONG_PAGE_COUNT
    return CopyPlan(
        placements=placements,
        first_page=numbers[0],
        last_page=numbers[-1],
        problem=problem,
        missing=_missing(group.count, expected, is_folded=is_folded) if is_short else (),
        defects=defects,
    )


def _missing(count: int, expected: int, *, is_folded: bool) -> tuple[int, ...]:
    """1-based pages not on ``count`` sides; which sheet was eaten is unknown: the last, it is said.

    A folded outer side alone has pages 1 and 4 of its sheet, so 2 and 3 are missing.
    """
    there = (
        {page for side in range(count) for page in _folded_pages(side)}
        if is_folded
        else set(range(1, count + 1))
    )
    return tuple(page for page in range(1, expected + 1) if page not in there)


def _folded_pages(side: int) -> tuple[int, int]:
    """1-based pages on a side of folded sheets, sides counted from 0."""
    before = 4 * (side // 2)
    return (before + 2, before + 3) if side % 2 else (before + 1, before + 4)


def _problem(
    group: _Group,
    members: Sequence[Side],
    defects: Sequence[PageDefect | None],
    *,
    is_folded: bool,
    expected: int,
    is_counted: bool,
) -> PlanProblem | None:
    found = (
        (any(not side.is_readable for side in members), PlanProblem.UNREADABLE_PAGE),
        (any(side.is_wide != is_folded for side in members), PlanProblem.MIXED_SIZES),
        (group.turn is None and not is_counted, PlanProblem.PAGES_BEFORE_FIRST_HEADER),
        (len(defects) != expected, PlanProblem.WRONG_PAGE_COUNT),
        (has_illegible(defects), PlanProblem.ILLEGIBLE_PAGE),
        (starts_blank(defects), PlanProblem.BLANK_FIRST_PAGE),
    )
    return next((problem for is_there, problem in found if is_there), None)


def _folded_placements(numbers: range, turn: int) -> tuple[Placement, ...]:
    """Reading order of folded sheets: outer side [P4|P1], inner side [P2|P3], sheet by sheet.

    A side scanned upside-down shows its right page on the left.
    """
    left, right = (Half.RIGHT, Half.LEFT) if turn else (Half.LEFT, Half.RIGHT)
    pages: list[Placement] = []
    for outer in numbers[::2]:
        inner = outer + 1
        pages.append(Placement(source_page=outer, half=right, turn=turn))
        if inner in numbers:
            pages.append(Placement(source_page=inner, half=left, turn=turn))
            pages.append(Placement(source_page=inner, half=right, turn=turn))
        pages.append(Placement(source_page=outer, half=left, turn=turn))
    return tuple(pages)
