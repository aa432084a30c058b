"""What a student may write: every spelling is folded, the roster's own comes first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from viatique.identity.name_variants import (
    date_variants,
    first_name_variants,
    fold_letters,
    last_name_variants,
    number_variants,
)


def test_folding_drops_everything_but_letters() -> None:
    assert fold_letters("Le Cœur-d’Éloïse") == "LECOEURDELOISE"


def test_particles_may_be_dropped() -> None:
    words = dict(last_name_variants("Le Morvan"))
    assert words["LEMORVAN"] == 0
    assert words["MORVAN"] < 0
    assert "LE" not in words


def test_either_half_of_a_double_last_name() -> None:
    assert set(dict(last_name_variants("Khadim - Sophane"))) == {
        "KHADIMSOPHANE",
        "KHADIM",
        "SOPHANE",
    }


def test_the_first_of_several_first_names() -> None:
    words = dict(first_name_variants("Anne-Marie Louise"))
    assert {"ANNEMARIELOUISE", "ANNEMARIE", "ANEMARIE", "ANNE", "AM"} < set(words)
    assert "MARIE" not in words
    assert words["ANNEMARIELOUISE"] == 0
    assert words["ANNEMARIE"] > words["ANNE"] > words["AM"]


def test_dates() -> None:
    assert set(dict(date_variants(date(2008, 4, 3)))) == {
        "03042008",
        "030408",
        "342008",
        "20080403",
        "0310412008",
        "031042008",
        "030412008",
        "03104108",
    }
    assert date_variants(None) == ()


def test_numbers() -> None:
    assert number_variants("", "S0012") == (("0012", 0.0),)
    assert number_variants("12-34", "S0012") == (("1234", 0.0),)
    assert number_variants("", "abc") == ()


@given(st.text(max_size=30))
def test_variants_are_folded_and_never_gain(name: str) -> None:
    for variants in (last_name_variants(name), first_name_variants(name)):
        assert all(word == fold_letters(word) and word for word, _ in variants)
        assert all(log_prior <= 0 for _, log_prior in variants)
        assert not variants or variants[0] == (fold_letters(name), 0.0)
