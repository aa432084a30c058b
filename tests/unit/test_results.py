"""Results as files and figures: nobody left out, nothing a spreadsheet would run."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viatique.marking.results import FORMULA_STARTS, Profile, Result, ResultState, figures, to_csv
from viatique.marking.scoring import Question, Scheme
from viatique.models import CopyId, Student, StudentId

SCHEME = Scheme(
    total=Decimal(20),
    questions=(
        Question(question_id="1", label="", points=Decimal("7.5")),
        Question(question_id="2", label="", points=Decimal("12.5")),
    ),
)


def student(number: int, last_name: str = "Dupont") -> Student:
    return Student(
        student_id=StudentId(f"S{number}"), last_name=last_name, first_name="Zoé", group="TG1"
    )


def graded(number: int, first: str, second: str, **changes: object) -> Result:
    points = {"1": Decimal(first), "2": Decimal(second)}
    values = {
        "state": ResultState.GRADED,
        "copy_id": CopyId(f"E00001-{number:04}"),
        "student": student(number),
        "score": sum(points.values()),
        "points": points,
        **changes,
    }
    return Result(**values)  # pyright: ignore


ABSENT = Result(state=ResultState.ABSENT, copy_id=None, student=student(9), score=None)
NOBODYS = graded(8, "1", "1", state=ResultState.NO_STUDENT, student=None)


def read(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))


def test_plain_csv_has_a_line_for_everybody() -> None:
    rows = read(to_csv([graded(1, "2.5", "10"), NOBODYS, ABSENT], SCHEME, Profile.PLAIN))
    assert rows[0][-2:] == ["1", "2"]
    assert rows[1][:4] == ["S1", "Dupont", "Zoé", "TG1"]
    assert rows[1][4:] == ["E00001-0001", "graded", "12.5", "20", "2.5", "10"]
    assert [row[5] for row in rows[2:]] == ["no student", "absent"]
    assert rows[3][6:] == ["", "20", "", ""]


def test_pronote_csv_has_commas_abs_and_whose_copy_is_not_known() -> None:
    rows = read(to_csv([graded(1, "2.5", "10"), NOBODYS, ABSENT], SCHEME, Profile.PRONOTE))
    assert rows == [
        ["Nom", "Prénom", "Classe", "Note"],
        ["Dupont", "Zoé", "TG1", "12,5"],
        ["SANS ÉLÈVE", NOBODYS.copy_id, "", "2"],
        ["Dupont", "Zoé", "TG1", "Abs"],
    ]


@given(st.sampled_from(FORMULA_STARTS), st.text(max_size=5), st.sampled_from(Profile))
def test_no_cell_is_a_formula(start: str, rest: str, profile: Profile) -> None:
    one = graded(1, "1", "1", student=student(1, last_name=f"{start}{rest}"))
    text = to_csv([one], SCHEME, profile).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith(FORMULA_STARTS)]


def test_figures_of_known_scores() -> None:
    found = figures(
        [graded(1, "0", "0"), graded(2, "7.5", "2.5"), graded(3, "7.5", "12.5"), ABSENT], SCHEME
    )
    assert found is not None
    assert (found.count, found.mean, found.quartiles) == (3, 10.0, (5.0, 10.0, 15.0))
    assert found.deviation == pytest.approx(8.1650, abs=1e-4)
    assert found.bins == (1, 0, 0, 0, 0, 1, 0, 0, 0, 1)
    first, second = found.questions
    assert first.success == pytest.approx(2 / 3)
    assert second.success == pytest.approx(0.4)
    assert first.discrimination == second.discrimination
    assert first.discrimination == pytest.approx(37.5 / (37.5 * 87.5) ** 0.5)


def test_figures_of_nothing_and_of_one_copy() -> None:
    assert figures([ABSENT], SCHEME) is None
    found = figures([graded(1, "7.5", "12.5")], SCHEME)
    assert found is not None
    assert found.quartiles == (20.0, 20.0, 20.0)
    assert found.questions[0].discrimination is None


@given(st.lists(st.integers(0, 80), min_size=1, max_size=60))
def test_every_score_is_in_one_bin_and_figures_stay_inside_the_scale(quarters: list[int]) -> None:
    scores = [graded(1, "0", "0", score=Decimal(quarter) / 4) for quarter in quarters]
    found = figures(scores, SCHEME)
    assert found is not None
    assert sum(found.bins) == len(quarters)
    assert 0 <= found.quartiles[0] <= found.quartiles[1] <= found.quartiles[2] <= 20
