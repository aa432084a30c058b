"""The marking scheme: a tree whose leaves sum to the total, Decimal points."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viatique.errors import InvalidExamFile
from viatique.marking.scoring import (
    Question,
    Scheme,
    check_scheme,
    points_problem,
    score_rows,
    total_score,
)

SCHEME = Scheme(
    total=Decimal(20),
    questions=(
        Question(
            question_id="1",
            label="Exercice 1",
            questions=(
                Question(question_id="1.a", label="", points=Decimal(3)),
                Question(question_id="1.b", label="", points=Decimal("4.5")),
            ),
        ),
        Question(question_id="2", label="Exercice 2", points=Decimal("12.5")),
    ),
)

quarters = st.integers(min_value=0, max_value=12).map(lambda n: Decimal(n) / 4)


def test_a_scheme_that_sums_to_its_total_is_accepted() -> None:
    check_scheme(SCHEME)


@pytest.mark.parametrize(
    ("questions", "expected"),
    [
        ((), "no questions"),
        ((Question(question_id="1", label="", points=Decimal(3)),), "sum to 3"),
        ((Question(question_id="1", label=""),), "neither points"),
        ((Question(question_id="1", label="", points=Decimal("2.1")),), "multiples of 0.25"),
        ((Question(question_id="1", label="", points=Decimal(-2)),), "positive"),
        ((Question(question_id="1", label="", points=Decimal(10)),) * 2, "used twice"),
        (
            (Question(question_id="1", label="", points=Decimal(20), questions=SCHEME.questions),),
            "both points",
        ),
    ],
    ids=["empty", "wrong sum", "bare leaf", "step", "negative", "repeated", "both"],
)
def test_a_wrong_scheme_is_refused_with_the_reason(
    questions: tuple[Question, ...], expected: str
) -> None:
    with pytest.raises(InvalidExamFile, match=expected):
        check_scheme(Scheme(total=Decimal(20), questions=questions))


@pytest.mark.parametrize(
    ("question", "points", "reason"),
    [
        ("1.a", "3", None),
        ("1.a", "0", None),
        ("1.b", "2.25", None),
        ("1.a", "3.25", "between 0 and 3"),
        ("1.a", "-0.5", "between 0 and 3"),
        ("1.a", "1.1", "multiples of 0.25"),
        ("1.a", "NaN", "between"),
        ("1", "1", "no question"),
        ("9", "1", "no question"),
    ],
)
def test_points_must_fit_the_scheme(question: str, points: str, reason: str | None) -> None:
    found = points_problem(SCHEME, question, Decimal(points))
    assert (found is None) if reason is None else (found is not None and reason in found)


@given(st.fixed_dictionaries({"1.a": quarters, "1.b": quarters, "2": quarters}))
def test_headings_sum_their_leaves_and_the_total_sums_all(scores: dict[str, Decimal]) -> None:
    rows = {row.question: row for row in score_rows(SCHEME, scores, {})}
    assert rows["1"].points == scores["1.a"] + scores["1.b"]
    assert total_score(SCHEME, scores) == sum(scores.values())
    assert [row.depth for row in rows.values()] == [0, 1, 1, 0]


def test_a_heading_with_an_unscored_leaf_has_no_points() -> None:
    scores = {"1.a": Decimal(1), "2": Decimal(2)}
    rows = {row.question: row for row in score_rows(SCHEME, scores, {"2": "why"})}
    assert rows["1"].points is None
    assert rows["2"].remark == "why"
    assert total_score(SCHEME, scores) == Decimal(3)
