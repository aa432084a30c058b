"""No scanned page is lost, and a missing or extra sheet spoils one copy only."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viatique.models import Half, Layout, Placement, Segmentation
from viatique.scans.segmentation import CopyPlan, PlanProblem, Side, first_parts, plan_copies

Headers = Mapping[tuple[int, Half], int]

A4 = Side(is_wide=False)
A3 = Side(is_wide=True)
BROKEN = Side(is_wide=False, is_readable=False)
WHOLE, LEFT, RIGHT = Half.WHOLE, Half.LEFT, Half.RIGHT


def plan(
    sides: list[Side],
    headers: Headers,
    *,
    layout: Layout = Layout.AUTO,
    pages: int = 4,
    segmentation: Segmentation = Segmentation.HEADER,
) -> tuple[CopyPlan, ...]:
    return plan_copies(
        sides,
        layout=layout,
        pages_per_copy=pages,
        segmentation=segmentation,
        look=lambda side, part: headers.get((side, part)),
    )


def upright(*sides: int, half: Half = WHOLE) -> dict[tuple[int, Half], int]:
    return {(side, half): 0 for side in sides}


def sources(copy: CopyPlan) -> list[tuple[int, Half]]:
    return [(placement.source_page, placement.half) for placement in copy.placements]


def problems(plans: tuple[CopyPlan, ...]) -> list[PlanProblem | None]:
    return [copy.problem for copy in plans]


def test_a4_pages_are_read_in_scan_order() -> None:
    first, second = plan([A4] * 8, upright(0, 4))
    assert sources(first) == [(0, WHOLE), (1, WHOLE), (2, WHOLE), (3, WHOLE)]
    assert (second.first_page, second.last_page, second.problem) == (4, 7, None)


def test_folded_sheets_are_read_as_a_booklet() -> None:
    (copy,) = plan([A3] * 2, upright(0, half=RIGHT))
    assert sources(copy) == [(0, RIGHT), (1, LEFT), (1, RIGHT), (0, LEFT)]


def test_folded_sheets_of_a_longer_copy_follow_each_other() -> None:
    (copy,) = plan([A3] * 4, upright(0, half=RIGHT), pages=8)
    assert copy.problem is None
    assert sources(copy)[4:] == [(2, RIGHT), (3, LEFT), (3, RIGHT), (2, LEFT)]


def test_upside_down_folded_sheet_swaps_its_halves_and_turns_all_its_pages() -> None:
    (copy,) = plan([A3] * 2, {(0, LEFT): 180})
    assert copy.placements == (
        Placement(source_page=0, half=LEFT, turn=180),
        Placement(source_page=1, half=RIGHT, turn=180),
        Placement(source_page=1, half=LEFT, turn=180),
        Placement(source_page=0, half=RIGHT, turn=180),
    )


def test_upside_down_copy_leaves_the_next_one_upright() -> None:
    first, second = plan([A4] * 8, {(0, WHOLE): 180, (4, WHOLE): 0})
    assert {placement.turn for placement in first.placements} == {180}
    assert {placement.turn for placement in second.placements} == {0}


@pytest.mark.parametrize("headers", [{(0, LEFT): 0}, {(0, RIGHT): 180}], ids=["left", "right"])
def test_header_where_page_one_cannot_be_is_not_believed(headers: Headers) -> None:
    (copy,) = plan([A3] * 2, headers)
    assert copy.problem is PlanProblem.PAGES_BEFORE_FIRST_HEADER


def test_eaten_page_spoils_its_copy_only_and_is_named() -> None:
    plans = plan([A4] * 11, upright(0, 4, 7))
    assert problems(plans) == [None, PlanProblem.WRONG_PAGE_COUNT, None]
    assert plans[1].missing == (4,)


def test_extra_page_spoils_its_copy_only() -> None:
    plans = plan([A4] * 13, upright(0, 5, 9))
    assert problems(plans) == [PlanProblem.WRONG_PAGE_COUNT, None, None]
    assert plans[0].missing == ()


@pytest.mark.parametrize(
    ("count", "pages", "missing"), [(1, 4, (2, 3)), (3, 8, (6, 7)), (2, 8, (5, 6, 7, 8))]
)
def test_missing_side_of_a_folded_sheet_names_the_pages_it_has(
    count: int, pages: int, missing: tuple[int, ...]
) -> None:
    copy, _ = plan([A3] * (count + pages // 2), upright(0, count, half=RIGHT), pages=pages)
    assert (copy.problem, copy.missing) == (PlanProblem.WRONG_PAGE_COUNT, missing)


def test_pages_before_the_first_header_are_a_copy_of_their_own() -> None:
    plans = plan([A4] * 9, upright(1, 5))
    assert problems(plans) == [PlanProblem.PAGES_BEFORE_FIRST_HEADER, None, None]
    assert sources(plans[0]) == [(0, WHOLE)]


@pytest.mark.parametrize(
    ("sides", "headers"),
    [
        ([A4] * 12, upright(3, 7, 11)),
        ([A3] * 6, upright(1, 3, 5, half=RIGHT)),
        ([A4] * 11, upright(3, 6, 10)),
    ],
    ids=["back to front", "inner side first", "back to front, one page eaten"],
)
def test_stack_in_the_wrong_order_never_mixes_two_students_unnoticed(
    sides: list[Side], headers: Headers
) -> None:
    assert set(problems(plan(sides, headers))) == {PlanProblem.PAGE_ORDER}


def test_scan_without_any_header_is_one_doubtful_copy() -> None:
    (copy,) = plan([A4] * 6, {})
    assert copy.problem is PlanProblem.PAGES_BEFORE_FIRST_HEADER


def test_bad_page_spoils_its_copy_only() -> None:
    plans = plan([*[A4] * 5, BROKEN, *[A4] * 6], upright(0, 4, 8))
    assert problems(plans) == [None, PlanProblem.UNREADABLE_PAGE, None]


@pytest.mark.parametrize("layout", [Layout.AUTO, Layout.A4])
def test_page_of_another_size_spoils_its_copy_only(layout: Layout) -> None:
    plans = plan([A4, A4, A3, A4, *[A4] * 4], upright(0, 4), layout=layout)
    assert problems(plans) == [PlanProblem.MIXED_SIZES, None]


def test_counted_copies_need_no_header() -> None:
    plans = plan([A4] * 10, {}, segmentation=Segmentation.PAGES)
    assert problems(plans) == [None, None, PlanProblem.WRONG_PAGE_COUNT]
    assert plans[-1].missing == (3, 4)


def test_counted_copies_are_looked_at_once_each_for_their_turn() -> None:
    asked: list[int] = []

    def look(side: int, _part: Half) -> int | None:
        asked.append(side)
        return 180 if side == 4 else 0

    plans = plan_copies(
        [A4] * 8, layout=Layout.A4, pages_per_copy=4, segmentation=Segmentation.PAGES, look=look
    )
    assert asked == [0, 4]
    assert {placement.turn for placement in plans[1].placements} == {180}


def test_scan_without_sides_has_no_copies() -> None:
    assert plan([], {}) == ()


SIDES = st.lists(
    st.builds(Side, is_wide=st.booleans(), is_readable=st.sampled_from([True, True, True, False])),
    max_size=40,
)
LOOKS = st.dictionaries(
    st.tuples(st.integers(0, 39), st.sampled_from(Half)), st.sampled_from([0, 180])
)


@given(
    SIDES, LOOKS, st.sampled_from(Layout), st.sampled_from(Segmentation), st.sampled_from([1, 4, 8])
)
def test_every_scanned_page_is_in_exactly_one_copy(
    sides: list[Side], looks: Headers, layout: Layout, segmentation: Segmentation, pages: int
) -> None:
    plans = plan(sides, looks, layout=layout, pages=pages, segmentation=segmentation)
    covered = [side for copy in plans for side in range(copy.first_page, copy.last_page + 1)]
    assert covered == list(range(len(sides)))
    for copy in plans:
        used = {placement.source_page for placement in copy.placements}
        assert used == set(range(copy.first_page, copy.last_page + 1))
        assert len(set(sources(copy))) == len(copy.placements)
        assert copy.problem or len(copy.placements) == pages


@given(st.integers(1, 12), st.data())
def test_damage_to_one_copy_leaves_all_others_as_they_were(
    copies: int, data: st.DataObject
) -> None:
    victim = data.draw(st.integers(0, copies - 1))
    lengths = [4] * copies
    lengths[victim] = data.draw(st.sampled_from([1, 2, 3, 5, 6]))
    starts = [sum(lengths[:number]) for number in range(copies)]
    plans = plan([A4] * sum(lengths), upright(*starts))
    expected: list[PlanProblem | None] = [None] * copies
    expected[victim] = PlanProblem.WRONG_PAGE_COUNT
    assert problems(plans) == expected
    assert [copy.first_page for copy in plans] == starts


def test_only_parts_that_may_hold_a_first_page_are_looked_at() -> None:
    assert first_parts(is_folded=True) == (RIGHT, LEFT)
    assert first_parts(is_folded=False) == (WHOLE,)
