"""A label left in the crop is set aside; a name that starts like one is not lost."""

import pytest

from tests.unit.posteriors import posteriors
from viatique.identity.matching import encode, pack, penalties, prepared
from viatique.identity.printed_labels import views


@pytest.mark.parametrize("label", ["NOM", "PRENOM", "RENOM", "ENO"])
def test_a_label_before_the_name_costs_little(label: str) -> None:
    words = pack([encode("DANIEL")])
    seen = views(prepared(posteriors(f"{label}DANIEL")))
    assert len(seen) == 2
    assert min(penalties(frames, words, cap=30.0)[0] + price for frames, price in seen) < 2


def test_the_whole_crop_stays_the_first_view() -> None:
    words = pack([encode("RENAUD")])
    frames, price = views(prepared(posteriors("RENAUD")))[0]
    assert penalties(frames, words, cap=30.0)[0] + price < 1


def test_no_label_no_second_view() -> None:
    assert len(views(prepared(posteriors("MARTIN")))) == 1
    assert len(views(prepared(posteriors("NOM")))) == 1
