"""Strangers who share fields with a student: likelier the more a field disagrees."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(st.integers(0, 99), st.integers(2, 3))
def test_every_way_of_sharing_some_fields_but_not_all_was_looked_at(seed: int, fields: int) -> None:
    rng = np.random.default_rng(seed)
    costs, unknown = rng.uniform(0, 26, (fields, 20)), rng.uniform(0, 20, fields)
    shared = np.array([SHARED[name] for name in NAMES[:fields]])
    ways = [np.array(way) for way in product((0, 1), repeat=fields) if 0 < sum(way) < fields]
    each = [way @ (costs / 1.5 + shared[:, None]) + (1 - way) @ unknown for way in ways]
    found = stranger_costs(NAMES[:fields], costs, unknown, 1.5)
    np.testing.assert_allclose(found, np.min(each, axis=0) + OFF_ROSTER, rtol=1e-12)
