"""What the copies of an exam say together: each student wrote at most one of them.

A copy alone cannot know that its second-best student is plainly somebody else's; the room can.
Numbers only: whether they are good enough is decided elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viatique.identity.matching import Floats
from viatique.identity.roster_fit import CopyFit
from viatique.identity.strangers import stranger_costs
from viatique.models import CopyId, Student, StudentId

LOG_NOBODY = float(np.log(0.03))
"""Prior of a copy whose writer is not on the roster."""

LOG_TAKEN = float(np.log(0.01))
"""How much another copy that is surely theirs counts against a student. Not more: people do hand
in two copies, and the second must still show its writer first."""

TEMPERATURE = 1.5
"""Nats of the recogniser per nat of belief: frames are not independent. What it costs to be nobody
is a count of people, not a reading, and is taken as it is."""


@dataclass(frozen=True, slots=True)
class Room:
    """All open copies (M) against the roster (N) and nobody.

    Attributes:
        costs: (M, N) nats each student costs on each copy.
        beliefs: (M, N + 1) probabilities of each copy alone; the last column is nobody.
        shared: (M, N + 1) the same, knowing what the other copies claim.
        assigned: (M,) the student of the global assignment, N for nobody.
        taken: (N,) students people already gave to a copy.
    """

    costs: Floats
    beliefs: Floats
    shared: Floats
    assigned: NDArray[np.int64]
    taken: NDArray[np.bool_]


def joint_beliefs(
    fits: Sequence[CopyFit], roster: Sequence[Student], settled: Mapping[CopyId, StudentId | None]
) -> Room:
    """Weighs every open copy against every student and nobody, then against each other.

    Args:
        fits: the M open copies.
        roster: the N students.
        settled: what people answered for other copies.
    """
    given = set(settled.values())
    taken = np.array([student.student_id in given for student in roster], dtype=bool)
    costs = np.array([fit.total for fit in fits]).reshape(len(fits), len(roster))
    nobody = np.array([[fit.nobody] for fit in fits]).reshape(len(fits), 1)
    share = -np.log(max(1, len(roster)))
    logs = np.hstack([-costs / TEMPERATURE + share, LOG_NOBODY - nobody])
    logs[:, -1] = np.logaddexp(logs[:, -1], share + _look_alikes(fits))
    logs[:, :-1] += LOG_TAKEN * taken
    beliefs = _softmax(logs)
    shared = _softmax(logs + _claimed_by_others(beliefs))
    return Room(costs, beliefs, shared, _assign(logs), taken)


def _look_alikes(fits: Sequence[CopyFit]) -> Floats:
    """Returns the (M,) log-chance that a stranger wrote who is like somebody on the roster."""
    costs = [stranger_costs(fit.fields, fit.costs, fit.unknown, TEMPERATURE) for fit in fits]
    return np.array([float(np.logaddexp.reduce(-one, initial=-np.inf)) for one in costs])


def _softmax(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _claimed_by_others(beliefs: Floats) -> Floats:
    """Returns the (M, N + 1) log-chance that no other copy is that student's; 0 for nobody."""
    free = np.maximum(np.log1p(-np.minimum(beliefs, 1 - 1e-12)), LOG_TAKEN)
    others = np.maximum(free.sum(axis=0, keepdims=True) - free, LOG_TAKEN)
    others[:, -1] = 0.0
    return np.asarray(others)


def _assign(logs: Floats) -> NDArray[np.int64]:
    """Assigns each copy a student of its own or nobody: (M,), N for nobody.

    A student who is no better than nobody is worth as much as nobody, so a copy that gets one gets
    nobody: no column of its own is needed for that.
    """
    # half a second to load, which commands that decide nothing do without
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    students = logs.shape[1] - 1
    gains = np.maximum(logs[:, :-1] - logs[:, -1:], 0.0)
    rows, columns = linear_sum_assignment(gains, maximize=True)
    assigned = np.full(len(logs), students)
    assigned[rows] = np.where(gains[rows, columns] > 0.0, columns, students)
    return assigned
