"""What the marking page shows around its desk."""

from dataclasses import dataclass

from dashboard.core import open_database
from viatique.db.copies import find_copy
from viatique.db.dispatch import find_duty
from viatique.db.exams import Exam, find_exam
from viatique.marking.dispatch import part_leaves
from viatique.models import CopyId


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMark:
    """A copy for the desk; ``questions``: those that are the marker's."""

    exam: Exam
    page_count: int
    questions: frozenset[str]


def to_mark(copy_id: CopyId, account_id: str) -> ToMark:
    """What an account has to mark on a copy.

    Raises:
        NotFound: there is no such copy.
    """
    with open_database().transaction() as connection:
        copy = find_copy(connection, copy_id)
        exam = find_exam(connection, copy.exam_id)
        parts = find_duty(connection, copy_id, account_id).parts
    leaves = part_leaves(exam.scheme)
    mine = {leaf for part, leaf in leaves if part in parts or not parts}
    return ToMark(exam=exam, page_count=copy.page_count, questions=frozenset(mine))
