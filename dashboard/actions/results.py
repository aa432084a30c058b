"""What the results page changes."""

from dashboard.core import acting, open_database
from viatique.access import Permission
from viatique.models import ExamId
from viatique.steps.release_results import release_results


def release(token: str, exam_id: ExamId, *, is_released: bool) -> None:
    """Lets the results of an exam leave, or keeps them back again.

    Raises:
        Forbidden: the account may not.
        NotFound: no such exam.
    """
    run = acting(token, Permission.DIRECT)
    release_results(open_database(), run, exam_id, is_released=is_released)
