"""A form that asks for a number only: plain digits decide, doubtful ones go to a person."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.posteriors import posteriors
from viatique.identity.decision import LONG_NUMBER, decide
from viatique.models import (
    CopyId,
    Decision,
    FieldName,
    FieldReading,
    FieldState,
    HeaderReading,
    IdentityState,
    Student,
    StudentId,
)

DIGITS = 8


def students(digits: int, count: int = 60, seed: int = 1) -> list[Student]:
    rng = Random(seed)  # noqa: S311  # numbers, not secrets
    numbers = rng.sample(range(10 ** (digits - 1), 10**digits), count)
    return [
        Student(
            student_id=StudentId(f"S{place}"), last_name="X", first_name="Y", student_number=str(n)
        )
        for place, n in enumerate(numbers)
    ]


def written(number: str, *, noise: float = 0.0, seed: int = 0) -> HeaderReading:
    seen = posteriors(number, width=11, noise=noise, seed=seed)
    field = FieldReading(
        name=FieldName.STUDENT_NUMBER, state=FieldState.READ, log_probs=seen, text=number
    )
    return HeaderReading(fields=(field,))


def decided(roster: list[Student], *headers: HeaderReading) -> tuple[Decision, ...]:
    return decide({CopyId(f"c{place}"): one for place, one in enumerate(headers)}, roster)


@pytest.mark.parametrize(("digits", "least"), [(LONG_NUMBER, 50), (8, 60), (10, 60), (13, 60)])
def test_plain_numbers_are_automatic_and_right(digits: int, least: int) -> None:
    """Of 60 copies; with few digits some students are two digits apart, which is too close."""
    roster = students(digits)
    found = decided(roster, *(written(one.student_number) for one in roster))
    right = [one.student_id == who.student_id for one, who in zip(found, roster, strict=True)]
    assert sum(right) >= least
    assert all(
        is_right or one.student_id is None for is_right, one in zip(right, found, strict=True)
    )


def test_a_short_number_is_left_to_a_person() -> None:
    roster = students(LONG_NUMBER - 1)
    (found,) = decided(roster, written(roster[0].student_number))
    assert found.state is IdentityState.REVIEW
    assert found.candidates[0].student_id == roster[0].student_id


@given(st.integers(0, DIGITS - 1), st.integers(1, 9), st.integers(0, 59))
def test_a_stranger_one_digit_off_is_never_automatic(place: int, step: int, who: int) -> None:
    roster = students(DIGITS)
    number = roster[who].student_number
    other = str((int(number[place]) + step) % 10)
    stranger = number[:place] + other + number[place + 1 :]
    taken = {one.student_number for one in roster}
    (found,) = decided(roster, written(stranger))
    assert found.state is IdentityState.REVIEW or stranger in taken


@given(st.integers(0, 10_000), st.floats(0, 0.5))
def test_misread_digits_never_make_a_wrong_identity(seed: int, noise: float) -> None:
    roster = students(DIGITS, seed=seed)
    headers = [
        written(one.student_number, noise=noise, seed=seed + place)
        for place, one in enumerate(roster[:20])
    ]
    for one, found in zip(roster, decided(roster, *headers), strict=False):
        assert found.student_id in {None, one.student_id}


def test_neighbouring_numbers_are_told_apart_only_when_plain() -> None:
    roster = students(DIGITS, count=2)
    twin = f"{int(roster[0].student_number) ^ 1:0{DIGITS}}"
    roster[1] = Student(
        student_id=StudentId("twin"), last_name="X", first_name="Y", student_number=twin
    )
    first, second = decided(roster, *(written(one.student_number) for one in roster))
    assert first.student_id in {None, roster[0].student_id}
    assert second.student_id in {None, roster[1].student_id}
