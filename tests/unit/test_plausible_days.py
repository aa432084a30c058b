"""What a birth date may be: readings that are days, and the days that are tried for others."""

from datetime import date

import pytest

from tests.unit.posteriors import posteriors
from viatique.identity.matching import prepared
from viatique.identity.plausible_days import plausible_days, reads_as_day


@pytest.mark.parametrize(
    "digits",
    ["03042008", "0310412008", "031042008", "030412008", "030408", "342008", "20080403"],
)
def test_a_day_written_in_any_usual_way_is_a_day(digits: str) -> None:
    assert reads_as_day(prepared(posteriors(digits, width=11)))


@pytest.mark.parametrize("digits", ["69022009", "03142008", "03042608", "31022008", "3", "03042"])
def test_a_reading_that_no_calendar_has_is_no_day(digits: str) -> None:
    assert not reads_as_day(prepared(posteriors(digits, width=11)))


def test_days_around_the_births_of_the_roster_are_tried() -> None:
    days = {words[0][0] for words in plausible_days([date(2009, 5, 1), None, date(2010, 1, 1)])}
    assert {"01012007", "29022008", "31122012"} <= days
    assert "31122006" not in days
    assert "01012013" not in days


@pytest.mark.parametrize("births", [[], [None], [date(1925, 1, 1), date(2010, 1, 1)]])
def test_no_day_is_tried_without_births_or_for_all_ages(births: list[date | None]) -> None:
    assert plausible_days(births) == []
