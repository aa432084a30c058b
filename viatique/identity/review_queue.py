"""In which order people are asked whose copies are: where one answer settles most comes first.

Pure: candidates in, order out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from viatique.models import Candidate, CopyId, StudentId


def review_order(waiting: Mapping[CopyId, Sequence[Candidate]]) -> list[CopyId]:
    """Orders copies by what their answer says of the others, then by how sure their best is.

    An answer takes a student away from all other copies, so a copy comes first whose likely
    students are likely elsewhere as well; among equals those with a likely candidate, which take
    one key; copies without any come last.

    Args:
        waiting: candidates of each copy a person is asked for.
    """
    wanted: dict[StudentId, float] = defaultdict(float)
    for candidates in waiting.values():
        for one in candidates:
            wanted[one.student_id] += one.probability

    def key(copy_id: CopyId) -> tuple[float, float, CopyId]:
        candidates = waiting[copy_id]
        shared = sum(
            one.probability * (wanted[one.student_id] - one.probability) for one in candidates
        )
        best = max((one.probability for one in candidates), default=-1.0)
        return -round(shared, 3), -best, copy_id

    return sorted(waiting, key=key)
