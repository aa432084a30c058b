"""Comments that the markers of an exam share, so that the same fault gets the same words."""

import logging
from decimal import Decimal

from viatique.db import comments
from viatique.db.comments import BankComment
from viatique.db.exams import find_exam
from viatique.db.pool import Database
from viatique.errors import NotFound
from viatique.models import ExamId
from viatique.run import Run

logger = logging.getLogger("grading")


def list_bank(
    database: Database, exam_id: ExamId, *, after: int, limit: int
) -> tuple[BankComment, ...]:
    """What is kept for an exam, oldest first, from the comment after ``after`` on.

    Raises:
        NotFound: there is no such exam.
    """
    with database.transaction() as connection:
        find_exam(connection, exam_id)
        return comments.list_comments(connection, exam_id, after, limit=limit)


def keep_comment(
    database: Database, run: Run, exam_id: ExamId, text: str, points: Decimal | None
) -> BankComment:
    """Keeps a comment; words that are kept already stay as they are.

    Raises:
        NotFound: there is no such exam.
    """
    with database.transaction() as connection:
        find_exam(connection, exam_id)
        kept = comments.insert_comment(connection, exam_id, text, points, run=run)
    logger.info("comment_kept", extra={"exam_id": exam_id})
    return kept


def drop_comment(database: Database, run: Run, exam_id: ExamId, comment_id: int) -> None:
    """Drops a comment; where it was used, it stays.

    Raises:
        NotFound: there is no such exam, or it keeps no such comment.
    """
    with database.transaction() as connection:
        find_exam(connection, exam_id)
        if not comments.delete_comment(connection, exam_id, comment_id, run=run):
            raise NotFound(f"Exam {exam_id} keeps no comment {comment_id}.")
    logger.info("comment_dropped", extra={"exam_id": exam_id})
