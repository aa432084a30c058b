"""How likely a header is by somebody off the roster who shares some fields with a student on it.

A sibling has the last name, a twin the birth date as well, a homonym both names. They are rare,
but a field that disagrees is what they look like: such a copy must not look certain.
"""

from collections.abc import Sequence

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
    if len(names) < 2:
        return np.full(costs.shape[1], np.inf)
    shared = costs / temperature + np.array([[SHARED[name]] for name in names])
    dearer = shared - unknown[:, None]
    least = unknown.sum() + np.minimum(dearer, 0.0).sum(axis=0)
    # one field at least is shared and one is not, dear as that may be
    forced = np.maximum(dearer.min(axis=0), 0.0) + np.maximum(-dearer.max(axis=0), 0.0)
    return np.asarray(least + forced + OFF_ROSTER)
