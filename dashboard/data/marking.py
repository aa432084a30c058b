"""What is shown of marking around its desk: who has what, and one copy."""

from dataclasses import dataclass

from dashboard.core import open_database
from viatique.access import Permission, may
from viatique.db.accounts import Account, list_accounts
from viatique.db.copies import find_copy
from viatique.db.dispatch import Mode, count_loads, find_duty, find_mode
from viatique.db.exams import Exam, find_exam
from viatique.marking.dispatch import part_leaves
from viatique.models import CopyId, ExamId


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMark:
    """A copy for the desk; ``questions``: those that are the marker's."""

    exam: Exam
    page_count: int
    questions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How an exam is shared out.

    Attributes:
        mode: None when it is not.
        markers: accounts that may mark.
        loads: parts of copies by account id.
    """

    mode: Mode | None
    markers: tuple[Account, ...]
    loads: dict[str, int]


def sharing_of(exam_id: ExamId) -> Sharing:
    """How an exam is shared out now, and to whom it can be."""
    with open_database().transaction() as connection:
        found = list_accounts(connection)
        return Sharing(
            mode=find_mode(connection, exam_id),
            markers=tuple(
                one for one in found if may(one.role, Permission.MARK) and not one.is_disabled
            ),
            loads=count_loads(connection, exam_id),
        )


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
