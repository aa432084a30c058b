"""When two readings agree, and on what."""

from decimal import Decimal

import pytest

from viatique.marking.agreement import Given, agreed

STEP = Decimal("0.25")


@pytest.mark.parametrize(
    ("first", "second", "tolerance", "expected"),
    [
        ("2", "2", "0", "2"),
        ("2", "3", "1", "2.5"),
        ("2", "2.25", "0.5", "2.25"),
        ("2.25", "2", "0.5", "2.25"),
        ("2", "3.25", "1", None),
        ("0", "0", "0", "0"),
        ("2", None, "5", None),
        (None, None, "5", None),
    ],
)
def test_near_readings_agree_on_their_mean(
    first: str | None, second: str | None, tolerance: str, expected: str | None
) -> None:
    given = [Given(points=Decimal(one) if one else None) for one in (first, second)]
    found = agreed(given, tolerance=Decimal(tolerance), step=STEP)
    assert found.points == (Decimal(expected) if expected else None)


def test_remarks_stand_one_under_the_other_and_once() -> None:
    def remark(first: str, second: str) -> str:
        given = [Given(points=Decimal(1), remark=first), Given(points=Decimal(1), remark=second)]
        return agreed(given, tolerance=Decimal(0), step=STEP).remark

    assert remark("Oui", "Bien") == "Oui\nBien"
    assert remark("Oui", "Oui") == "Oui"
    assert remark("", "Bien") == "Bien"


def test_a_remark_without_both_scores_waits() -> None:
    found = agreed([Given(points=Decimal(1), remark="Oui")], tolerance=Decimal(0), step=STEP)
    assert found == Given(points=None)
