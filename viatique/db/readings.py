"""Blind readings: what each of two markers gives, kept apart from what is agreed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from viatique.db.locks import Hold
from viatique.db.marking import Scored, score_arguments, version_or_conflict
from viatique.db.pool import Connection
from viatique.lifecycle import LockConflict
from viatique.models import CopyId, ExamId
from viatique.run import Run

OVERALL = ""
"""In place of a question: the remark is on the whole copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one account gave for a question."""

    account_id: str
    scored: Scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A question whose two readings differ by more than the tolerance, and that nobody settled."""

    copy_id: CopyId
    number: int
    question: str
    points: tuple[Decimal, ...]


def put_reading(
    connection: Connection, hold: Hold, scored: Scored, *, run: Run
) -> int | LockConflict:
    """Stores what the actor gives if ``scored.version`` is the stored one, with a SCORE event."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), put AS (
            INSERT INTO blind_mark (copy_id, account_id, question, points, remark)
            SELECT %(copy)s, %(actor)s, %(question)s, %(points)s::numeric, %(remark)s
            FROM guard
            WHERE conflict IS NULL AND (%(version)s = 0 OR EXISTS (
                SELECT FROM blind_mark
                WHERE copy_id = %(copy)s AND account_id = %(actor)s AND question = %(question)s
            ))
            ON CONFLICT ON CONSTRAINT blind_mark_pk DO UPDATE SET
                points = EXCLUDED.points, remark = EXCLUDED.remark,
                version = blind_mark.version + 1, updated_at = now()
            WHERE blind_mark.version = %(version)s
            RETURNING copy_id, version
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'SCORE', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('question', %(question)s::text, 'points', %(points)s::text,
                    'version', version, 'reader', %(actor)s::text)
            FROM put JOIN copy USING (copy_id)
        )
        SELECT conflict, version FROM guard LEFT JOIN put ON true
        """,
        score_arguments(hold, scored, run),
    ).fetchone()
    return version_or_conflict(row or {})


def list_readings(
    connection: Connection, copy_id: CopyId, *, questions: Sequence[str] | None = None
) -> tuple[Reading, ...]:
    """What everybody gave for these questions (None: all), by account."""
    rows = connection.execute(
        """
        SELECT account_id, question, points, remark, version FROM blind_mark
        WHERE copy_id = %(copy)s
            AND (%(questions)s::text[] IS NULL OR question = ANY(%(questions)s))
        ORDER BY account_id, question
        """,
        {"copy": copy_id, "questions": None if questions is None else list(questions)},
    ).fetchall()
    return tuple(Reading(account_id=row.pop("account_id"), scored=Scored(**row)) for row in rows)


def find_reading(connection: Connection, copy_id: CopyId, account_id: str, question: str) -> Scored:
    """What the account gave for a question."""
    found = list_readings(connection, copy_id, questions=[question])
    mine = (one.scored for one in found if one.account_id == account_id)
    return next(mine, Scored(question=question))


def is_settled(connection: Connection, copy_id: CopyId, question: str) -> bool:
    """Whether somebody who is no reader of the copy gave the points that count."""
    row = connection.execute(
        """
        SELECT FROM mark
        WHERE copy_id = %(copy)s AND question = %(question)s AND points IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM assignment
                WHERE assignment.copy_id = mark.copy_id AND account_id = mark.marker
            )
        """,
        {"copy": copy_id, "question": question},
    ).fetchone()
    return row is not None


def list_disagreements(
    connection: Connection, exam_id: ExamId, *, after: int = 0, limit: int | None
) -> tuple[Disagreement, ...]:
    """What waits for an agreement, of ``limit`` copies (None: all) with numbers above ``after``."""
    rows = connection.execute(
        """
        WITH apart AS (
            SELECT copy.copy_id, copy.number, question,
                array_agg(blind_mark.points ORDER BY account_id) AS points
            FROM copy JOIN dispatch USING (exam_id) JOIN blind_mark USING (copy_id)
            WHERE exam_id = %(exam)s AND number > %(after)s AND blind_mark.points IS NOT NULL
                AND NOT EXISTS (
                    SELECT FROM mark
                    WHERE mark.copy_id = copy.copy_id AND mark.question = blind_mark.question
                        AND mark.points IS NOT NULL
                )
            GROUP BY copy.copy_id, number, question, tolerance
            HAVING max(blind_mark.points) - min(blind_mark.points) > tolerance
        )
        SELECT copy_id, number, question, points
        FROM (SELECT *, dense_rank() OVER (ORDER BY number) AS place FROM apart) AS placed
        WHERE %(limit)s::bigint IS NULL OR place <= %(limit)s ORDER BY number, question
        """,
        {"exam": exam_id, "after": after, "limit": limit},
    ).fetchall()
    return tuple(Disagreement(**{**row, "points": tuple(row["points"])}) for row in rows)
