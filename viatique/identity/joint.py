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


NEAREST = 32
"""Students of a copy whose fields are kept: what is shown beside it is nearly always among them,
and of all who are not out of reach (all 5,000, where the roster is another exam's) it would be
gigabytes."""


@dataclass(frozen=True, slots=True)
class Contest:
    """One open copy between the K students who are not out of reach, and nobody.

    Attributes:
        students: (K,) their places in the roster, rising.
        totals: (K,) nats they cost.
        share: log-prior of each student.
        nobody: log-chance of the copy alone that nobody on the roster wrote it.
        nearest: the header against the nearest of them, at most NEAREST, in the roster's order.
    """

    students: NDArray[np.int32]
    totals: Floats
    share: float
    nobody: float
    nearest: CopyFit

    def logs(self, taken: NDArray[np.bool_]) -> Floats:
        """Returns the (K + 1,) log-chances of the copy alone, not normalised; the last: nobody."""
        logs = np.append(self.share - self.totals / TEMPERATURE, self.nobody)
        logs[:-1] += LOG_TAKEN * taken[self.students]
        return logs


@dataclass(frozen=True, slots=True)
class Room:
    """All open copies (M), each against its own K students of the N and nobody.

    Attributes:
        contests: the copies.
        taken: (N,) students people already gave to a copy.
        free: (N,) log-chances that none of the copies is each student's.
        claims: for each student, the copies that may be theirs and what the student costs on them.
        assigned: (M,) the student of the global assignment, N for nobody.
    """

    contests: Sequence[Contest]
    taken: NDArray[np.bool_]
    free: Floats
    claims: Mapping[int, Sequence[tuple[int, float]]]
    assigned: NDArray[np.int64]

    def beliefs(self, copy: int) -> tuple[Floats, Floats]:
        """Returns (K + 1,) probabilities of a copy alone, and knowing what the others claim.

        Made anew for each copy: of all of them together they would be gigabytes.
        """
        one = self.contests[copy]
        logs = one.logs(self.taken)
        alone = _softmax(logs)
        logs[:-1] += np.maximum(self.free[one.students] - _free(alone), LOG_TAKEN)
        return alone, _softmax(logs)


def contest(fit: CopyFit) -> Contest:
    """Weighs a copy against every student and nobody, and keeps who may matter to any decision.

    Who is left out could neither be shown beside the copy nor be assigned to it, and all of them
    together have no share in its beliefs worth a digit.
    """
    count = len(fit.total)
    share = -float(np.log(max(1, count)))
    strangers = stranger_costs(fit.fields, fit.costs, fit.unknown, TEMPERATURE)
    nobody = float(np.logaddexp(LOG_NOBODY - fit.nobody, share - _least(strangers)))
    students = np.flatnonzero(fit.total <= _reach(fit.total, share, nobody))
    totals = fit.total[students]
    nearest = np.sort(students[np.argsort(totals, kind="stable")[:NEAREST]])
    return Contest(students.astype(np.int32), totals, share, nobody, fit.only(nearest))


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
    free = np.zeros(len(roster))
    claims: dict[int, list[tuple[int, float]]] = {}
    for copy, one in enumerate(contests):
        beliefs = _softmax(one.logs(taken))
        free[one.students] += _free(beliefs)
        for place in np.flatnonzero(beliefs[:-1] > CLAIM).tolist():
            theirs = claims.setdefault(int(one.students[place]), [])
            theirs.append((copy, float(one.totals[place])))
    return Room(contests, taken, free, claims, _assign(contests, taken))


def _softmax(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def _free(beliefs: Floats) -> Floats:
    """Returns the (K,) log-chances that a copy is not each student's."""
    return np.maximum(np.log1p(-np.minimum(beliefs[:-1], 1 - 1e-12)), LOG_TAKEN)


def _assign(contests: Sequence[Contest], taken: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Assigns each copy a student of its own or nobody: (M,), N for nobody.

    A student who is no better than nobody is worth as much as nobody, so only those who are better
    take part, and for each copy a nobody of its own.
    """
    if not contests:
        return np.zeros(0, dtype=np.int64)
    # half a second to load, which commands that decide nothing do without
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415

    copies, count = np.arange(len(contests)), len(taken)
    gains, better = zip(*(_better(one, taken) for one in contests), strict=True)
    rows = np.repeat(copies, [len(row) for row in gains])
    room = coo_array(
        (
            # a weight of nought would be no edge
            np.concatenate([*gains, np.zeros(len(contests))]) + 1.0,
            (np.append(rows, copies), np.concatenate([*better, count + copies])),
        ),
        shape=(len(contests), count + len(contests)),
    )
    _, assigned = min_weight_full_bipartite_matching(room.tocsr(), maximize=True)
    return np.minimum(assigned, count)


def _better(one: Contest, taken: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.int32]]:
    """Returns what the students who are better than nobody are worth, and who they are."""
    logs = one.logs(taken)
    gains = logs[:-1] - logs[-1]
    return gains[gains > 0.0], one.students[gains > 0.0]
