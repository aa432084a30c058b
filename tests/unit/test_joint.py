"""The room keeps few students a copy; nothing it says may differ from the whole table's."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tests.unit.posteriors import posteriors
from viatique.identity.joint import (
    CANDIDATES,
    LOG_NOBODY,
    LOG_TAKEN,
    TEMPERATURE,
    contest,
    joint_beliefs,
)
from viatique.identity.name_variants import fold_letters
from viatique.identity.roster_fit import CopyFit, fit_header, roster_words
from viatique.identity.strangers import stranger_costs
from viatique.models import CopyId, FieldName, FieldReading, FieldState, HeaderReading, Student
from viatique.models import StudentId as Id

LAST = ("Martin", "Martinez", "Perrin", "Petit", "de La Tour", "Lefebvre", "Leroy", "Roux", "Ng")
FIRST = ("Emma", "Léo", "Léa", "Jean-Baptiste", "Titouan", "Inès", "Emmanuelle")
STUDENTS = [(last, first) for last in LAST for first in FIRST]
FIELDS = (FieldName.LAST_NAME, FieldName.FIRST_NAME, FieldName.BIRTH_DATE)
Table = NDArray[np.float64]


def person(number: int) -> Student:
    last, first = STUDENTS[number % len(STUDENTS)]
    day = date(2008, 1, 1) + timedelta(number * 37 % 700) if number % 11 else None
    return Student(student_id=Id(str(number)), last_name=last, first_name=first, birth_date=day)


def written(one: Student, noise: float, seed: int, fields: int) -> HeaderReading:
    day = f"{one.birth_date:%d%m%Y}" if one.birth_date else "01012008"
    words = [fold_letters(one.last_name), fold_letters(one.first_name), day]
    frames = [posteriors(word, width=11 if word.isdigit() else 27, noise=noise, seed=seed + place)
              for place, word in enumerate(words)]  # fmt: skip
    read = [FieldReading(name=name, state=FieldState.READ, log_probs=part, text="", zone=None)
            for name, part in zip(FIELDS, frames, strict=True)]  # fmt: skip
    return HeaderReading(fields=tuple(read[:fields]), turn=0, engine="test")


ROOMS = st.lists(
    st.tuples(st.integers(0, 99), st.floats(0, 0.8), st.integers(0, 99), st.integers(1, 3)),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=40)
@given(ROOMS, st.integers(0, 90), st.sets(st.integers(0, 90), max_size=5))
def test_few_students_a_copy_say_what_the_whole_table_says(
    room: list[tuple[int, float, int, int]], size: int, given_to: set[int]
) -> None:
    roster = [person(number) for number in range(size)]
    readings = {
        CopyId(str(row)): written(person(who), noise, seed, fields)
        for row, (who, noise, seed, fields) in enumerate(room)
    }
    settled = {CopyId(f"settled {who}"): Id(str(who)) for who in given_to}
    words = roster_words(roster)
    fits = [fit_header(reading, words) for reading in readings.values()]
    contests = [contest(fit) for fit in fits]
    found = joint_beliefs(contests, roster, settled)
    logs, beliefs, shared = whole_table(fits, roster, set(settled.values()))
    for row, one in enumerate(contests):
        kept = [*one.students.tolist(), size]
        alone, together = found.beliefs(row)
        np.testing.assert_allclose(alone, beliefs[row, kept], rtol=0, atol=1e-9)
        np.testing.assert_allclose(together, shared[row, kept], rtol=0, atol=1e-9)
        shown = np.lexsort((fits[row].total, -shared[row, :-1]))[:CANDIDATES]
        assert set(shown.tolist()) <= set(kept)
    # several assignments may be worth as much
    assert worth(logs, found.assigned) == pytest.approx(best_worth(logs), abs=1e-6)
    real = found.assigned[found.assigned < size]
    assert len(set(real.tolist())) == len(real)


def whole_table(
    fits: list[CopyFit], roster: list[Student], given_to: set[Id]
) -> tuple[Table, Table, Table]:
    """The (M, N + 1) log-chances, beliefs and shared beliefs, nothing left out."""
    share = -np.log(max(1, len(roster)))
    rows = []
    for fit in fits:
        strangers = stranger_costs(fit.fields, fit.costs, fit.unknown, TEMPERATURE)
        alike = share + np.logaddexp.reduce(-strangers, initial=-np.inf)
        nobody = np.logaddexp(LOG_NOBODY - fit.nobody, alike)
        rows.append(np.append(share - fit.total / TEMPERATURE, nobody))
    logs = np.array(rows)
    logs[:, :-1] += LOG_TAKEN * np.array([one.student_id in given_to for one in roster])
    beliefs = shares(logs)
    free = np.maximum(np.log1p(-np.minimum(beliefs, 1 - 1e-12)), LOG_TAKEN)
    others = np.maximum(free.sum(axis=0) - free, LOG_TAKEN)
    others[:, -1] = 0.0
    return logs, beliefs, shares(logs + others)


def shares(logs: Table) -> Table:
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def worth(logs: Table, assigned: NDArray[np.int64]) -> float:
    return float((logs[np.arange(len(logs)), assigned] - logs[:, -1]).sum())


def best_worth(logs: Table) -> float:
    gains = np.maximum(logs[:, :-1] - logs[:, -1:], 0.0)
    return float(gains[linear_sum_assignment(gains, maximize=True)].sum())


@given(st.integers(0, 62), st.floats(0, 0.5), st.integers(0, 99))
@settings(max_examples=25)
def test_what_a_name_costs_does_not_depend_on_who_else_is_on_the_roster(
    who: int, noise: float, seed: int
) -> None:
    reading = written(person(who), noise, seed, 2)
    everyone = [replace(person(number), birth_date=None) for number in range(0, 63, 5)]
    together = fit_header(reading, roster_words(everyone))
    for place, one in enumerate(everyone):
        alone = fit_header(reading, roster_words([one]))
        np.testing.assert_allclose(together.costs[:, place], alone.costs[:, 0], atol=1e-12)
        assert together.swapped[place] == alone.swapped[0]
        assert together.letters[:, place].tolist() == alone.letters[:, 0].tolist()


def test_who_is_out_of_reach_is_not_kept() -> None:
    roster = [person(number) for number in range(500)]
    fit = fit_header(written(roster[1], 0.0, 0, 3), roster_words(roster))
    assert CANDIDATES <= len(contest(fit).students) < 300
