"""Which student wrote each copy, decided for the whole exam at once.

A wrong automatic identity is the worst error, so every copy may also belong to nobody, and
everything that is not plainly right goes to a person with its candidates. Decides from the
readings alone: it reads no image and keeps nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from viatique.identity.joint import CANDIDATES, Contest, Room, contest, joint_beliefs
from viatique.identity.lexicon import OTHER_FIELD
from viatique.identity.matching import Floats
from viatique.identity.roster_fit import CopyFit, fit_header, roster_words
from viatique.models import (
    NO_ENGINE,
    Candidate,
    CopyId,
    Decision,
    FieldName,
    FieldState,
    HeaderReading,
    IdentityReason,
    IdentityState,
    Student,
    StudentId,
)

FITS = 4.5
"""A field that costs less fits the student: less than one wrong letter or digit (6-7 nats)."""

DIFFERS = 9.5
"""A field that costs more disagrees: more than one wrong letter (7-9 nats). Not more in a first
name: two letters off are how twins differ."""

LAST_NAME_DIFFERS, LONG_LAST_NAME_DIFFERS = 12.0, 16.0
"""In a last name whose other fields fit, a letter and a half off (two in a long one) is a misprint
in the roster: 3 % of labels of real names are so."""

DAY_DIFFERS = 6.0
"""A digit off is another day, unless the reader itself thought of the right digit: then the right
day costs 5-6 nats, a clear other digit 7 (577 real and made-up dates, 2026-11-24)."""

NAMED_DAY_DIFFERS, RARE_NAME_DAY_DIFFERS = 7.0, 8.0
"""The same for somebody whose names both fit to the letter, in their own fields: 7 is passed by
99.93 % of right dates and 15 % of those with a digit off, 8 by all and 87 % (1,430 copies,
2026-11-25). So 8 is for names so rare that a homonym born on nearly the same day, who is not on the
roster, is not met in a million copies."""

NAMED, RARE = 0.5, 0.1
"""Nats up to which both names together fit to the letter; namesakes to be expected
(``CopyFit.homonyms``) up to which a name is rare. A roster of 5,000 made of some hundred names has
a student near nearly every stranger's names and day."""

DIFFERS_PER_SYMBOL = 2.0
"""The same for short fields, per symbol of the roster: LEO is not LEA."""

DOUBT = 2.0
"""A field that costs more is in doubt; several in doubt are a look-alike."""
DOUBTFUL_NAMES, DOUBTFUL_DAYS = 16.0, 8.5
"""What several fields in doubt may cost together: only names, when the birth date is plain (one
letter off in each), and with a date or number among them (nearly the name, nearly the day). With 12
and 7, 9 of 960 more copies of made-up exams went to a person, and of the attacks in
benchmarks/identification_safety only one passed less often: two letters off in the last name of
somebody of the same first name born the same day (3.8 instead of 5.6 %; 2026-11-25)."""

TOTAL_LIMIT = 17.0
"""Most an automatic identity may cost in all its fields together, nats."""

LONG = 9
"""Letters of a long last name."""

MIN_KNOWN = 2
"""Fields that must be read and on the roster. When there are no more, both must fit."""

NUMBER_ALONE, LONG_NUMBER = 2.0, 6
"""Where a form asks for a number only, it decides alone when it has this many digits and each is
plainly right: a digit in doubt costs more."""

MARGIN = 8.0
"""Nats the best must be ahead of the second student, and the better of two copies of the other
(design/identification.md: 0 wrong in simulation)."""

MIN_SYMBOLS = 2
"""A field with fewer symbols was not readable."""

PROBABILITY_DIGITS = 6
"""Decimals of what is said to be likely: the last of a float moves with every copy that is read,
and each change of a confidence is an event."""

NOTHING_SETTLED: Mapping[CopyId, StudentId | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Case:
    """One open copy in the room, and the students to be shown beside it, best first.

    Attributes:
        row: the copy's in the room.
        places: of those students among the K of its contest.
        fit: its header against them.
        alone: (K + 1,) probabilities of the copy alone; the last is nobody's.
        shared: the same, knowing what the other copies claim.
        field_states: what is to be said of its fields anyway.
    """

    room: Room
    row: int
    places: NDArray[np.int64]
    fit: CopyFit
    alone: Floats
    shared: Floats
    field_states: Sequence[IdentityReason]

    @property
    def chances(self) -> Floats:
        """Probabilities of the students to be shown."""
        return self.shared[self.places]

    @property
    def is_nobody(self) -> bool:
        """Tells whether nobody on the roster is likelier than the best student."""
        return bool(self.chances.max(initial=0.0) < self.shared[-1])


def decide(
    readings: Mapping[CopyId, HeaderReading],
    roster: Sequence[Student],
    *,
    threshold: float = 0.9999,
    settled: Mapping[CopyId, StudentId | None] = NOTHING_SETTLED,
) -> tuple[Decision, ...]:
    """Decides every copy of an exam.

    Args:
        readings: the headers as read.
        roster: the exam's students.
        threshold: least probability of an automatic identity.
        settled: what people answered (None: nobody); their students are taken, their copies are
            returned for review.

    Returns:
        One decision per copy, in the order of ``readings``.
    """
    words = roster_words(roster)
    decided: dict[CopyId, Decision] = {}
    contests: dict[CopyId, Contest] = {}
    states: dict[CopyId, Sequence[IdentityReason]] = {}
    for copy, reading in readings.items():
        fit = fit_header(reading, words)
        if copy in settled or not _says_something(fit):
            decided[copy] = _unread(copy, reading)
        else:
            contests[copy], states[copy] = contest(fit), _field_states(reading)
    room = joint_beliefs([*contests.values()], roster, settled)
    for row, copy in enumerate(contests):
        case = _case(room, row, states[copy], lambda copy=copy: fit_header(readings[copy], words))
        decided[copy] = _decide_one(copy, case, roster, threshold)
    return tuple(decided[copy] for copy in readings)


def _says_something(fit: CopyFit) -> bool:
    """Tells whether any field was readable; specks on an empty header must not claim students."""
    return any(size >= MIN_SYMBOLS for size in fit.symbols)


def _case(
    room: Room, row: int, states: Sequence[IdentityReason], fit_again: Callable[[], CopyFit]
) -> _Case:
    one, (alone, shared) = room.contests[row], room.beliefs(row)
    places = _first(one.totals, shared[:-1])
    shown = one.students[places]
    kept = one.nearest.students
    fit = one.nearest if np.isin(shown, kept).all() else fit_again()
    return _Case(
        room=room,
        row=row,
        places=places,
        fit=fit.only(np.searchsorted(fit.students, shown)),
        alone=alone,
        shared=shared,
        field_states=states,
    )


def _first(totals: Floats, chances: Floats) -> NDArray[np.int64]:
    """Returns the places of the likeliest students, best first; of equals the better fitting."""
    last = min(CANDIDATES, len(chances))
    least = np.partition(chances, -last)[-last] if last else 0.0
    places = np.flatnonzero(chances >= least)
    return places[np.lexsort((totals[places], -chances[places]))[:last]]


def _decide_one(copy: CopyId, case: _Case, roster: Sequence[Student], threshold: float) -> Decision:
    against = _objections(case, threshold)
    reasons = [*case.field_states, *against]
    if not case.is_nobody and case.fit.swapped[0]:
        reasons.append(IdentityReason.FIELDS_SWAPPED)
    return Decision(
        copy_id=copy,
        state=IdentityState.REVIEW if against else IdentityState.AUTO,
        student_id=None if against else roster[int(case.fit.students[0])].student_id,
        confidence=round(float(case.chances.max(initial=0.0)), PROBABILITY_DIGITS),
        candidates=_candidates(case, roster),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _objections(case: _Case, threshold: float) -> list[IdentityReason]:
    """Returns all that speaks against giving this copy its best student; empty means AUTO."""
    if case.is_nobody:
        return [IdentityReason.NOBODY_FITS]
    room, best = case.room, int(case.places[0])
    student, totals = int(case.fit.students[0]), room.contests[case.row].totals
    found = _implausible(case.fit)
    if room.taken[student] or _claimed_as_well(room, case.row, student, float(totals[best])):
        found.append(IdentityReason.SECOND_COPY)
    certain = min(case.shared[best], case.alone[best]) >= threshold
    if not certain or _margin(totals, best) < MARGIN or room.assigned[case.row] != student:
        found.append(IdentityReason.TOO_CLOSE)
    return found


def _implausible(fit: CopyFit) -> list[IdentityReason]:
    """Returns what is wrong with the first student's fields, whatever the other students."""
    costs, known = fit.costs[:, 0], fit.known[:, 0]
    found = []
    if any(size < MIN_SYMBOLS for size in fit.symbols):
        found.append(IdentityReason.UNREADABLE)
    if (known & (costs > _limits(fit))).any():
        found.append(IdentityReason.FIELD_DISAGREES)
    if not _is_enough(fit) or fit.total[0] > TOTAL_LIMIT or _is_doubtful(fit):
        found.append(IdentityReason.NOBODY_FITS)
    return found


def _is_enough(fit: CopyFit) -> bool:
    """Tells whether the fields read are enough to know somebody by."""
    if fit.fields == (FieldName.STUDENT_NUMBER,):
        return bool(fit.known[0, 0]) and int(fit.letters[0, 0]) >= LONG_NUMBER
    return int(fit.known[:, 0].sum()) >= MIN_KNOWN


def _is_doubtful(fit: CopyFit) -> bool:
    """Tells whether several fields in doubt are too much together."""
    doubts = {
        name: float(cost)
        for name, cost, is_known in zip(fit.fields, fit.costs[:, 0], fit.known[:, 0], strict=True)
        if is_known and cost > DOUBT
    }
    only_names = OTHER_FIELD.keys() >= doubts.keys() and fit.known[:, 0].sum() > MIN_KNOWN
    limit = DOUBTFUL_NAMES if only_names else DOUBTFUL_DAYS
    return len(doubts) > 1 and sum(doubts.values()) > limit


def _limits(fit: CopyFit) -> Floats:
    """Returns the (F,) cost above which each field disagrees with the first student."""
    letters, known = fit.letters[:, 0], fit.known[:, 0]
    day = _day_limit(fit)
    most = np.array([_most(name, int(size), day=day)
                     for name, size in zip(fit.fields, letters, strict=True)])  # fmt: skip
    if fit.swapped[0]:
        most = np.minimum(most, DIFFERS)
    if known.sum() <= MIN_KNOWN:
        most = np.minimum(most, FITS if len(fit.fields) > 1 else NUMBER_ALONE)
    return np.minimum(most, DIFFERS_PER_SYMBOL * letters)


def _day_limit(fit: CopyFit) -> float:
    """Returns the cost above which a date or number disagrees with the first student."""
    names = [row for row, name in enumerate(fit.fields) if name in OTHER_FIELD]
    is_named = len(names) == len(OTHER_FIELD) and bool(fit.known[names, 0].all())
    if not is_named or fit.swapped[0] or fit.costs[names, 0].sum() > NAMED:
        return DAY_DIFFERS
    return RARE_NAME_DAY_DIFFERS if fit.homonyms[0] <= RARE else NAMED_DAY_DIFFERS


def _most(name: FieldName, letters: int, *, day: float) -> float:
    match name:
        case FieldName.LAST_NAME:
            return LONG_LAST_NAME_DIFFERS if letters >= LONG else LAST_NAME_DIFFERS
        case FieldName.FIRST_NAME:
            return DIFFERS
        case FieldName.BIRTH_DATE | FieldName.STUDENT_NUMBER:
            return day


def _margin(costs: Floats, best: int) -> float:
    """Returns how far the second student is behind, in nats."""
    others = np.delete(costs, best)
    return float(others.min(initial=np.inf) - costs[best])


def _claimed_as_well(room: Room, row: int, student: int, cost: float) -> bool:
    """Tells whether another copy may be this student's and does not fit plainly worse."""
    rivals = room.claims.get(student, ())
    return any(other != row and theirs < cost + MARGIN for other, theirs in rivals)


def _candidates(case: _Case, roster: Sequence[Student]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            student_id=roster[student].student_id,
            probability=round(chance, PROBABILITY_DIGITS),
            reasons=_codes(case.fit, place),
        )
        for place, (student, chance) in enumerate(
            zip(case.fit.students.tolist(), case.chances.tolist(), strict=True)
        )
    )


def _codes(fit: CopyFit, student: int) -> tuple[str, ...]:
    codes = []
    for name, cost, known in zip(
        fit.fields, fit.costs[:, student], fit.known[:, student], strict=True
    ):
        word = "fits" if cost <= FITS else "differs" if cost > DIFFERS else "close"
        codes.append(f"{name}_{word if known else 'unknown'}")
    return (*codes, "fields_swapped") if fit.swapped[student] else tuple(codes)


def _field_states(reading: HeaderReading) -> list[IdentityReason]:
    states = [field.state for field in reading.fields]
    found = []
    if FieldState.MISSING in states:
        found.append(IdentityReason.MISSING_FIELD)
    if FieldState.EMPTY in states:
        found.append(IdentityReason.EMPTY_FIELD)
    return found


def _unread(copy: CopyId, reading: HeaderReading) -> Decision:
    states = {field.state for field in reading.fields}
    if reading.engine == NO_ENGINE:
        reasons = [IdentityReason.READING_FAILED]
    elif not states or states == {FieldState.MISSING}:
        reasons = [IdentityReason.NO_HEADER]
    elif states == {FieldState.EMPTY}:
        reasons = [IdentityReason.EMPTY_HEADER]
    else:
        reasons = _field_states(reading) or [IdentityReason.UNREADABLE]
    return Decision(
        copy_id=copy,
        state=IdentityState.REVIEW,
        student_id=None,
        confidence=0.0,
        candidates=(),
        reasons=tuple(reasons),
    )
