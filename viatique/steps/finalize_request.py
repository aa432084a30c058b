"""What finalize would take now, and what the other copies still lack."""

from dataclasses import dataclass

from viatique.db.completeness import Unfinished, count_completeness, list_unfinished
from viatique.db.exams import Exam, find_exam
from viatique.db.pool import Database
from viatique.models import ExamId


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeState:
    """Copies of an exam on their way to a final PDF.

    Attributes:
        ready: complete and free: finalize takes them.
        in_progress: being finalized.
        waiting: something is missing, or somebody is marking.
        unfinished: a page of the waiting ones.
    """

    ready: int
    in_progress: int
    waiting: int
    graded: int
    unfinished: tuple[Unfinished, ...]


def finalize_state(
    database: Database, exam_id: ExamId, *, after: int = 0, limit: int = 50
) -> FinalizeState:
    """Where the exam stands; of the waiting copies, those after number ``after``.

    Raises:
        NotFound: no such exam.
    """
    with database.transaction() as connection:
        leaves = _leaves(find_exam(connection, exam_id))
        counts = count_completeness(connection, exam_id, leaves)
        unfinished = list_unfinished(connection, exam_id, leaves, after=after, limit=limit)
    return FinalizeState(**counts, unfinished=unfinished)


def _leaves(exam: Exam) -> list[str]:
    return [leaf.question_id for leaf in exam.scheme.leaves()]
