"""What copies lack before they can be finalized."""

from collections.abc import Sequence
from dataclasses import dataclass

from viatique.db.pool import Connection
from viatique.lifecycle import CopyStatus
from viatique.models import CopyId, ExamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A copy that finalize does not take.

    Attributes:
        missing: questions without points, in the order of the scheme.
        is_locked: somebody is marking it now.
    """

    copy_id: CopyId
    number: int
    status: CopyStatus
    missing: tuple[str, ...]
    is_locked: bool


def list_unfinished(
    connection: Connection, exam_id: ExamId, leaves: Sequence[str], *, after: int, limit: int
) -> tuple[Unfinished, ...]:
    """Copies not finalized that lack something or are held, numbers above ``after``, in order."""
    rows = connection.execute(
        """
        SELECT copy_id, number, status, missing, is_locked
        FROM copy, copy_is_held(copy_id) AS is_locked, LATERAL (
            SELECT ARRAY(
                SELECT leaf FROM unnest(%(leaves)s::text[]) WITH ORDINALITY AS need (leaf, place)
                WHERE NOT EXISTS (
                    SELECT FROM mark
                    WHERE copy_id = copy.copy_id AND question = leaf AND points IS NOT NULL
                )
                ORDER BY place
            ) AS missing
        ) AS found
        WHERE exam_id = %(exam)s AND number > %(after)s
            AND status NOT IN ('GRADED', 'GRADING_IN_PROGRESS')
            AND (is_locked OR missing <> '{}' OR status IN ('STAGING', 'QUARANTINE'))
        ORDER BY number LIMIT %(limit)s
        """,
        {"exam": exam_id, "leaves": list(leaves), "after": after, "limit": limit},
    ).fetchall()
    return tuple(
        Unfinished(
            copy_id=CopyId(row["copy_id"]),
            number=row["number"],
            status=CopyStatus(row["status"]),
            missing=tuple(row["missing"]),
            is_locked=row["is_locked"],
        )
        for row in rows
    )


def count_completeness(
    connection: Connection, exam_id: ExamId, leaves: Sequence[str]
) -> dict[str, int]:
    """Copies that finalize would take (``ready``), has (``in_progress``), leaves, has finished."""
    row = connection.execute(
        """
        SELECT
            count(*) FILTER (WHERE is_open AND is_complete) AS ready,
            count(*) FILTER (WHERE status = 'GRADING_IN_PROGRESS') AS in_progress,
            count(*) FILTER (WHERE status IN ('STAGING', 'QUARANTINE')
                OR status IN ('READY', 'GRADING_FAILED') AND NOT (is_open AND is_complete))
                AS waiting,
            count(*) FILTER (WHERE status = 'GRADED') AS graded
        FROM copy, LATERAL (
            SELECT status IN ('READY', 'GRADING_FAILED') AND NOT copy_is_held(copy_id) AS is_open,
                NOT EXISTS (
                    SELECT FROM unnest(%(leaves)s::text[]) AS leaf WHERE NOT EXISTS (
                        SELECT FROM mark
                        WHERE copy_id = copy.copy_id AND question = leaf AND points IS NOT NULL
                    )
                ) AS is_complete
        ) AS found
        WHERE exam_id = %(exam)s
        """,
        {"exam": exam_id, "leaves": list(leaves)},
    ).fetchone()
    return dict(row or {})


def count_complete(connection: Connection, exam_id: ExamId, *, leaves: Sequence[str]) -> int:
    """Copies that may be marked and have points for every leaf of the scheme."""
    row = connection.execute(
        """
        SELECT count(*) AS copies FROM copy
        WHERE exam_id = %(exam)s AND status IN ('READY', 'GRADING_FAILED')
            AND cardinality(%(leaves)s::text[]) = (
                SELECT count(*) FROM mark
                WHERE copy_id = copy.copy_id AND question = ANY(%(leaves)s) AND points IS NOT NULL
            )
        """,
        {"exam": exam_id, "leaves": list(leaves)},
    ).fetchone()
    return row["copies"] if row else 0
