"""Copies are shared out evenly, twice the same is nothing, and what is touched stays."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viatique.errors import InvalidInput
from viatique.marking.dispatch import WHOLE, Slot, part_leaves, parts_of, share_out
from viatique.marking.scoring import Question, Scheme
from viatique.models import CopyId

SCHEME = Scheme(
    total=Decimal(20),
    questions=(
        Question(
            question_id="1",
            label="One",
            questions=(
                Question(question_id="1.a", label="a", points=Decimal(3)),
                Question(question_id="1.b", label="b", points=Decimal(5)),
            ),
        ),
        Question(question_id="2", label="Two", points=Decimal(12)),
    ),
)
MARKERS = ("UA", "UB", "UC")


def slots(copies: int, *, readings: int = 1, parts: tuple[str, ...] = (WHOLE,)) -> list[Slot]:
    return [
        Slot(copy_id=CopyId(f"E00000-{copy:04d}"), part=part, reading=reading)
        for copy in range(copies)
        for part in parts
        for reading in range(1, readings + 1)
    ]


def loads(held: dict[Slot, str], markers: tuple[str, ...] = MARKERS) -> list[int]:
    counts = Counter(held.values())
    return sorted(counts[who] for who in markers)


def share(
    wanted: list[Slot],
    held: dict[Slot, str] | None = None,
    markers: tuple[str, ...] = MARKERS,
    *,
    fixed: frozenset[CopyId] = frozenset(),
    rebalance: bool = False,
) -> dict[Slot, str]:
    held = held or {}
    return held | share_out(wanted, held, markers, fixed=fixed, is_rebalanced=rebalance)


def test_a_scheme_has_its_whole_and_its_top_questions() -> None:
    assert parts_of(SCHEME, is_by_question=False) == (WHOLE,)
    assert parts_of(SCHEME, is_by_question=True) == ("1", "2")
    assert part_leaves(SCHEME) == (
        (WHOLE, "1.a"), (WHOLE, "1.b"), (WHOLE, "2"), ("1", "1.a"), ("1", "1.b"), ("2", "2"),
    )  # fmt: skip


def test_a_question_stays_with_who_has_it_when_loads_are_even() -> None:
    shared = share(slots(10, parts=("1", "2")), markers=("UA", "UB"))
    assert {(slot.part, who) for slot, who in shared.items()} == {("1", "UA"), ("2", "UB")}


def test_a_marker_who_left_gives_back_what_they_did_not_touch() -> None:
    wanted = slots(6)
    before = share(wanted, markers=("UA", "UB"))
    touched = wanted[0].copy_id
    after = share(wanted, before, ("UB", "UC"), fixed=frozenset({touched}), rebalance=True)
    assert [slot.copy_id for slot, who in after.items() if who == "UA"] == [touched]
    assert loads(after) == [1, 2, 3]
    assert share(wanted, before, ("UB", "UC")) == before


@pytest.mark.parametrize(("markers", "readings"), [((), 1), (("UA",), 2), (("UA", "UA"), 2)])
def test_too_few_markers_are_refused(markers: tuple[str, ...], readings: int) -> None:
    with pytest.raises(InvalidInput):
        share(slots(1, readings=readings), markers=markers)


def test_nothing_to_share_out_needs_no_marker_but_one() -> None:
    assert share([], markers=("UA",)) == {}


SPLITS = st.sampled_from([(WHOLE,), ("1", "2"), ("1", "2", "3")])


@given(
    first=st.integers(0, 12),
    more=st.integers(0, 12),
    readings=st.integers(1, 2),
    parts=SPLITS,
    count=st.integers(2, 5),
    joined=st.integers(0, 3),
    touched=st.sets(st.integers(0, 11)),
)
def test_loads_are_even_and_touched_copies_stay(
    *, first: int, more: int, readings: int, parts: tuple[str, ...], count: int, joined: int,
    touched: set[int],
) -> None:  # fmt: skip
    wanted = slots(first + more, readings=readings, parts=parts)
    begun = wanted[: first * readings * len(parts)]
    markers = tuple(f"U{number}" for number in range(count))
    all_markers = (*markers, *(f"V{number}" for number in range(joined)))
    fixed = frozenset(CopyId(f"E00000-{copy:04d}") for copy in touched if copy < first)

    before = share(begun, markers=markers)
    assert max(loads(before, markers)) - min(loads(before, markers)) <= 1
    added = share(wanted, before, all_markers)
    assert added.items() >= before.items()
    assert share(wanted, added, all_markers) == added
    level = share(wanted, added, all_markers, fixed=fixed, rebalance=True)
    assert level.keys() == set(wanted)
    assert {slot: who for slot, who in level.items() if slot.copy_id in fixed} == {
        slot: who for slot, who in added.items() if slot.copy_id in fixed
    }
    assert share(wanted, level, all_markers, fixed=fixed, rebalance=True) == level
    readers = Counter((slot.copy_id, slot.part, who) for slot, who in level.items())
    assert set(readers.values()) <= {1}
    if not fixed:
        assert max(loads(level, all_markers)) - min(loads(level, all_markers)) <= 1
