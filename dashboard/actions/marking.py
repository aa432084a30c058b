"""What the marking page does itself; what is written on a copy goes through the HTTP API."""

from dashboard.core import acting, open_database, workbench
from viatique.access import Permission
from viatique.db.locks import Lock
from viatique.models import CopyId, ExamId
from viatique.steps.dispatch_copies import take_next


def take_next_copy(token: str, exam_id: ExamId, after: CopyId | None) -> Lock | None:
    """Locks the next copy the visitor has something to mark on; None when there is none.

    Raises:
        Forbidden: the account may not.
        NotFound: no such exam.
    """
    run = acting(token, Permission.MARK)
    ttl_s = workbench().settings.lock_ttl_s
    return take_next(open_database(), run, exam_id, ttl_s=ttl_s, after=after)
