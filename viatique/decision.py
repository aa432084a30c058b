"""Which student wrote each copy, decided for the whole exam at once.

A wrong automatic identity is the worst error, so every copy may also belong to nobody, and
everything that is not plainly right goes to a person with its candidates. Decides from the
readings alone: it reads no image and keeps nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from viatique.joint import Room, joint_beliefs
from viatique.matching import Floats
from viatique.models import (
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
from viatique.roster_fit import OTHER_FIELD, CopyFit, fit_all

FITS = 4.5
"""A field that costs less fits the student: less than one wrong letter or digit (6-7 nats)."""

OTHERS_FIT = 2.5
"""What all fields but the worst may cost together: two small doubts are a look-alike (nearly the
name, nearly the day)."""

DIFFERS = 9.5
"""A field that costs more disagrees: more than one wrong letter (7-9 nats)."""

# Dates and numbers must fit: one digit off is another day, and nobody's name tells them apart.

DIFFERS_PER_SYMBOL = 2.0
"""The same for short fields, per symbol of the roster: LEO is not LEA."""

LONG_LAST_NAME_DIFFERS = 16.0
"""Two letters off in a long last name whose other fields all fit well is a misprint in the
roster. Not in a first name: that is how twins differ."""

TOTAL_LIMIT = 12.0
"""Most an automatic identity may cost in all its fields together, nats."""

LONG = 9
"""Letters of a long last name."""

MIN_FITTING = 2
"""Fields that must fit, and all but one must: one letter off in a label is usual, two fields that
are each a letter off are somebody else (a look-alike one day older)."""

MARGIN = 8.0
"""Nats the best must be ahead of the second student, and the better of two copies of the other
(design/identification.md: 0 wrong in simulation)."""

MAX_CANDIDATES = 5
MIN_SYMBOLS = 2
"""A field with fewer symbols was not readable."""

NOTHING_SETTLED: Mapping[CopyId, StudentId | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Case:
    """One open copy and its row in the room."""

    copy_id: CopyId
    reading: HeaderReading
    fit: CopyFit
    room: Room
    row: int


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
    fits = fit_all(readings, roster)
    rows = [copy for copy in readings if fits[copy].fields and copy not in settled]
    room = joint_beliefs([fits[copy] for copy in rows], roster, settled)
    places = {copy: row for row, copy in enumerate(rows)}
    return tuple(
        _decide_one(_Case(copy, reading, fits[copy], room, places[copy]), roster, threshold)
        if copy in places
        else _unread(copy, reading)
        for copy, reading in readings.items()
    )


def _decide_one(case: _Case, roster: Sequence[Student], threshold: float) -> Decision:
    chances = case.room.shared[case.row]
    best = int(chances.argmax())
    against = _objections(case, best, threshold)
    reasons = [*_field_states(case.reading), *against]
    if best < len(roster) and case.fit.swapped[best]:
        reasons.append(IdentityReason.FIELDS_SWAPPED)
    return Decision(
        copy_id=case.copy_id,
        state=IdentityState.REVIEW if against else IdentityState.AUTO,
        student_id=None if against else roster[best].student_id,
        confidence=float(chances[best]),
        candidates=_candidates(case.fit, roster, chances[:-1]),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _objections(case: _Case, best: int, threshold: float) -> list[IdentityReason]:
    """Returns all that speaks against giving this copy its best student; empty means AUTO."""
    room, row = case.room, case.row
    if best == room.costs.shape[1]:
        return [IdentityReason.NOBODY_FITS]
    found = _implausible(case.fit, best)
    if room.taken[best] or _claimed_as_well(room, row, best):
        found.append(IdentityReason.SECOND_COPY)
    certain = min(room.shared[row, best], room.beliefs[row, best]) >= threshold
    if not certain or _margin(room.costs[row], best) < MARGIN or room.assigned[row] != best:
        found.append(IdentityReason.TOO_CLOSE)
    return found


def _implausible(fit: CopyFit, best: int) -> list[IdentityReason]:
    """Returns what is wrong with the fields themselves, whatever the other students."""
    costs, known = fit.costs[:, best], fit.known[:, best]
    found = []
    if any(size < MIN_SYMBOLS for size in fit.symbols):
        found.append(IdentityReason.UNREADABLE)
    limits = _limits(fit, best)
    if (known & (costs > limits)).any():
        found.append(IdentityReason.FIELD_DISAGREES)
    if (costs[known] <= FITS).sum() < max(MIN_FITTING, known.sum() - 1):
        found.append(IdentityReason.NOBODY_FITS)
    if costs[known].sum() - costs[known].max(initial=0.0) > OTHERS_FIT:
        found.append(IdentityReason.NOBODY_FITS)
    if fit.total[best] > max(TOTAL_LIMIT, float(limits.max(initial=0.0)) + 1.0):
        found.append(IdentityReason.NOBODY_FITS)
    return found


def _limits(fit: CopyFit, best: int) -> Floats:
    """Returns the (F,) cost above which each field disagrees with the student."""
    letters = fit.letters[:, best]
    most = [DIFFERS if name in OTHER_FIELD else FITS for name in fit.fields]
    limits = np.minimum(most, DIFFERS_PER_SYMBOL * letters)
    if FieldName.LAST_NAME in fit.fields and len(fit.fields) > MIN_FITTING:
        row = fit.fields.index(FieldName.LAST_NAME)
        if letters[row] >= LONG and not fit.swapped[best]:
            limits[row] = LONG_LAST_NAME_DIFFERS
    return limits


def _margin(costs: Floats, best: int) -> float:
    """Returns how far the second student is behind, in nats."""
    others = np.delete(costs, best)
    return float(others.min(initial=np.inf) - costs[best])


def _claimed_as_well(room: Room, row: int, student: int) -> bool:
    """Tells whether another copy may be this student's and does not fit plainly worse."""
    rivals = room.beliefs[:, student] > 1e-3
    rivals[row] = False
    return bool((room.costs[rivals, student] < room.costs[row, student] + MARGIN).any())


def _candidates(fit: CopyFit, roster: Sequence[Student], chances: Floats) -> tuple[Candidate, ...]:
    order = np.lexsort((fit.total, -chances))[:MAX_CANDIDATES]
    return tuple(
        Candidate(
            student_id=roster[index].student_id,
            probability=float(chances[index]),
            reasons=_codes(fit, int(index)),
        )
        for index in order
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
    if not states or states == {FieldState.MISSING}:
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
