"""What is shown of marking around its desk: who has what, and one copy."""

from dataclasses import dataclass

from dashboard.core import open_database
from dashboard.data.exams import exam_names
from viatique.access import Permission, may
from viatique.db.accounts import Account, list_accounts
from viatique.db.copies import find_copy
from viatique.db.dispatch import Mode, count_loads, find_duty, find_mode
from viatique.db.exams import Exam, find_exam
from viatique.db.listings import list_exams_to_mark
from viatique.db.readings import Disagreement, list_disagreements
from viatique.marking.dispatch import part_leaves
from viatique.models import CopyId, ExamId


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMark:
    """A copy for the desk.

    Attributes:
        questions: those that are the marker's.
        apart: what its two readings see too differently.
    """

    exam: Exam
    page_count: int
    questions: frozenset[str]
    apart: tuple[Disagreement, ...]


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
        before = copy.number - 1
        found = list_disagreements(connection, copy.exam_id, after=before, limit=1)
    leaves = part_leaves(exam.scheme)
    mine = {leaf for part, leaf in leaves if part in parts or not parts}
    return ToMark(
        exam=exam,
        page_count=copy.page_count,
        questions=frozenset(mine),
        apart=tuple(one for one in found if one.copy_id == copy_id),
    )


def exams_to_mark(account_id: str) -> dict[ExamId, str]:
    """Names of all exams, those with something to mark for the account first."""
    names = exam_names()
    with open_database().transaction() as connection:
        first = list_exams_to_mark(connection, account_id)
    return {**{exam_id: names[exam_id] for exam_id in first if exam_id in names}, **names}
