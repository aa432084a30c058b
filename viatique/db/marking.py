"""What is written on a copy: accepted, with its event, in one statement, or not at all.

``marking_conflict`` locks the copy's row and checks the lock and the status; the version is
compared where the row is changed. Each function returns the new version, or the conflict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from viatique.db.locks import Hold
from viatique.db.pool import Connection
from viatique.lifecycle import LockConflict
from viatique.models import CopyId, ExamId
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Points and remark of a question; ``version`` 0: nothing was written yet."""

    question: str
    points: Decimal | None = None
    remark: str = field(default="", repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Appreciation:
    text: str = field(default="", repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a marker has not put down yet, as the marking page keeps it."""

    content: dict[str, Any] = field(default_factory=dict, repr=False)
    version: int = 0


def put_score(
    connection: Connection, hold: Hold, scored: Scored, *, run: Run
) -> int | LockConflict:
    """Stores points and remark if ``scored.version`` is the stored one, with a SCORE event."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), put AS (
            INSERT INTO mark (copy_id, question, points, remark, marker)
            SELECT %(copy)s, %(question)s, %(points)s::numeric, %(remark)s, %(actor)s
            FROM guard
            WHERE conflict IS NULL AND (%(version)s = 0 OR EXISTS (
                SELECT FROM mark WHERE copy_id = %(copy)s AND question = %(question)s
            ))
            ON CONFLICT ON CONSTRAINT mark_pk DO UPDATE SET
                points = EXCLUDED.points, remark = EXCLUDED.remark, marker = EXCLUDED.marker,
                version = mark.version + 1, updated_at = now()
            WHERE mark.version = %(version)s
            RETURNING copy_id, version
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'SCORE', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('question', %(question)s::text, 'points', %(points)s::text,
                    'version', version)
            FROM put JOIN copy USING (copy_id)
        )
        SELECT conflict, version FROM guard LEFT JOIN put ON true
        """,
        score_arguments(hold, scored, run),
    ).fetchone()
    return version_or_conflict(row or {})


def put_appreciation(
    connection: Connection, hold: Hold, appreciation: Appreciation, *, run: Run
) -> int | LockConflict:
    """Stores the overall remark if ``appreciation.version`` is the stored one."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), put AS (
            UPDATE copy SET appreciation = %(text)s, updated_at = now(),
                appreciation_version = appreciation_version + 1
            FROM guard
            WHERE conflict IS NULL AND copy_id = %(copy)s AND appreciation_version = %(version)s
            RETURNING copy_id, exam_id, appreciation_version AS version
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'SCORE', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('appreciation', true, 'version', version)
            FROM put
        )
        SELECT conflict, version FROM guard LEFT JOIN put ON true
        """,
        {
            "copy": hold.copy_id,
            "token": hold.token,
            "text": appreciation.text,
            "version": appreciation.version,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchone()
    return version_or_conflict(row or {})


def put_draft(connection: Connection, hold: Hold, draft: Draft, *, run: Run) -> int | LockConflict:
    """Stores the actor's draft if ``draft.version`` is the stored one; a draft leaves no event."""
    row = connection.execute(
        """
        WITH guard AS MATERIALIZED (
            SELECT marking_conflict(%(copy)s, %(actor)s, %(token)s) AS conflict
        ), put AS (
            INSERT INTO draft (copy_id, account_id, version, content)
            SELECT %(copy)s, %(actor)s, 1, %(content)s FROM guard
            WHERE conflict IS NULL AND (%(version)s = 0 OR EXISTS (
                SELECT FROM draft WHERE copy_id = %(copy)s AND account_id = %(actor)s
            ))
            ON CONFLICT ON CONSTRAINT draft_pk DO UPDATE SET
                content = EXCLUDED.content, version = draft.version + 1, updated_at = now()
            WHERE draft.version = %(version)s
            RETURNING version
        )
        SELECT conflict, version FROM guard LEFT JOIN put ON true
        """,
        {
            "copy": hold.copy_id,
            "token": hold.token,
            "content": Jsonb(draft.content),
            "version": draft.version,
            "actor": run.actor,
        },
    ).fetchone()
    return version_or_conflict(row or {})


def list_scores(connection: Connection, copy_id: CopyId) -> tuple[Scored, ...]:
    """What is stored of each question, by question id."""
    rows = connection.execute(
        """
        SELECT question, points, remark, version FROM mark
        WHERE copy_id = %(copy)s ORDER BY question
        """,
        {"copy": copy_id},
    ).fetchall()
    return tuple(Scored(**row) for row in rows)


def list_scores_of_exam(connection: Connection, exam_id: ExamId) -> dict[CopyId, dict[str, Scored]]:
    """What is stored for each copy of the exam, by question."""
    scores: dict[CopyId, dict[str, Scored]] = {}
    rows = connection.execute(
        """
        SELECT copy_id, question, points, remark, mark.version
        FROM mark JOIN copy USING (copy_id) WHERE exam_id = %(exam)s
        """,
        {"exam": exam_id},
    )
    for row in rows:
        copy_id = CopyId(row.pop("copy_id"))
        scores.setdefault(copy_id, {})[row["question"]] = Scored(**row)
    return scores


def find_score(connection: Connection, copy_id: CopyId, question: str) -> Scored:
    """What is stored of one question."""
    row = connection.execute(
        """
        SELECT question, points, remark, version FROM mark
        WHERE copy_id = %(copy)s AND question = %(question)s
        """,
        {"copy": copy_id, "question": question},
    ).fetchone()
    return Scored(**row) if row else Scored(question=question)


def find_appreciation(connection: Connection, copy_id: CopyId) -> Appreciation:
    """The overall remark."""
    row = connection.execute(
        """
        SELECT appreciation AS text, appreciation_version AS version
        FROM copy WHERE copy_id = %(copy)s
        """,
        {"copy": copy_id},
    ).fetchone()
    return Appreciation(**(row or {}))


def find_draft(connection: Connection, copy_id: CopyId, account_id: str) -> Draft:
    """The account's draft."""
    row = connection.execute(
        """
        SELECT content, version FROM draft
        WHERE copy_id = %(copy)s AND account_id = %(account)s
        """,
        {"copy": copy_id, "account": account_id},
    ).fetchone()
    return Draft(**(row or {}))


def score_arguments(hold: Hold, scored: Scored, run: Run) -> dict[str, object]:
    """What a statement that stores points and remark is given."""
    return {
        "copy": hold.copy_id,
        "token": hold.token,
        "question": scored.question,
        "points": scored.points,
        "remark": scored.remark,
        "version": scored.version,
        "actor": run.actor,
        "correlation": run.correlation_id,
    }


def version_or_conflict(row: Mapping[str, Any]) -> int | LockConflict:
    """What a statement here says: its conflict; without one, no version means a stale one."""
    if row["conflict"]:
        return LockConflict(row["conflict"])
    return LockConflict.STALE_VERSION if row["version"] is None else row["version"]
