"""What the trail tells of exams and the files received for them, beside what there is of them.

Those that are older than these events (migration 90) need none.
"""

from viatique.db.pool import Connection


def list_untold_receptions(connection: Connection) -> list[str]:
    """Exams, scans and marks files without their event or with several, or gone without one."""
    rows = connection.execute(
        """
        WITH told AS (
            SELECT exam_id, CASE
                    WHEN action = 'CREATE_EXAM' THEN 'exam'
                    WHEN details ? 'source' THEN 'scan'
                    ELSE 'marks file'
                END AS kind, coalesce(details ->> 'source', details ->> 'marks', '') AS name,
                count(*) AS events, max(event_id) AS last
            FROM audit_event WHERE action IN ('CREATE_EXAM', 'RECEIVE') GROUP BY 1, 2, 3
        ), there AS (
            SELECT exam_id, 'exam' AS kind, '' AS name, created_at AS since FROM exam
            UNION ALL SELECT exam_id, 'scan', source_id::text, received_at FROM source_file
            UNION ALL SELECT exam_id, 'marks file', sha256, received_at FROM marks_file
        )
        SELECT exam_id, kind, name, events, since IS NULL AS is_gone
        FROM told FULL JOIN there USING (exam_id, kind, name)
        WHERE CASE
            WHEN events IS NULL
                THEN since > (SELECT applied_at FROM schema_migration WHERE number = 90)
            WHEN since IS NULL THEN NOT EXISTS (
                SELECT FROM audit_event AS erased
                WHERE erased.exam_id = told.exam_id AND action = 'ERASE' AND event_id > last
                    AND (kind = 'marks file' OR kind = 'scan' AND details ? 'students')
            )
            -- a marks file that an erasure removed may be received again
            ELSE events > 1 AND kind <> 'marks file'
        END
        ORDER BY exam_id, kind, name
        """
    ).fetchall()
    return [_message(**row) for row in rows]


def _message(*, exam_id: str, kind: str, name: str, events: int | None, is_gone: bool) -> str:
    what = f"{kind} {exam_id}" if kind == "exam" else f"{kind} {name} of exam {exam_id}"
    if events is None:
        return f"{what} came without an event"
    return f"{what} is gone without an event" if is_gone else f"{what} came {events} times"
