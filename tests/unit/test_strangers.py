"""Strangers who share fields with a student: likelier the more a field disagrees."""

import numpy as np
import pytest

from viatique.identity.strangers import OFF_ROSTER, SHARED, stranger_costs
from viatique.models import FieldName

NAMES = (FieldName.LAST_NAME, FieldName.FIRST_NAME, FieldName.BIRTH_DATE)
UNKNOWN = np.array([12.0, 5.0, 7.0])


def test_the_likeliest_stranger_shares_the_fields_that_fit() -> None:
    costs = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])
    twin, homonym = stranger_costs(NAMES, costs, UNKNOWN, 1.0)
    last, first, day = (SHARED[name] for name in NAMES)
    assert twin == pytest.approx(OFF_ROSTER + last + day + UNKNOWN[1])
    assert homonym == pytest.approx(OFF_ROSTER + last + first + UNKNOWN[2])


def test_a_single_field_has_no_stranger_who_shares_some() -> None:
    costs = stranger_costs(NAMES[:1], np.zeros((1, 2)), UNKNOWN[:1], 1.5)
    assert np.isinf(costs).all()
