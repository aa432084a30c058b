"""Where no writer is on the roster everybody is as far, and nobody can be left out of the sums."""

import tracemalloc

import pytest

from tests.unit.test_joint import person, written
from viatique.identity import joint
from viatique.identity.decision import decide
from viatique.identity.joint import contest, joint_beliefs
from viatique.identity.roster_fit import RosterWords, fit_header, roster_words
from viatique.models import CopyId, HeaderReading

STRANGERS = [person(number) for number in range(600)]


def headers(count: int) -> dict[CopyId, HeaderReading]:
    """Headers of people whose names are nothing like the roster's."""
    return {
        CopyId(str(number)): written(person(number * 7), noise=1.0, seed=number, fields=3)
        for number in range(count)
    }


def peak_bytes(readings: dict[CopyId, HeaderReading], words: RosterWords) -> int:
    tracemalloc.start()
    contests = [contest(fit_header(reading, words)) for reading in readings.values()]
    joint_beliefs(contests, STRANGERS, {})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert all(len(one.students) == len(STRANGERS) for one in contests)
    return peak


def test_a_pair_of_copy_and_student_takes_a_dozen_bytes() -> None:
    few, many, words = headers(30), headers(90), roster_words(STRANGERS)
    peak_bytes(few, words)  # what is loaded once
    a_copy = (peak_bytes(many, words) - peak_bytes(few, words)) / (len(many) - len(few))
    # with 5,000 copies and as many students a dozen bytes a pair are 300 MB, 6 kB a copy 30 MB
    assert a_copy < 12 * len(STRANGERS) + 6000


def test_who_is_shown_is_fitted_again_where_his_fields_were_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = headers(12) | {
        CopyId(f"plain {number}"): written(person(number), noise=0.0, seed=0, fields=3)
        for number in range(12)
    }
    expected = decide(readings, STRANGERS)
    monkeypatch.setattr(joint, "NEAREST", 1)
    assert decide(readings, STRANGERS) == expected
