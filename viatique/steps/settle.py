"""What a person settles about a copy: who wrote it, and that a quarantined one may be marked."""

import logging

from viatique.db import identities, review
from viatique.db.copies import find_copy, move_copy
from viatique.db.exams import list_students
from viatique.db.pages import mark_rescan
from viatique.db.pool import Connection, Database
from viatique.errors import Conflict, IllegalTransition, NotFound
from viatique.lifecycle import Move
from viatique.models import CopyId, ExamId, StudentId
from viatique.run import Run

logger = logging.getLogger("viatique.steps")


def confirm_identity(
    database: Database, run: Run, copy_id: CopyId, student_id: StudentId | None
) -> None:
    """Stores a person's answer; the rest of the exam can then be decided again.

    Args:
        database: where.
        run: who, under which correlation id.
        copy_id: the copy.
        student_id: who wrote it; None = nobody on the roster.

    Raises:
        NotFound: no such copy, or the roster has no such student.
        Conflict: another copy of the exam was confirmed for this student.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        # a decision that is being stored is not met half-way
        identities.lock_decisions(connection, copy.exam_id)
        if student_id is not None:
            check_on_roster(connection, copy.exam_id, student_id)
        identities.release_student(connection, copy.exam_id, student_id, copy_id, run=run)
        if not identities.settle(connection, copy_id, student_id, run=run):
            raise Conflict(
                f"Student {student_id} already has a confirmed copy.",
                next_step="Correct that copy first, or put both aside for a merge.",
            )
    logger.info("identity_confirmed", extra={"copy_id": copy_id})


def check_on_roster(connection: Connection, exam_id: ExamId, student_id: StudentId) -> None:
    """Nothing when the roster has the student.

    Raises:
        NotFound: it has not.
    """
    if student_id not in {one.student_id for one in list_students(connection, exam_id)}:
        raise NotFound(
            f"The roster of exam {exam_id} has no such student.",
            next_step="Give a roster id, or `nobody`.",
        )


def withdraw_answer(database: Database, run: Run, copy_id: CopyId) -> None:
    """Takes a person's answer back: the copy waits for one again.

    Raises:
        NotFound: no such copy.
        IllegalTransition: no person had answered.
    """
    with database.transaction() as connection:
        find_copy(connection, copy_id)
        if not review.withdraw(connection, copy_id, run=run):
            raise IllegalTransition(f"Nobody has said whose copy {copy_id} is.")
    logger.info("identity_withdrawn", extra={"copy_id": copy_id})


def release_from_quarantine(database: Database, run: Run, copy_id: CopyId) -> None:
    """Lets a quarantined copy be marked as it is.

    Raises:
        NotFound: no such copy.
        IllegalTransition: it is not in quarantine.
        Conflict: its pages were not cut out of the scan yet, or it has none left.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        if copy.file_sha256 is None:
            raise Conflict(
                f"Copy {copy_id} was not cut out of its scan yet.",
                next_step=f"`viatique import {copy.exam_id}` goes on with that.",
            )
        if copy.page_count == 0:
            raise Conflict(f"Copy {copy_id} has no page left: all were moved to other copies.")
        move_copy(connection, copy_id, Move.VALIDATE, run=run, details={"by": "person"})
        mark_rescan(connection, copy_id, is_asked=False, run=run)
    logger.info("copy_released", extra={"copy_id": copy_id})
