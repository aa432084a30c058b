"""Runs that turn a scan into copies: when each began, and the one moment it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from viatique.db.pool import Connection
from viatique.models import CopyId
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An import that is over.

    Attributes:
        duration_s: from the first thing the run did with the scan.
    """

    pages: int
    duration_s: float


def begin_import(connection: Connection, source_id: int, *, run: Run) -> None:
    """Notes when the run began with the scan, or began again after it failed."""
    connection.execute(
        """
        INSERT INTO import_attempt (source_id, correlation_id)
        VALUES (%(source)s, %(correlation)s)
        ON CONFLICT ON CONSTRAINT import_attempt_pk DO UPDATE SET
            started_at = EXCLUDED.started_at, ended_at = NULL
        WHERE import_attempt.ended_at IS NOT NULL
        """,
        {"source": source_id, "correlation": run.correlation_id},
    )


def begin_imports_of(connection: Connection, copy_ids: Sequence[CopyId], *, run: Run) -> None:
    """The same for the scans of these copies: the run may go on with what another planned."""
    connection.execute(
        """
        INSERT INTO import_attempt (source_id, correlation_id)
        SELECT DISTINCT source_id, %(correlation)s::text FROM copy
        WHERE copy_id = ANY(%(copies)s::text[]) ORDER BY source_id
        ON CONFLICT ON CONSTRAINT import_attempt_pk DO NOTHING
        """,
        {"copies": list(copy_ids), "correlation": run.correlation_id},
    )


def end_failed_import(
    connection: Connection, *, run: Run, source_id: int | None = None, copy_id: CopyId | None = None
) -> Ended | None:
    """Ends the run's work on a scan, given by its id or a copy of it; None when it had ended."""
    row = connection.execute(
        """
        UPDATE import_attempt SET ended_at = clock_timestamp()
        FROM source_file
        WHERE correlation_id = %(correlation)s AND ended_at IS NULL
            AND source_file.source_id = import_attempt.source_id
            AND import_attempt.source_id = coalesce(
                %(source)s::bigint, (SELECT source_id FROM copy WHERE copy_id = %(copy)s)
            )
        RETURNING page_count AS pages, extract(epoch FROM ended_at - started_at) AS duration_s
        """,
        {"source": source_id, "copy": copy_id, "correlation": run.correlation_id},
    ).fetchone()
    return _ended(row)


def end_complete_import(connection: Connection, copy_id: CopyId, *, run: Run) -> Ended | None:
    """Ends all work on the copy's scan if this was its last copy to be cut, else None.

    The scan's row is locked until the commit: of two processes that cut the last two copies, the
    second sees what the first did.
    """
    connection.execute(
        """
        SELECT FROM source_file
        WHERE source_id = (SELECT source_id FROM copy WHERE copy_id = %(copy)s)
        FOR NO KEY UPDATE
        """,
        {"copy": copy_id},
    )
    row = connection.execute(
        """
        WITH ended AS (
            UPDATE import_attempt SET ended_at = clock_timestamp()
            WHERE ended_at IS NULL
                AND source_id = (SELECT source_id FROM copy WHERE copy_id = %(copy)s)
                AND NOT EXISTS (
                    SELECT FROM copy
                    WHERE copy.source_id = import_attempt.source_id AND file_sha256 IS NULL
                )
            RETURNING source_id, correlation_id, started_at, ended_at
        )
        SELECT page_count AS pages, extract(epoch FROM ended_at - started_at) AS duration_s
        FROM ended JOIN source_file USING (source_id) WHERE correlation_id = %(correlation)s
        """,
        {"copy": copy_id, "correlation": run.correlation_id},
    ).fetchone()
    return _ended(row)


def _ended(row: dict[str, Any] | None) -> Ended | None:
    return Ended(pages=row["pages"], duration_s=float(row["duration_s"])) if row else None
