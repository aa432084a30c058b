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

CLAIM = 1e-3
"""Belief from which a copy may be a student's."""

TEMPERATURE = 1.5
"""Nats of the recogniser per nat of belief: frames are not independent. What it costs to be nobody
is a count of people, not a reading, and is taken as it is."""


NEGLECTED = 1e-10
"""Share of a copy's beliefs that all the students left out for it have together, at most."""

CANDIDATES = 5
"""Students shown beside a copy; always kept for it, far as they may be."""


@dataclass(frozen=True, slots=True)
class Contest:
    """One open copy between the K students who are not out of reach, and nobody.

    Attributes:
        fit: the header against those students, in the roster's order.
        logs: (K + 1,) log-chances of the copy alone, not normalised; the last is nobody's.
    """

    fit: CopyFit
    logs: Floats


@dataclass(frozen=True, slots=True)
class Room:
    """All open copies (M), each against its own K students of the N and nobody.

    Attributes:
        beliefs: for each copy, (K + 1,) probabilities of the copy alone; the last is nobody's.
        shared: the same, knowing what the other copies claim.
        assigned: (M,) the student of the global assignment, N for nobody.
        taken: (N,) students people already gave to a copy.
        claims: for each student, the copies that may be theirs and what the student costs on them.
    """

    beliefs: Sequence[Floats]
    shared: Sequence[Floats]
    assigned: NDArray[np.int64]
    taken: NDArray[np.bool_]
    claims: Mapping[int, Sequence[tuple[int, float]]]


def contest(fit: CopyFit) -> Contest:
    """Weighs a copy against every student and nobody, and keeps who may matter to any decision.

    Who is left out could neither be shown beside the copy nor be assigned to it, and all of them
    together have no share in its beliefs worth a digit.
    """
    count = len(fit.total)
    share = -float(np.log(max(1, count)))
    strangers = stranger_costs(fit.fields, fit.costs, fit.unknown, TEMPERATURE)
    nobody = float(np.logaddexp(LOG_NOBODY - fit.nobody, share - _least(strangers)))
    kept = fit.only(fit.total <= _reach(fit.total, share, nobody))
    return Contest(kept, np.append(share - kept.total / TEMPERATURE, nobody))


def _least(costs: Floats) -> float:
    """Returns minus the logarithm of the sum of the chances that cost so much; inf without any."""
    least = float(costs.min(initial=np.inf))
    return least - float(np.log(np.exp(least - costs).sum())) if np.isfinite(least) else least


def _reach(total: Floats, share: float, nobody: float) -> float:
    """Returns the nats that a student may cost who is kept."""
    if len(total) <= CANDIDATES:
        return np.inf
    shown = np.partition(total, CANDIDATES - 1)[:CANDIDATES]
    moved = -2.0 * LOG_TAKEN  # what people answered and what other copies claim
    believed = shown.min() + TEMPERATURE * (moved - share - np.log(NEGLECTED))
    return float(max(believed, shown.max() + TEMPERATURE * moved, TEMPERATURE * (share - nobody)))


def joint_beliefs(
    contests: Sequence[Contest],
    roster: Sequence[Student],
    settled: Mapping[CopyId, StudentId | None],
) -> Room:
    """Weighs the open copies against each other.

    Args:
        contests: the M open copies.
        roster: the N students.
        settled: what people answered for other copies.
    """
    given = set(settled.values())
    taken = np.array([student.student_id in given for student in roster], dtype=bool)
    logs = [one.logs.copy() for one in contests]
    for row, one in zip(logs, contests, strict=True):
        row[:-1] += LOG_TAKEN * taken[one.fit.students]
    beliefs = [_softmax(row) for row in logs]
    free = [_free(row) for row in beliefs]
    nobody_else = np.zeros(len(roster))
    for row, one in zip(free, contests, strict=True):
        nobody_else[one.fit.students] += row
    shared = []
    for row, own, one in zip(logs, free, contests, strict=True):
        others = np.maximum(nobody_else[one.fit.students] - own, LOG_TAKEN)
        shared.append(_softmax(row + np.append(others, 0.0)))
    students = [one.fit.students for one in contests]
    assigned = _assign(logs, students, len(roster))
    return Room(beliefs, shared, assigned, taken, _claims(contests, beliefs))


def _softmax(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def _free(beliefs: Floats) -> Floats:
    """Returns the (K,) log-chances that a copy is not each student's."""
    return np.maximum(np.log1p(-np.minimum(beliefs[:-1], 1 - 1e-12)), LOG_TAKEN)


def _claims(
    contests: Sequence[Contest], beliefs: Sequence[Floats]
) -> dict[int, list[tuple[int, float]]]:
    claims: dict[int, list[tuple[int, float]]] = {}
    for copy, (one, row) in enumerate(zip(contests, beliefs, strict=True)):
        for place in np.flatnonzero(row[:-1] > CLAIM).tolist():
            found = claims.setdefault(int(one.fit.students[place]), [])
            found.append((copy, float(one.fit.total[place])))
    return claims


def _assign(
    logs: Sequence[Floats], students: Sequence[NDArray[np.int64]], count: int
) -> NDArray[np.int64]:
    """Assigns each copy a student of its own or nobody: (M,), N for nobody.

    A student who is no better than nobody is worth as much as nobody, so only those who are better
    take part, and for each copy a nobody of its own.
    """
    if not logs:
        return np.zeros(0, dtype=np.int64)
    # half a second to load, which commands that decide nothing do without
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415

    copies = np.arange(len(logs))
    gains = [np.maximum(row[:-1] - row[-1], 0.0) for row in logs]
    weights = np.concatenate([*(row[row > 0.0] for row in gains), np.zeros(len(logs))])
    rows = np.repeat(copies, [np.count_nonzero(row) for row in gains])
    columns = [own[row > 0.0] for own, row in zip(students, gains, strict=True)]
    room = coo_array(
        # a weight of nought would be no edge
        (weights + 1.0, (np.append(rows, copies), np.concatenate([*columns, count + copies]))),
        shape=(len(logs), count + len(logs)),
    )
    _, assigned = min_weight_full_bipartite_matching(room.tocsr(), maximize=True)
    return np.minimum(assigned, count)
