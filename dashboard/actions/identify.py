"""What is done at the identification desk."""

import logging
from concurrent.futures import ThreadPoolExecutor

from dashboard.core import acting, open_database, store, workbench
from dashboard.data.copies import find_copy
from viatique.access import Permission
from viatique.db import audit, copies
from viatique.errors import UnexpectedFailure, ViatiqueError
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId, StudentId
from viatique.run import new_run
from viatique.steps.decide_identities import decide_identities
from viatique.steps.merge_copies import merge_copies
from viatique.steps.settle import confirm_identity, withdraw_answer

logger = logging.getLogger("viatique")

_background = ThreadPoolExecutor(1, thread_name_prefix="decide")
_waiting: set[ExamId] = set()
"""Exams to be decided again: several answers in a row are taken up by one decision."""
_deciding: set[ExamId] = set()
_failures: dict[ExamId, ViatiqueError] = {}
"""What the last decision of an exam ended in, when it failed."""


def look_at(token: str, copy_id: CopyId) -> None:
    """Leaves an event: somebody sees the header of a copy.

    Raises:
        Forbidden: the account may not.
        NotFound: no such copy.
    """
    run = acting(token, Permission.VIEW_IDENTITY)
    with open_database().transaction() as connection:
        audit.insert_event(
            connection,
            action=Action.VIEW_IDENTITY,
            exam_id=copies.find_copy(connection, copy_id).exam_id,
            copy_id=copy_id,
            run=run,
            details={},
        )


def confirm(token: str, copy_id: CopyId, student_id: StudentId | None) -> None:
    """Says whose a copy is (None: nobody on the roster) and has the rest decided again.

    Raises:
        Forbidden: the account may not.
        Conflict: another copy was confirmed for the student.
    """
    run = acting(token, Permission.SETTLE)
    confirm_identity(open_database(), run, copy_id, student_id)
    decide_soon(find_copy(copy_id).exam_id)


def take_back(token: str, copy_id: CopyId) -> None:
    """Takes the answer for a copy back and has the exam decided again.

    Raises:
        Forbidden: the account may not.
        IllegalTransition: nobody had answered.
    """
    run = acting(token, Permission.SETTLE)
    withdraw_answer(open_database(), run, copy_id)
    decide_soon(find_copy(copy_id).exam_id)


def merge(token: str, one: CopyId, other: CopyId, student_id: StudentId) -> None:
    """Makes two copies of a student one, the earlier of the stack first; the rest is decided again.

    Raises:
        Forbidden: the account may not.
        Conflict: one is finalized or being marked, or both have marks for the same question.
    """
    run = acting(token, Permission.SETTLE)
    keep, second = sorted((one, other))
    merge_copies(open_database(), store(), run, keep, second, student_id=student_id)
    decide_soon(find_copy(keep).exam_id)


def decide_soon(exam_id: ExamId) -> None:
    """Decides in the background: with a thousand copies it takes seconds that nobody waits for."""
    if exam_id not in _waiting:
        _waiting.add(exam_id)
        _background.submit(_decide, exam_id)


def is_deciding(exam_id: ExamId) -> bool:
    """Whether an exam is being decided, or will be next."""
    return exam_id in _waiting or exam_id in _deciding


def failure_of(exam_id: ExamId) -> ViatiqueError | None:
    """Why the last decision of an exam failed; None when it did not."""
    return _failures.get(exam_id)


def _decide(exam_id: ExamId) -> None:
    _deciding.add(exam_id)
    _waiting.discard(exam_id)  # before reading: an answer given from now on starts another decision
    threshold = workbench().settings.review_threshold
    try:
        decide_identities(open_database(), store(), new_run(), exam_id, threshold=threshold)
        _failures.pop(exam_id, None)
    except ViatiqueError as error:
        logger.exception("decision_failed", extra={"exam_id": exam_id})
        _failures[exam_id] = error
    except Exception as error:
        logger.exception("decision_failed", extra={"exam_id": exam_id})
        _failures[exam_id] = UnexpectedFailure(f"{type(error).__name__} while deciding.")
    finally:
        _deciding.discard(exam_id)
