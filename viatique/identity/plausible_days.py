"""What a birth date may be at all: a date read as day 69 or year 2608 is a digit misread.

Such a reading is compared with the best day it may be instead, because what it says literally is
nobody's. A reading that is a day stays as it is: it may be a stranger's.
"""

import functools
import re
from collections.abc import Iterable
from datetime import date, timedelta

from viatique.identity.matching import Floats, free_reading
from viatique.identity.name_variants import Variant, date_variants

OLDEST, YOUNGEST = 1920, 2025
"""Years of birth of anyone who may sit an exam."""
YEARS_AROUND = 2
"""Years before and after the roster's own that an unknown writer may be born in."""
MOST_DAYS = 8000
"""More are not tried: a roster of all ages says little about a misread year."""

_ORDERS = (
    re.compile(r"(?P<day>\d\d)1?(?P<month>\d\d)1?(?P<year>\d{4})"),
    re.compile(r"(?P<day>\d\d)1?(?P<month>\d\d)1?(?P<year>\d\d)"),
    re.compile(r"(?P<day>\d)(?P<month>\d\d?)(?P<year>\d{4})"),
    re.compile(r"(?P<day>\d\d)(?P<month>\d)(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})1?(?P<month>\d\d)1?(?P<day>\d\d)"),
)


def reads_as_day(frames: Floats) -> bool:
    """Whether the best path is a date of birth, written in any usual way."""
    text = "".join(str(int(column) - 1) for column in free_reading(frames))
    return any(_is_day(match) for order in _ORDERS if (match := order.fullmatch(text)))


def plausible_days(births: Iterable[date | None]) -> list[tuple[Variant, ...]]:
    """The ways of writing each day someone like the roster's students may be born on."""
    years = {birth.year for birth in births if birth}
    if not years:
        return []
    first = date(min(years) - YEARS_AROUND, 1, 1)
    count = (date(max(years) + YEARS_AROUND, 12, 31) - first).days + 1
    return _days(first, count) if count <= MOST_DAYS else []


@functools.lru_cache(maxsize=4)
def _days(first: date, count: int) -> list[tuple[Variant, ...]]:
    return [date_variants(first + timedelta(number)) for number in range(count)]


def _is_day(match: re.Match[str]) -> bool:
    year = int(match["year"]) if len(match["year"]) > 2 else 2000
    try:
        date(year, int(match["month"]), int(match["day"]))
    except ValueError:
        return False
    return OLDEST <= year <= YOUNGEST
