"""How well each student fits each header, one header after the other.

Turns posteriors and a roster into numbers (nats below the free reading, capped per field) and
decides nothing. Names are matched in both orders, because people write them in the other field.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viatique.identity.lexicon import OTHER_FIELD, Lexicon, lexicon, lexicons
from viatique.identity.matching import Floats, free_reading, penalties, prepared
from viatique.identity.name_variants import fold_letters
from viatique.identity.plausible_days import plausible_days, reads_as_day
from viatique.identity.printed_labels import views
from viatique.models import FieldName, FieldReading, FieldState, HeaderReading, Student

FIELD_CAP = 26.0
"""Most one field may count against a student, nats: about four wrong letters. A field cropped on
its neighbour then cannot outvote two good ones; with 20, a student of the same last name and birth
date (a twin, or chance among 5,000) came too close to one misread letter (2026-11-25)."""

BEYOND_RIVALRY = 14.0
"""Nats by which a student must be out of reach to be left out: the margin and the threshold of an
automatic identity are both less."""

LONE_CAP = 60.0
"""The same where a form asks for one field only: there is nothing to outvote."""

MOST_MISREAD = 12.0
"""A reading further from any day than one digit or two is no date, and nobody's."""

MISREAD_DOUBT = 1.5
"""Nats that a date read as no day keeps against everyone: several days may fit it as well."""

LOG_SWAPPED = -3.0
"""Prior of the names written in each other's field: 5 % of headers at most."""

NOBODY_BASE = {
    FieldName.LAST_NAME: 5.0,
    FieldName.FIRST_NAME: 3.0,
    FieldName.BIRTH_DATE: 7.0,
    FieldName.STUDENT_NUMBER: 5.0,
}
NOBODY_PER_SYMBOL = {
    FieldName.LAST_NAME: 1.2,
    FieldName.FIRST_NAME: 0.5,
    FieldName.BIRTH_DATE: 0.0,
    FieldName.STUDENT_NUMBER: 1.5,
}
"""Nats it costs to be written by someone unknown, per field and per symbol read: a last name is
1 in 10,000 or rarer, a first name 1 in 300, a birth date one of some 1,000 days (ln 1000 = 7)."""

NOBODY_LIMIT_PER_SYMBOL = 2.5
"""A field with two or three symbols says little, whoever wrote it."""


@dataclass(frozen=True, slots=True)
class CopyFit:
    """One header against N students.

    Attributes:
        students: (N,) their places in the roster.
        fields: the fields read, names first.
        costs: (F, N) nats each student loses in each field, 0..FIELD_CAP, names in the better
            order.
        known: (F, N) whether the roster says what the student would write there.
        swapped: (N,) whether the better order is the other one.
        total: (N,) nats in all, the price of swapping included.
        unknown: (F,) nats each field costs if written by someone unknown.
        homonyms: (N,) how many others of each student's two names are to be expected.
        letters: (F, N) symbols of what the roster has for each field, names in that order.
        symbols: (F,) symbols in the free reading of each field.
    """

    students: NDArray[np.int64]
    fields: tuple[FieldName, ...]
    costs: Floats
    known: NDArray[np.bool_]
    swapped: NDArray[np.bool_]
    total: Floats
    unknown: Floats
    homonyms: Floats
    letters: NDArray[np.int16]
    symbols: tuple[int, ...]

    @property
    def nobody(self) -> float:
        """Nats the header costs if written by someone unknown."""
        return float(self.unknown.sum())

    def only(self, wanted: NDArray[np.integer] | Sequence[int]) -> "CopyFit":
        """Returns the fit of the students in those places of the N alone, in that order."""
        return replace(
            self,
            students=self.students[wanted],
            costs=self.costs[:, wanted],
            known=self.known[:, wanted],
            swapped=self.swapped[wanted],
            total=self.total[wanted],
            homonyms=self.homonyms[wanted],
            letters=self.letters[:, wanted],
        )


@dataclass(frozen=True, slots=True)
class RosterWords:
    """What N students may write, prepared once for all headers.

    Attributes:
        of_fields: the words of each field.
        days: all days a writer may be born.
        homonyms: (N,) as in ``CopyFit``.
    """

    of_fields: Mapping[FieldName, Lexicon]
    days: Lexicon
    homonyms: Floats


def roster_words(roster: Sequence[Student]) -> RosterWords:
    """Prepares a roster for ``fit_header``."""
    return RosterWords(
        of_fields=lexicons(roster),
        days=lexicon(plausible_days(student.birth_date for student in roster)),
        homonyms=expected_homonyms(roster),
    )


def expected_homonyms(roster: Sequence[Student]) -> Floats:
    """Returns for each of N students how many more of both names chance would put on the roster.

    The roster itself says how common its names are: one last name in 50 and one first name in 50
    among 5,000 students make two people of nearly every pair of names.
    """
    last = [fold_letters(student.last_name) for student in roster]
    first = [fold_letters(student.first_name) for student in roster]
    by_last, by_first = Counter(last), Counter(first)
    pairs = zip(last, first, strict=True)
    return np.array([by_last[one] * by_first[other] / len(roster) for one, other in pairs])


def fit_header(reading: HeaderReading, words: RosterWords) -> CopyFit:
    """Fits one header against N students."""
    of_fields, count = words.of_fields, len(words.homonyms)
    fields = sorted(filter(_is_read, reading.fields), key=lambda one: one.name not in OTHER_FIELD)
    frames = {field.name: prepared(field.log_probs) for field in fields}
    names = tuple(frames)
    symbols = tuple(len(free_reading(frames[name])) for name in names)
    neutral = np.array([_nobody(*pair) for pair in zip(names, symbols, strict=True)], dtype=float)
    cap = FIELD_CAP if len(reading.fields) > 1 else LONE_CAP
    written = [name for name in names if name in OTHER_FIELD]
    costs = np.zeros((len(names), count))
    costs[: len(written)], swapped = _name_costs(frames, written, of_fields, cap)
    wanted = _may_win(costs, cap)
    for row, name in enumerate(names[len(written) :], start=len(written)):
        of_field = of_fields[name]
        costs[row] = of_field.costs_of(wanted, frames[name], cap).take(of_field.entries)
        if name is FieldName.BIRTH_DATE:
            misread = _misread(frames[name], words.days)
            costs[row] = np.maximum(0.0, costs[row] - misread) + min(MISREAD_DOUBT, misread)
    known = np.isfinite(costs)
    costs = np.where(known, costs, neutral[:, None])
    total = costs.sum(axis=0) - LOG_SWAPPED * swapped
    letters = _letters(names, of_fields, swapped)
    return CopyFit(
        students=np.arange(count),
        fields=names,
        costs=costs,
        known=known,
        swapped=swapped,
        total=total,
        unknown=neutral,
        homonyms=words.homonyms,
        letters=letters,
        symbols=symbols,
    )


def _name_costs(
    frames: Mapping[FieldName, Floats],
    names: Sequence[FieldName],
    of_fields: Mapping[FieldName, Lexicon],
    cap: float,
) -> tuple[Floats, NDArray[np.bool_]]:
    """Returns the (F, N) costs of F names in each student's better order, and which that is."""
    count = len(of_fields[FieldName.LAST_NAME].entries)
    straight, crossed = np.empty((len(names), count)), np.empty((len(names), count))
    for row, name in enumerate(names):
        own, other = of_fields[name], of_fields[OTHER_FIELD[name]]
        straight[row], crossed[row] = _written_costs(frames[name], (own, other), cap)
    if len(names) < len(OTHER_FIELD):
        return straight, np.zeros(count, dtype=bool)
    return _better_order(straight, crossed)


def _may_win(costs: Floats, cap: float) -> NDArray[np.bool_]:
    """Tells of N students whose names leave a chance that the field after them could still decide.

    Most of the time went into the dates of people whose names are quite others (2026-11-25).
    """
    named = np.where(np.isfinite(costs), costs, 0.0).sum(axis=0)
    return named <= named.min(initial=np.inf) + cap + BEYOND_RIVALRY


def _misread(frames: Floats, days: Lexicon) -> float:
    """Returns the nats that any day costs on a reading that is none, 0 on one that is a day."""
    if not len(days.starts) or reads_as_day(frames):
        return 0.0
    best = float(days.costs(penalties(frames, days.words, cap=FIELD_CAP), FIELD_CAP).min())
    return best if best < MOST_MISREAD else 0.0


def _letters(
    names: tuple[FieldName, ...],
    of_fields: Mapping[FieldName, Lexicon],
    swapped: NDArray[np.bool_],
) -> NDArray[np.int16]:
    """Returns the (F, N) symbols of each student's full word for each field, 0 without one."""
    result = np.zeros((len(names), len(swapped)), dtype=np.int16)
    for row, name in enumerate(names):
        straight, other = of_fields[name].sizes, of_fields[OTHER_FIELD.get(name, name)].sizes
        result[row] = np.where(swapped, other, straight)
    return result


def _nobody(name: FieldName, symbols: int) -> float:
    cost = NOBODY_BASE[name] + NOBODY_PER_SYMBOL[name] * symbols
    return min(cost, NOBODY_LIMIT_PER_SYMBOL * symbols)


def _better_order(straight: Floats, crossed: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Returns the (F, N) costs in each student's better order, and where that is the other one."""
    comparable = np.isfinite(straight) & np.isfinite(crossed)
    gap = np.subtract(straight, crossed, where=comparable, out=np.zeros(straight.shape)).sum(axis=0)
    swapped = gap > -LOG_SWAPPED
    return np.where(swapped, crossed, straight), swapped


def _is_read(field: FieldReading) -> bool:
    return field.state is FieldState.READ and len(field.log_probs) > 0


def _written_costs(frames: Floats, of_names: Sequence[Lexicon], cap: float) -> list[Floats]:
    """Returns for both names the (N,) cost of each student's in a field, a printed label set aside.

    The names have their words in common, so a view of the field is aligned with them once.
    """
    seen = [(penalties(part, of_names[0].words, cap=cap), price) for part, price in views(frames)]
    found = []
    for one in of_names:
        best = np.min([one.costs(by_word, cap) + price for by_word, price in seen], axis=0)
        best[:-1] = np.minimum(best[:-1], cap)
        found.append(best.take(one.entries))
    return found
