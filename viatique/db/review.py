"""Copies whose identity a person is asked for: which come next, and answers taken back."""

from collections.abc import Sequence

from viatique.db.pool import Connection
from viatique.models import CopyId, ExamId
from viatique.run import Run


def list_to_review(
    connection: Connection, exam_id: ExamId, *, without: Sequence[CopyId], limit: int
) -> tuple[CopyId, ...]:
    """Copies to confirm, the surest first: their answers free the others."""
    rows = connection.execute(
        """
        SELECT copy_id FROM copy
        WHERE exam_id = %(exam)s AND identity = 'REVIEW' AND copy_id <> ALL(%(without)s::text[])
        ORDER BY confidence DESC NULLS LAST, number LIMIT %(limit)s
        """,
        {"exam": exam_id, "without": list(without), "limit": limit},
    ).fetchall()
    return tuple(CopyId(row["copy_id"]) for row in rows)


def count_to_review(connection: Connection, exam_id: ExamId) -> int:
    """How many copies a person is asked about."""
    row = connection.execute(
        "SELECT count(*) AS copies FROM copy WHERE exam_id = %(exam)s AND identity = 'REVIEW'",
        {"exam": exam_id},
    ).fetchone()
    return int((row or {})["copies"])


def withdraw(connection: Connection, copy_id: CopyId, *, run: Run) -> bool:
    """Takes a person's answer back, with its event; False: no person had answered."""
    row = connection.execute(
        """
        WITH changed AS (
            UPDATE copy SET identity = 'REVIEW', student_id = NULL, updated_at = now(),
                confidence = COALESCE((
                    SELECT confidence FROM identity_evidence
                    WHERE copy_id = %(copy)s ORDER BY evidence_id DESC LIMIT 1
                ), 0)
            WHERE copy_id = %(copy)s AND identity IN ('CONFIRMED', 'UNKNOWN')
            RETURNING copy_id, exam_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'IDENTIFY', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('state', 'REVIEW', 'student', NULL, 'method', 'person')
            FROM changed
        )
        SELECT copy_id FROM changed
        """,
        {"copy": copy_id, "actor": run.actor, "correlation": run.correlation_id},
    ).fetchone()
    return row is not None
