"""What the tables say now, in the form a replay of the trail ends in, and the events to replay."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from psycopg.rows import args_row

from viatique.audit import CopyState, Told, Versioned
from viatique.db.pool import Connection
from viatique.lifecycle import CopyStatus
from viatique.models import CopyId, ExamId, IdentityState

BATCH = 5_000
"""Events fetched at once."""
_read_json = json.JSONDecoder().decode


def list_exams_told_of(connection: Connection) -> list[ExamId]:
    """Every exam there is or the trail tells of."""
    rows = connection.execute(
        """
        SELECT exam_id FROM exam
        UNION SELECT exam_id FROM audit_event WHERE copy_id IS NOT NULL
        ORDER BY exam_id
        """
    ).fetchall()
    return [ExamId(row["exam_id"]) for row in rows]


def iterate_told(connection: Connection, exam_id: ExamId) -> Iterator[Told]:
    """The events of all copies of an exam, oldest first, a few in memory at a time."""
    with connection.cursor("told", row_factory=args_row(_told)) as cursor:
        cursor.itersize = BATCH
        cursor.execute(
            """
            SELECT event_id, copy_id, action, actor, details::text
            FROM audit_event WHERE exam_id = %(exam)s AND copy_id IS NOT NULL
            ORDER BY event_id
            """,
            {"exam": exam_id},
        )
        yield from cursor


def _told(event_id: int, copy_id: str, action: str, actor: str, details: str) -> Told:
    """An event; its details are read here, in a third of the time the driver takes."""
    return Told(event_id, copy_id, action, actor, _read_json(details))


def list_states(connection: Connection, exam_id: ExamId) -> dict[CopyId, CopyState]:
    """The state of each copy of an exam."""
    rows = connection.execute(
        """
        SELECT copy.copy_id, status, identity, student_id, appreciation_version, account_id,
            questions, points, versions,
            ARRAY(
                SELECT ARRAY[annotation_id, version] FROM annotation
                WHERE annotation.copy_id = copy.copy_id
            ) AS annotations,
            final.sha256, final.score
        FROM copy
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(place ORDER BY place), '{}') AS questions,
                coalesce(array_agg(points ORDER BY place), '{}') AS points,
                coalesce(array_agg(version ORDER BY place), '{}') AS versions
            FROM (
                SELECT question AS place, points, version FROM mark
                WHERE mark.copy_id = copy.copy_id
                UNION ALL
                SELECT question || ' read by ' || blind_mark.account_id, points, version
                FROM blind_mark WHERE blind_mark.copy_id = copy.copy_id
            ) AS given
        ) AS scored
        LEFT JOIN copy_lock ON copy_lock.copy_id = copy.copy_id
        LEFT JOIN final_pdf AS final
            ON final.copy_id = copy.copy_id AND final.superseded_at IS NULL
        WHERE exam_id = %(exam)s
        """,
        {"exam": exam_id},
    ).fetchall()
    return {CopyId(row["copy_id"]): _state(row) for row in rows}


def list_untold_releases(connection: Connection) -> list[ExamId]:
    """Exams that are released and whose last RELEASE event says otherwise, or the reverse."""
    rows = connection.execute(
        """
        SELECT exam_id FROM exam
        WHERE (released_at IS NOT NULL) <> coalesce((
            SELECT (details ->> 'released')::boolean FROM audit_event
            WHERE audit_event.exam_id = exam.exam_id AND action = 'RELEASE'
            ORDER BY event_id DESC LIMIT 1
        ), false)
        ORDER BY exam_id
        """
    ).fetchall()
    return [ExamId(row["exam_id"]) for row in rows]


def _state(row: Mapping[str, Any]) -> CopyState:
    scores = zip(row["questions"], row["points"], row["versions"], strict=True)
    return CopyState(
        status=CopyStatus(row["status"]),
        identity=IdentityState(row["identity"]),
        student_id=row["student_id"],
        scores={question: Versioned(points, version) for question, points, version in scores},
        appreciation=row["appreciation_version"],
        annotations=dict(row["annotations"]),
        final=(row["sha256"], Decimal(row["score"])) if row["sha256"] else None,
        holder=row["account_id"],
    )
