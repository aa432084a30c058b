"""Rectangles in points, and the room notes find beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viatique.geometry import (
    EDGE,
    Box,
    fits,
    free_place,
    in_points,
    moved_inside,
    overlap,
    places_beside,
    squared,
)
from viatique.models import Rect

PAGE = (595.0, 842.0)
fractions = st.floats(0, 1)
rects = st.builds(
    lambda x0, y0, x1, y1: Rect(x0=x0, y0=y0, x1=x1, y1=y1),
    fractions, fractions, fractions, fractions,
)  # fmt: skip
sizes = st.tuples(st.floats(1, 180), st.floats(1, 80))


def test_fractions_become_points_of_the_page_as_seen() -> None:
    box = in_points(Rect(x0=0.25, y0=0.5, x1=0.5, y1=0.75), 800, 400)

    assert box == Box(200, 200, 400, 300)


@given(rects)
def test_corners_in_any_order_give_a_box_on_the_page(rect: Rect) -> None:
    box = in_points(rect, *PAGE)

    assert 0 <= box.x0 <= box.x1 <= PAGE[0]
    assert 0 <= box.y0 <= box.y1 <= PAGE[1]


@given(rects, st.floats(1, 50))
def test_a_sign_is_square_large_enough_and_in_the_middle(rect: Rect, least: float) -> None:
    box = in_points(rect, *PAGE)
    square = squared(box, least)

    assert square.width == pytest.approx(square.height)
    assert square.width >= least - 1e-6
    assert square.middle == pytest.approx(box.middle)


@given(rects, rects)
def test_overlap_does_not_depend_on_the_order(first: Rect, second: Rect) -> None:
    one, other = in_points(first, *PAGE), in_points(second, *PAGE)

    assert overlap(one, other) == overlap(other, one)


def test_boxes_that_share_an_edge_do_not_overlap() -> None:
    assert not overlap(Box(0, 0, 10, 10), Box(10, 0, 20, 10))


@given(rects, sizes)
def test_every_place_has_the_note_size_and_is_on_the_page(
    rect: Rect, size: tuple[float, float]
) -> None:
    for place in places_beside(in_points(rect, *PAGE), size, PAGE):
        assert (place.width, place.height) == pytest.approx(size)
        assert place.x0 >= EDGE - 1e-6
        assert place.y0 >= EDGE - 1e-6
        assert place.x1 <= PAGE[0] - EDGE + 1e-6
        assert place.y1 <= PAGE[1] - EDGE + 1e-6


@given(rects, sizes, st.lists(rects, max_size=6))
def test_a_free_place_touches_nothing_taken(
    rect: Rect, size: tuple[float, float], others: list[Rect]
) -> None:
    taken = [in_points(other, *PAGE) for other in others]
    place = free_place(in_points(rect, *PAGE), size, PAGE, taken)

    assert place is None or not any(overlap(place, other) for other in taken)


def test_the_first_choice_is_right_of_the_rectangle() -> None:
    place = free_place(Box(100, 100, 200, 120), (50, 20), PAGE, [])

    assert place is not None
    assert place.x0 > 200
    assert place.y0 == 100


def test_there_is_no_place_on_a_full_page_or_a_page_too_small() -> None:
    target = Box(100, 100, 200, 120)

    assert free_place(target, (50, 20), PAGE, [Box(0, 0, *PAGE)]) is None
    assert free_place(target, (50, 20), (40, 40), []) is None
    assert not fits(Box(0, 0, 50, 20), 40, 40)


def test_a_box_larger_than_the_page_starts_at_its_top_left() -> None:
    assert moved_inside(Box(30, 30, 90, 90), 40, 40) == Box(EDGE, EDGE, EDGE + 60, EDGE + 60)
