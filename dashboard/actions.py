"""What the dashboard changes: each checks the role again, then calls a step of the core."""

from dashboard import data
from viatique.access import Permission, may
from viatique.db.accounts import Account
from viatique.errors import Forbidden
from viatique.models import CopyId, StudentId
from viatique.run import new_run
from viatique.settings import load_settings
from viatique.steps.decide_identities import decide_identities
from viatique.steps.settle import confirm_identity, release_from_quarantine
from viatique.steps.sign_in import account_of


def confirm(token: str, copy_id: CopyId, student_id: StudentId | None) -> None:
    """Says whose a copy is (None: nobody on the roster) and decides the rest of the exam again.

    Raises:
        Forbidden: the account may not.
        Conflict: another copy was confirmed for the student.
    """
    account = _allowed(token, Permission.SETTLE)
    confirm_identity(data.open_database(), new_run(account.account_id), copy_id, student_id)
    exam_id = data.find_copy(copy_id).exam_id
    threshold = load_settings().review_threshold
    decide_identities(data.open_database(), data.store(), new_run(), exam_id, threshold=threshold)


def release(token: str, copy_id: CopyId) -> None:
    """Lets a quarantined copy be marked as it is.

    Raises:
        Forbidden: the account may not.
        IllegalTransition: it is no longer in quarantine.
    """
    account = _allowed(token, Permission.SETTLE)
    release_from_quarantine(data.open_database(), new_run(account.account_id), copy_id)


def _allowed(token: str, permission: Permission) -> Account:
    account = account_of(data.open_database(), token)
    if account is None or not may(account.role, permission):
        raise Forbidden("This account may not do that.", next_step="Sign in with another.")
    return account
