"""What is done about quarantined copies."""

from dashboard.core import acting, open_database
from viatique.access import Permission
from viatique.models import CopyId
from viatique.steps.settle import release_from_quarantine


def release(token: str, copy_id: CopyId) -> None:
    """Lets a quarantined copy be marked as it is.

    Raises:
        Forbidden: the account may not.
        IllegalTransition: it is no longer in quarantine.
    """
    run = acting(token, Permission.SETTLE)
    release_from_quarantine(open_database(), run, copy_id)
