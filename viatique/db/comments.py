"""The comment bank of an exam: what is kept, and dropped, leaves an event without its text."""

from dataclasses import dataclass, field
from decimal import Decimal

from viatique.db.pool import Connection
from viatique.models import ExamId
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class BankComment:
    comment_id: int
    text: str = field(repr=False)
    points: Decimal | None


def insert_comment(
    connection: Connection, exam_id: ExamId, text: str, points: Decimal | None, *, run: Run
) -> BankComment:
    """Keeps a comment with a KEEP_COMMENT event; the one with the same text, if there is one."""
    given = {
        "exam": exam_id,
        "text": text,
        "points": points,
        "actor": run.actor,
        "correlation": run.correlation_id,
    }
    kept = connection.execute(
        """
        WITH kept AS (
            INSERT INTO bank_comment (exam_id, text, points)
            VALUES (%(exam)s, %(text)s, %(points)s::numeric)
            ON CONFLICT ON CONSTRAINT bank_comment_once DO NOTHING
            RETURNING comment_id, text, points
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, actor, correlation_id, details)
            SELECT 'KEEP_COMMENT', %(exam)s, %(actor)s, %(correlation)s,
                jsonb_build_object('comment', comment_id)
            FROM kept
        )
        SELECT comment_id, text, points FROM kept
        """,
        given,
    ).fetchone()
    known = connection.execute(
        """
        SELECT comment_id, text, points FROM bank_comment
        WHERE exam_id = %(exam)s AND text = %(text)s
        """,
        given,
    ).fetchone()
    return BankComment(**(kept or known or {}))


def delete_comment(connection: Connection, exam_id: ExamId, comment_id: int, *, run: Run) -> bool:
    """Drops a comment with a DROP_COMMENT event; False: the exam has no such comment."""
    row = connection.execute(
        """
        WITH dropped AS (
            DELETE FROM bank_comment WHERE exam_id = %(exam)s AND comment_id = %(comment)s
            RETURNING exam_id, comment_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, actor, correlation_id, details)
            SELECT 'DROP_COMMENT', exam_id, %(actor)s, %(correlation)s,
                jsonb_build_object('comment', comment_id)
            FROM dropped
        )
        SELECT comment_id FROM dropped
        """,
        {
            "exam": exam_id,
            "comment": comment_id,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchone()
    return row is not None


def list_comments(
    connection: Connection, exam_id: ExamId, after: int, *, limit: int
) -> tuple[BankComment, ...]:
    """Comments of the exam with ids above ``after``, oldest first."""
    rows = connection.execute(
        """
        SELECT comment_id, text, points FROM bank_comment
        WHERE exam_id = %(exam)s AND comment_id > %(after)s
        ORDER BY comment_id LIMIT %(limit)s
        """,
        {"exam": exam_id, "after": after, "limit": limit},
    ).fetchall()
    return tuple(BankComment(**row) for row in rows)
