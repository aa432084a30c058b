"""The database's sessions: who waits for whom, who holds which claims, and how to end one."""

from dataclasses import dataclass
from typing import Any

from viatique.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A connection of this database.

    Attributes:
        program: process id of the program at the other end, empty when it does not say.
        transaction_s: since when its transaction lasts, 0 without one.
        blocked_by: sessions it waits for.
        claims: copies and scans it has claimed; when it ends, others may take them.
    """

    pid: int
    program: str
    state: str
    transaction_s: float
    blocked_by: tuple[int, ...]
    claims: int


def list_sessions(connection: Connection) -> list[Session]:
    """All sessions but this one; those that wait or hold something first."""
    rows = connection.execute(
        """
        SELECT pid, application_name, coalesce(state, '') AS state,
            coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::float8
                AS transaction_s,
            pg_blocking_pids(pid) AS blocked_by,
            (
                SELECT count(*) FROM claim JOIN pg_locks ON locktype = 'advisory' AND objsubid = 1
                    AND granted AND ((classid::bigint << 32) | objid::bigint) = claim.holder
                WHERE pg_locks.pid = pg_stat_activity.pid
            ) AS claims
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND backend_type = 'client backend'
        ORDER BY cardinality(pg_blocking_pids(pid)) DESC, claims DESC, pid
        """
    ).fetchall()
    return [_session(row) for row in rows]


def end_session(connection: Connection, pid: int) -> bool:
    """Ends a session of this database: its transaction is undone; False when there is none."""
    row = connection.execute(
        """
        SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
        WHERE pid = %(pid)s AND datname = current_database() AND pid <> pg_backend_pid()
        """,
        {"pid": pid},
    ).fetchone()
    return bool(row and row["done"])


def _session(row: dict[str, Any]) -> Session:
    name, _, program = row.pop("application_name").partition(" ")
    return Session(
        program=program if name == "viatique" else "",
        blocked_by=tuple(row.pop("blocked_by")),
        **row,
    )
