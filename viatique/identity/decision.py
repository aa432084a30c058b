"""Which student wrote each copy, decided for the whole exam at once.

A wrong automatic identity is the worst error, so every copy may also belong to nobody, and
everything that is not plainly right goes to a person with its candidates. Decides from the
readings alone: it reads no image and keeps nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from viatique.identity.joint import CANDIDATES, Contest, Room, contest, joint_beliefs
from viatique.identity.lexicon import OTHER_FIELD
from viatique.identity.matching import Floats
from viatique.identity.roster_fit import CopyFit, fit_each
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

NOTHING_SETTLED: Mapping[CopyId, StudentId | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Case:
    """One open copy, its row in the room and what is to be said of its fields anyway."""

    copy_id: CopyId
    fit: CopyFit
    room: Room
    row: int
    field_states: list[IdentityReason]


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
    said: dict[CopyId, list[IdentityReason]] = {}
    unread: dict[CopyId, Decision] = {}
    contests: dict[CopyId, Contest] = {}
    for copy, reading, fit in fit_each(readings, roster):
        if copy in settled or not _says_something(fit):
            unread[copy] = _unread(copy, reading)
        else:
            contests[copy] = contest(fit)
            said[copy] = _field_states(reading)
    room = joint_beliefs([*contests.values()], roster, settled)
    places = {copy: row for row, copy in enumerate(contests)}
    return tuple(
        unread[copy]
        if copy in unread
        else _decide_one(
            _Case(copy, contests[copy].fit, room, places[copy], said[copy]), roster, threshold
        )
        for copy in readings
    )


def _says_something(fit: CopyFit) -> bool:
    """Tells whether any field was readable; specks on an empty header must not claim students."""
    return any(size >= MIN_SYMBOLS for size in fit.symbols)


def _decide_one(case: _Case, roster: Sequence[Student], threshold: float) -> Decision:
    fit, chances = case.fit, case.room.shared[case.row]
    best = int(chances.argmax())
    against = _objections(case, best, threshold)
    reasons = [*case.field_states, *against]
    if best < len(fit.students) and fit.swapped[best]:
        reasons.append(IdentityReason.FIELDS_SWAPPED)
    return Decision(
        copy_id=case.copy_id,
        state=IdentityState.REVIEW if against else IdentityState.AUTO,
        student_id=None if against else roster[int(fit.students[best])].student_id,
        confidence=float(chances[:-1].max(initial=0.0)),
        candidates=_candidates(fit, roster, chances[:-1]),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _objections(case: _Case, best: int, threshold: float) -> list[IdentityReason]:
    """Returns all that speaks against giving this copy its best student; empty means AUTO."""
    room, row, fit = case.room, case.row, case.fit
    if best == len(fit.students):
        return [IdentityReason.NOBODY_FITS]
    student = int(fit.students[best])
    found = _implausible(fit, best)
    if room.taken[student] or _claimed_as_well(room, row, student, float(fit.total[best])):
        found.append(IdentityReason.SECOND_COPY)
    certain = min(room.shared[row][best], room.beliefs[row][best]) >= threshold
    if not certain or _margin(fit.total, best) < MARGIN or room.assigned[row] != student:
        found.append(IdentityReason.TOO_CLOSE)
    return found


def _implausible(fit: CopyFit, best: int) -> list[IdentityReason]:
    """Returns what is wrong with the fields themselves, whatever the other students."""
    costs, known = fit.costs[:, best], fit.known[:, best]
    found = []
    if any(size < MIN_SYMBOLS for size in fit.symbols):
        found.append(IdentityReason.UNREADABLE)
    if (known & (costs > _limits(fit, best))).any():
        found.append(IdentityReason.FIELD_DISAGREES)
    if not _is_enough(fit, best) or fit.total[best] > TOTAL_LIMIT or _is_doubtful(fit, best):
        found.append(IdentityReason.NOBODY_FITS)
    return found


def _is_enough(fit: CopyFit, best: int) -> bool:
    """Tells whether the fields read are enough to know somebody by."""
    if fit.fields == (FieldName.STUDENT_NUMBER,):
        return bool(fit.known[0, best]) and int(fit.letters[0, best]) >= LONG_NUMBER
    return int(fit.known[:, best].sum()) >= MIN_KNOWN


def _is_doubtful(fit: CopyFit, best: int) -> bool:
    """Tells whether several fields in doubt are too much together."""
    doubts = {
        name: float(cost)
        for name, cost, is_known in zip(
            fit.fields, fit.costs[:, best], fit.known[:, best], strict=True
        )
        if is_known and cost > DOUBT
    }
    only_names = OTHER_FIELD.keys() >= doubts.keys() and fit.known[:, best].sum() > MIN_KNOWN
    limit = DOUBTFUL_NAMES if only_names else DOUBTFUL_DAYS
    return len(doubts) > 1 and sum(doubts.values()) > limit


def _limits(fit: CopyFit, best: int) -> Floats:
    """Returns the (F,) cost above which each field disagrees with the student."""
    letters, known = fit.letters[:, best], fit.known[:, best]
    day = _day_limit(fit, best)
    most = np.array([_most(name, int(size), day=day)
                     for name, size in zip(fit.fields, letters, strict=True)])  # fmt: skip
    if fit.swapped[best]:
        most = np.minimum(most, DIFFERS)
    if known.sum() <= MIN_KNOWN:
        most = np.minimum(most, FITS if len(fit.fields) > 1 else NUMBER_ALONE)
    return np.minimum(most, DIFFERS_PER_SYMBOL * letters)


def _day_limit(fit: CopyFit, best: int) -> float:
    """Returns the cost above which a date or number disagrees with the student."""
    names = [row for row, name in enumerate(fit.fields) if name in OTHER_FIELD]
    is_named = len(names) == len(OTHER_FIELD) and bool(fit.known[names, best].all())
    if not is_named or fit.swapped[best] or fit.costs[names, best].sum() > NAMED:
        return DAY_DIFFERS
    return RARE_NAME_DAY_DIFFERS if fit.homonyms[best] <= RARE else NAMED_DAY_DIFFERS


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


def _candidates(fit: CopyFit, roster: Sequence[Student], chances: Floats) -> tuple[Candidate, ...]:
    order = np.lexsort((fit.total, -chances))[:CANDIDATES]
    return tuple(
        Candidate(
            student_id=roster[int(fit.students[place])].student_id,
            probability=float(chances[place]),
            reasons=_codes(fit, place),
        )
        for place in order.tolist()
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
