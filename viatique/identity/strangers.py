"""How likely a header is by somebody off the roster who shares some fields with a student on it.

A sibling has the last name, a twin the birth date as well, a homonym both names. They are rare,
but a field that disagrees is what they look like: such a copy must not look certain.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from viatique.identity.matching import Floats
from viatique.models import FieldName

OFF_ROSTER = 3.5
"""Minus the natural logarithm of the share of writers who are not on the roster (3 %)."""
SHARED = {
    FieldName.LAST_NAME: 3.5,
    FieldName.FIRST_NAME: 2.0,
    FieldName.BIRTH_DATE: 3.5,
    FieldName.STUDENT_NUMBER: 6.0,
}
"""Nats for a stranger having a field in common with one given student, by judgement: far more
often than by chance (families, schools), and twins once in 30,000 copies."""


def stranger_costs(
    names: Sequence[FieldName], costs: Floats, unknown: Floats, temperature: float
) -> Floats:
    """The nats of the likeliest stranger who shares at least one field with each student.

    Args:
        names: the F fields read.
        costs: (F, N) nats of each student.
        unknown: (F,) nats of each field if written by someone unknown.
        temperature: what nats of the reader are divided by.

    Returns:
        (N,) nats beside the prior of that student; inf when there is a single field.
    """
    kinds = [kind for kind in product((0.0, 1.0), repeat=len(names)) if 0 < sum(kind) < len(names)]
    if not kinds:
        return np.full(costs.shape[1], np.inf)
    shared = np.array(kinds)
    rarity = shared @ np.array([SHARED[name] for name in names]) + (1 - shared) @ unknown
    return np.asarray((shared @ costs / temperature + rarity[:, None]).min(axis=0) + OFF_ROSTER)
