"""Results are hidden until a coordinator releases them: no mark and no final PDF leaves before."""

import logging

from viatique.db.exams import Exam, find_exam, mark_released
from viatique.db.pool import Database
from viatique.errors import NotReleased
from viatique.models import ExamId
from viatique.run import Run

logger = logging.getLogger("grading")


def release_results(database: Database, run: Run, exam_id: ExamId, *, is_released: bool) -> bool:
    """Lets the results of an exam leave, or keeps them back again.

    Returns:
        False when that was so already.

    Raises:
        NotFound: no such exam.
    """
    with database.transaction() as connection:
        find_exam(connection, exam_id)
        is_new = mark_released(connection, exam_id, is_released=is_released, run=run)
    if is_new:
        name = "results_released" if is_released else "results_withdrawn"
        logger.info(name, extra={"exam_id": exam_id})
    return is_new


def require_release(database: Database, exam_id: ExamId) -> None:
    """Nothing when the results of the exam may leave.

    Raises:
        NotFound: no such exam.
        NotReleased: they may not yet.
    """
    with database.transaction() as connection:
        check_released(find_exam(connection, exam_id))


def check_released(exam: Exam) -> None:
    """Nothing when the results of the exam may leave.

    Raises:
        NotReleased: they may not yet.
    """
    if exam.released_at is None:
        raise NotReleased(
            f"The results of exam {exam.exam_id} are not released.",
            next_step=f"`viatique exam release {exam.exam_id}` releases them.",
        )
