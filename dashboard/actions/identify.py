"""What is done at the identification desk."""

import logging
from concurrent.futures import ThreadPoolExecutor

from dashboard.core import acting, open_database, store
from dashboard.data.copies import find_copy
from viatique.access import Permission
from viatique.errors import ViatiqueError
from viatique.models import CopyId, ExamId, StudentId
from viatique.run import new_run
from viatique.settings import load_settings
from viatique.steps.decide_identities import decide_identities
from viatique.steps.settle import confirm_identity

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
    run = acting(token, Permission.SETTLE)
    confirm_identity(open_database(), run, copy_id, student_id)
    _decide_soon(find_copy(copy_id).exam_id)


def _decide_soon(exam_id: ExamId) -> None:
    """Decides in the background: with a thousand copies it takes seconds that nobody waits for."""
    if exam_id not in _waiting:
        _waiting.add(exam_id)
        _background.submit(_decide, exam_id)


def _decide(exam_id: ExamId) -> None:
    _waiting.discard(exam_id)  # before reading: an answer given from now on starts another decision
    threshold = load_settings().review_threshold
    try:
        decide_identities(open_database(), store(), new_run(), exam_id, threshold=threshold)
    except ViatiqueError:
        logger.exception("decision_failed", extra={"exam_id": exam_id})
