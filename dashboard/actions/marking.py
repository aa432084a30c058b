"""Who marks what, and the next copy; what is written on a copy goes through the HTTP API."""

from collections.abc import Sequence

from dashboard.core import acting, open_database, workbench
from viatique.access import Permission
from viatique.db.dispatch import Mode
from viatique.db.locks import Lock
from viatique.models import CopyId, ExamId
from viatique.steps.dispatch_copies import Dispatched, dispatch_copies, take_next


def take_next_copy(token: str, exam_id: ExamId, after: CopyId | None) -> Lock | None:
    """Locks the next copy the visitor has something to mark on; None when there is none.

    Raises:
        Forbidden: the account may not.
        NotFound: no such exam.
    """
    run = acting(token, Permission.MARK)
    ttl_s = workbench().settings.lock_ttl_s
    return take_next(open_database(), run, exam_id, ttl_s=ttl_s, after=after)


def dispatch(
    token: str, exam_id: ExamId, mode: Mode, markers: Sequence[str], *, is_rebalanced: bool
) -> Dispatched:
    """Shares the copies that are ready out to these accounts, evenly.

    Raises:
        Forbidden: the account may not.
        InvalidInput: there are too few markers.
        Conflict: copies are being marked as they were shared out before.
    """
    run = acting(token, Permission.DIRECT)
    return dispatch_copies(
        open_database(), run, exam_id, mode, markers=markers, is_rebalanced=is_rebalanced
    )
