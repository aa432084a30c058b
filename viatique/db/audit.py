"""Audit events: written beside the change they tell of, read back, never changed. Ids only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from viatique.db.pool import Connection
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId
from viatique.run import Run

IDS_OUT_OF_ORDER = 1_000
"""Events whose ids and times may be in another order: those written at the same moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    event_id: int
    at: datetime
    action: Action
    exam_id: ExamId | None
    copy_id: CopyId | None
    actor: str
    correlation_id: str
    details: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The event as programs get it."""
        return {
            "event": self.event_id,
            "at": self.at.isoformat(),
            "action": self.action,
            "exam": self.exam_id,
            "copy": self.copy_id,
            "actor": self.actor,
            "correlation_id": self.correlation_id,
            "details": self.details,
        }


def insert_event(
    connection: Connection,
    *,
    action: Action,
    exam_id: ExamId | None,
    copy_id: CopyId | None,
    run: Run,
    details: Mapping[str, Any],
) -> None:
    """Adds one event to the caller's transaction; without an exam, of the whole installation."""
    connection.execute(
        """
        INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
        VALUES (%(action)s, %(exam)s, %(copy)s, %(actor)s, %(correlation)s, %(details)s)
        """,
        {
            "action": action,
            "exam": exam_id,
            "copy": copy_id,
            "actor": run.actor,
            "correlation": run.correlation_id,
            "details": Jsonb(dict(details)),
        },
    )


def list_events_of_copy(connection: Connection, copy_id: CopyId) -> tuple[AuditEvent, ...]:
    """The history of a copy, oldest first."""
    rows = connection.execute(
        """
        SELECT event_id, at, action, exam_id, copy_id, actor, correlation_id, details
        FROM audit_event WHERE copy_id = %(copy)s ORDER BY event_id
        """,
        {"copy": copy_id},
    ).fetchall()
    return tuple(event_of_row(row) for row in rows)


def list_events(
    connection: Connection,
    *,
    exam_id: ExamId | None = None,
    copy_id: CopyId | None = None,
    action: Action | None = None,
    actor: str | None = None,
    correlation_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> tuple[AuditEvent, ...]:
    """Events that fit every filter given, newest first; ``before`` is the id to go on from."""
    first, last = _ids_between(connection, since, until)
    if (since and first is None) or (until and last is None):
        return ()
    rows = connection.execute(
        """
        SELECT event_id, at, action, exam_id, copy_id, actor, correlation_id, details
        FROM audit_event
        WHERE (%(exam)s::text IS NULL OR exam_id = %(exam)s)
            AND (%(copy)s::text IS NULL OR copy_id = %(copy)s)
            AND (%(action)s::audit_action IS NULL OR action = %(action)s)
            AND (%(actor)s::text IS NULL OR actor = %(actor)s)
            AND (%(correlation)s::text IS NULL OR correlation_id = %(correlation)s)
            AND (%(since)s::timestamptz IS NULL OR (at >= %(since)s AND event_id >= %(first)s))
            AND (%(until)s::timestamptz IS NULL OR (at < %(until)s AND event_id <= %(last)s))
            AND (%(before)s::bigint IS NULL OR event_id < %(before)s)
        ORDER BY event_id DESC LIMIT %(limit)s
        """,
        {
            "exam": exam_id,
            "copy": copy_id,
            "action": action,
            "actor": actor,
            "correlation": correlation_id,
            "since": since,
            "until": until,
            "first": (first or 0) - IDS_OUT_OF_ORDER,
            "last": (last or 0) + IDS_OUT_OF_ORDER,
            "before": before,
            "limit": limit,
        },
    ).fetchall()
    return tuple(event_of_row(row) for row in rows)


def _ids_between(
    connection: Connection, since: datetime | None, until: datetime | None
) -> tuple[int | None, int | None]:
    """About which ids the events of a time begin and end with; None: there are none."""
    if since is None and until is None:
        return None, None
    row = connection.execute(
        """
        SELECT
            (SELECT event_id FROM audit_event WHERE at >= %(since)s::timestamptz
                ORDER BY at, event_id LIMIT 1) AS first,
            (SELECT event_id FROM audit_event WHERE at < %(until)s::timestamptz
                ORDER BY at DESC, event_id DESC LIMIT 1) AS last
        """,
        {"since": since, "until": until},
    ).fetchone()
    return (row["first"], row["last"]) if row else (None, None)


def iterate_events(connection: Connection, exam_id: ExamId | None) -> Iterator[AuditEvent]:
    """All events (of an exam), oldest first, a few in memory at a time."""
    with connection.cursor("events") as cursor:
        cursor.itersize = 5_000
        cursor.execute(
            """
            SELECT event_id, at, action, exam_id, copy_id, actor, correlation_id, details
            FROM audit_event WHERE %(exam)s::text IS NULL OR exam_id = %(exam)s
            ORDER BY event_id
            """,
            {"exam": exam_id},
        )
        yield from map(event_of_row, cursor)


def list_events_between(
    connection: Connection, *, from_tick: int, to_tick: int
) -> tuple[AuditEvent, ...]:
    """The events of the transactions from one tick on and below another, in their order."""
    rows = connection.execute(
        """
        SELECT event_id, at, action, exam_id, copy_id, actor, correlation_id, details
        FROM audit_event WHERE tick >= %(from)s AND tick < %(to)s ORDER BY tick, event_id
        """,
        {"from": from_tick, "to": to_tick},
    ).fetchall()
    return tuple(event_of_row(row) for row in rows)


def find_tick(connection: Connection, event_id: int, at: datetime) -> int | None:
    """The tick of an event, None when there is no such event of that time."""
    row = connection.execute(
        "SELECT tick FROM audit_event WHERE event_id = %(event)s AND at = %(at)s",
        {"event": event_id, "at": at},
    ).fetchone()
    return row["tick"] if row else None


def count_events(connection: Connection) -> int:
    """How many events the trail holds."""
    row = connection.execute("SELECT count(*) AS events FROM audit_event").fetchone()
    return row["events"] if row else 0


def list_disabled_guards(connection: Connection) -> list[str]:
    """Names of the append-only triggers that are absent or do not fire always, by table."""
    rows = connection.execute(
        """
        SELECT guarded.relname || '.' || guard AS guard
        FROM pg_class AS guarded, unnest(
            ARRAY['audit_event_no_row_change', 'audit_event_no_truncate']
        ) AS guard
        WHERE (guarded.oid IN ('audit_event'::regclass, 'audit_seal'::regclass) OR EXISTS (
            SELECT FROM pg_inherits
            WHERE inhrelid = guarded.oid AND inhparent = 'audit_event'::regclass
        ))
        AND NOT EXISTS (
            SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
            WHERE tgrelid = guarded.oid AND tgname = guard AND tgenabled = 'A'
                AND proname = 'refuse_change'
        )
        ORDER BY 1
        """
    ).fetchall()
    return [row["guard"] for row in rows]


def event_of_row(row: Mapping[str, Any]) -> AuditEvent:
    """An event of the columns of this module's statements."""
    return AuditEvent(
        event_id=row["event_id"],
        at=row["at"],
        action=Action(row["action"]),
        exam_id=ExamId(row["exam_id"]) if row["exam_id"] else None,
        copy_id=CopyId(row["copy_id"]) if row["copy_id"] else None,
        actor=row["actor"],
        correlation_id=row["correlation_id"],
        details=row["details"],
    )
