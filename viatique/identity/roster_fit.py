"""How well each student fits each header: one table of penalties per exam.

Turns posteriors and a roster into numbers (nats below the free reading, capped per field) and
decides nothing. Names are matched in both orders, because people write them in the other field.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viatique.identity.matching import (
    Floats,
    WordSet,
    encode,
    free_reading,
    pack,
    penalties,
    prepared,
)
from viatique.identity.name_variants import (
    Variant,
    date_variants,
    first_name_variants,
    fold_letters,
    last_name_variants,
    number_variants,
)
from viatique.identity.plausible_days import plausible_days, reads_as_day
from viatique.identity.printed_labels import views
from viatique.models import CopyId, FieldName, FieldReading, FieldState, HeaderReading, Student

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

OTHER_FIELD = {
    FieldName.LAST_NAME: FieldName.FIRST_NAME,
    FieldName.FIRST_NAME: FieldName.LAST_NAME,
}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one field for a whole roster, each once.

    Attributes:
        words: W words.
        variant_words: (V,) word of each variant, variants sorted by student.
        variant_costs: (V,) minus the log-prior of each variant.
        owners: (V,) place in the roster of the student of each variant.
        starts: (S,) first variant of each student who has one.
        students: (S,) their places in the roster.
        sizes: (N,) symbols of each student's first variant, 0 without one.
    """

    words: WordSet
    variant_words: NDArray[np.int64]
    variant_costs: Floats
    owners: NDArray[np.int64]
    starts: NDArray[np.int64]
    students: NDArray[np.int64]
    sizes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CopyFit:
    """One header against N students.

    Attributes:
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


def fit_all(
    readings: Mapping[CopyId, HeaderReading], roster: Sequence[Student]
) -> dict[CopyId, CopyFit]:
    """Fits every header against every student."""
    lexicons = {name: _lexicon(_variants(name, roster)) for name in FieldName}
    days = _lexicon(plausible_days(student.birth_date for student in roster))
    homonyms = expected_homonyms(roster)
    return {
        copy_id: fit(reading, lexicons, days, homonyms) for copy_id, reading in readings.items()
    }


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


def fit(
    reading: HeaderReading,
    lexicons: Mapping[FieldName, Lexicon],
    days: Lexicon,
    homonyms: Floats,
) -> CopyFit:
    """Fits one header against N students; ``days`` are all days a writer may be born."""
    count = len(homonyms)
    fields = sorted(filter(_is_read, reading.fields), key=lambda one: one.name not in OTHER_FIELD)
    frames = {field.name: prepared(field.log_probs) for field in fields}
    names = tuple(frames)
    symbols = tuple(len(free_reading(frames[name])) for name in names)
    neutral = np.array([_nobody(*pair) for pair in zip(names, symbols, strict=True)], dtype=float)
    cap = FIELD_CAP if len(reading.fields) > 1 else LONE_CAP
    written = [name for name in names if name in OTHER_FIELD]
    costs = np.zeros((len(names), count))
    costs[: len(written)], swapped = _name_costs(frames, written, lexicons, count, cap)
    wanted = _may_win(costs, cap)
    for row, name in enumerate(names[len(written) :], start=len(written)):
        costs[row] = _wanted_costs(frames[name], lexicons[name], wanted, cap)
        if name is FieldName.BIRTH_DATE:
            misread = _misread(frames[name], days)
            costs[row] = np.maximum(0.0, costs[row] - misread) + min(MISREAD_DOUBT, misread)
    known = np.isfinite(costs)
    costs = np.where(known, costs, neutral[:, None])
    total = costs.sum(axis=0) - LOG_SWAPPED * swapped
    letters = _letters(names, lexicons, swapped)
    return CopyFit(names, costs, known, swapped, total, neutral, homonyms, letters, symbols)


def _name_costs(
    frames: Mapping[FieldName, Floats],
    names: Sequence[FieldName],
    lexicons: Mapping[FieldName, Lexicon],
    count: int,
    cap: float,
) -> tuple[Floats, NDArray[np.bool_]]:
    """Returns the (F, N) costs of F names in each student's better order, and which that is."""
    straight = [_written_costs(frames[name], lexicons[name], count, cap) for name in names]
    if len(names) < len(OTHER_FIELD):
        return np.array(straight).reshape(len(names), count), np.zeros(count, dtype=bool)
    others = [lexicons[OTHER_FIELD[name]] for name in names]
    crossed = [
        _written_costs(frames[name], other, count, cap)
        for name, other in zip(names, others, strict=True)
    ]
    return _better_order(np.array(straight), np.array(crossed))


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
    best = float(_student_costs(frames, days, len(days.sizes), FIELD_CAP).min())
    return best if best < MOST_MISREAD else 0.0


def _letters(
    names: tuple[FieldName, ...],
    lexicons: Mapping[FieldName, Lexicon],
    swapped: NDArray[np.bool_],
) -> NDArray[np.int16]:
    """Returns the (F, N) symbols of each student's full word for each field, 0 without one."""
    result = np.zeros((len(names), len(swapped)), dtype=np.int16)
    for row, name in enumerate(names):
        straight, other = lexicons[name].sizes, lexicons[OTHER_FIELD.get(name, name)].sizes
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


def _written_costs(frames: Floats, lexicon: Lexicon, count: int, cap: float) -> Floats:
    """Returns the (N,) cost of each student in a name, a printed label in the crop set aside."""
    costs = [_student_costs(seen, lexicon, count, cap) + price for seen, price in views(frames)]
    best = np.min(costs, axis=0)
    return np.where(np.isfinite(best), np.minimum(best, cap), best)


def _student_costs(frames: Floats, lexicon: Lexicon, count: int, cap: float) -> Floats:
    """Returns the (N,) cost of each student's best variant; inf for those without a word."""
    return _best_variants(penalties(frames, lexicon.words, cap=cap), lexicon, count, cap)


def _wanted_costs(
    frames: Floats, lexicon: Lexicon, wanted: NDArray[np.bool_], cap: float
) -> Floats:
    """Returns the same, but for students not wanted the cap, unless they share a wanted word."""
    is_tried = np.zeros(len(lexicon.words), dtype=bool)
    is_tried[lexicon.variant_words[wanted[lexicon.owners]]] = True
    by_word = np.full(len(is_tried), cap)
    by_word[is_tried] = penalties(frames, lexicon.words.only(is_tried), cap=cap)
    return _best_variants(by_word, lexicon, len(wanted), cap)


def _best_variants(by_word: Floats, lexicon: Lexicon, count: int, cap: float) -> Floats:
    result = np.full(count, np.inf)
    if len(lexicon.starts):
        by_variant = by_word[lexicon.variant_words] + lexicon.variant_costs
        result[lexicon.students] = np.minimum(np.minimum.reduceat(by_variant, lexicon.starts), cap)
    return result


def _variants(name: FieldName, roster: Sequence[Student]) -> list[tuple[Variant, ...]]:
    match name:
        case FieldName.LAST_NAME:
            return [last_name_variants(student.last_name) for student in roster]
        case FieldName.FIRST_NAME:
            return [first_name_variants(student.first_name) for student in roster]
        case FieldName.BIRTH_DATE:
            return [date_variants(student.birth_date) for student in roster]
        case FieldName.STUDENT_NUMBER:
            return [number_variants(one.student_number, one.student_id) for one in roster]


def _lexicon(by_student: Sequence[tuple[Variant, ...]]) -> Lexicon:
    places: dict[str, int] = {}
    words, costs, owners, starts, students = [], [], [], [], []
    for student, variants in enumerate(by_student):
        if variants:
            starts.append(len(words))
            students.append(student)
        for word, log_prior in variants:
            words.append(places.setdefault(word, len(places)))
            costs.append(-log_prior)
            owners.append(student)
    return Lexicon(
        pack([encode(word) for word in places]),
        np.array(words, dtype=np.int64),
        np.array(costs, dtype=np.float64),
        np.array(owners, dtype=np.int64),
        np.array(starts, dtype=np.int64),
        np.array(students, dtype=np.int64),
        np.array([len(one[0][0]) if one else 0 for one in by_student], dtype=np.int64),
    )
