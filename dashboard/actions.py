"""What the dashboard changes: each checks the role again, then calls a step of the core."""

import logging
from concurrent.futures import ThreadPoolExecutor

from dashboard import data
from viatique.access import Permission, may
from viatique.db.accounts import Account
from viatique.errors import Forbidden, ViatiqueError
from viatique.models import CopyId, ExamId, StudentId
from viatique.run import new_run
from viatique.settings import load_settings
from viatique.steps.decide_identities import decide_identities
from viatique.steps.settle import confirm_identity, release_from_quarantine
from viatique.steps.sign_in import account_of

logger = logging.getLogger("viatique")

_background = ThreadPoolExecutor(1, thread_name_prefix="decide")
_waiting: set[ExamId] = set()
"""Exams to be decided again: several answers in a row are taken up by one decision."""


def confirm(token: str, copy_id: CopyId, student_id: StudentId | None) -> None:
    """Says whose a copy is (None: nobody on the roster) and has the rest decided again.

    Raises:
        Forbidden: the account may not.
        Conflict: another copy was confirmed for the student.
    """
    account = _allowed(token, Permission.SETTLE)
    confirm_identity(data.open_database(), new_run(account.account_id), copy_id, student_id)
    _decide_soon(data.find_copy(copy_id).exam_id)


def release(token: str, copy_id: CopyId) -> None:
    """Lets a quarantined copy be marked as it is.

    Raises:
        Forbidden: the account may not.
        IllegalTransition: it is no longer in quarantine.
    """
    account = _allowed(token, Permission.SETTLE)
    release_from_quarantine(data.open_database(), new_run(account.account_id), copy_id)


def _decide_soon(exam_id: ExamId) -> None:
    """Decides in the background: with a thousand copies it takes seconds that nobody waits for."""
    if exam_id not in _waiting:
        _waiting.add(exam_id)
        _background.submit(_decide, exam_id)


def _decide(exam_id: ExamId) -> None:
    _waiting.discard(exam_id)  # before reading: an answer given from now on starts another decision
    threshold = load_settings().review_threshold
    try:
        decide_identities(
            data.open_database(), data.store(), new_run(), exam_id, threshold=threshold
        )
    except ViatiqueError:
        logger.exception("decision_failed", extra={"exam_id": exam_id})


def _allowed(token: str, permission: Permission) -> Account:
    account = account_of(data.open_database(), token)
    if account is None or not may(account.role, permission):
        raise Forbidden("This account may not do that.", next_step="Sign in with another.")
    return account
