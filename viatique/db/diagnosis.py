"""What a diagnosis asks the database, each in one statement: ids and counts only."""

from typing import Any

from viatique.db.pool import Connection

RECENT_S = 300
"""Seconds that count as just now: what the alerts look at."""


def list_waiting_imports(connection: Connection, patience_s: float) -> list[dict[str, Any]]:
    """Exams of which copies have waited longer than that, and none was cut meanwhile.

    Returns:
        Rows of ``exam``, ``count``, ``age_s`` and ``claimed``: copies that a process works on.
    """
    return connection.execute(
        """
        SELECT exam_id AS exam, count(*) FILTER (WHERE status = 'STAGING') AS count,
            extract(epoch FROM now() - min(updated_at) FILTER (WHERE status = 'STAGING'))::float8
                AS age_s,
            (
                SELECT count(*) FROM claim JOIN copy AS claimed ON claimed.copy_id = subject
                WHERE stage = 'cut' AND claimed.exam_id = copy.exam_id
                    AND claim_is_live(holder, expires_at)
            ) AS claimed
        FROM copy GROUP BY exam_id
        HAVING min(updated_at) FILTER (WHERE status = 'STAGING')
                < now() - make_interval(secs => %(patience)s)
            AND coalesce(
                max(updated_at) FILTER (WHERE file_sha256 IS NOT NULL)
                    < now() - make_interval(secs => %(patience)s), true
            )
        ORDER BY exam_id
        """,
        {"patience": patience_s},
    ).fetchall()


def list_failed_copies(connection: Connection) -> list[dict[str, Any]]:
    """Rows of ``exam``, ``error`` and ``count``: copies that could not be finalized."""
    return connection.execute(
        """
        SELECT exam_id AS exam, coalesce(error_code, 'unknown') AS error, count(*) AS count
        FROM copy WHERE status = 'GRADING_FAILED' GROUP BY 1, 2 ORDER BY 1, 2
        """
    ).fetchall()


def list_recent_conflicts(connection: Connection) -> list[dict[str, Any]]:
    """Rows of ``conflict`` and ``count`` of the last minutes, the most frequent first."""
    return connection.execute(
        """
        SELECT labels ->> 'conflict_type' AS conflict, count(*) AS count FROM observation
        WHERE metric = 'grading_lock_conflicts_total'
            AND at > now() - make_interval(secs => %(recent)s)
        GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        {"recent": RECENT_S},
    ).fetchall()


def list_held_copies(connection: Connection) -> list[dict[str, Any]]:
    """Rows of ``copy``, ``holder``, ``held_s`` and ``left_s``: live locks, the oldest first."""
    return connection.execute(
        """
        SELECT copy_id AS copy, account_id AS holder,
            extract(epoch FROM clock_timestamp() - acquired_at)::float8 AS held_s,
            extract(epoch FROM expires_at - clock_timestamp())::float8 AS left_s
        FROM copy_lock WHERE expires_at > clock_timestamp() ORDER BY acquired_at, copy_id
        """
    ).fetchall()


def list_table_sizes(connection: Connection) -> list[dict[str, Any]]:
    """Rows of ``table``, ``rows`` (estimated) and ``bytes``, the largest first."""
    return connection.execute(
        """
        SELECT relname AS "table", n_live_tup AS rows, pg_total_relation_size(relid) AS bytes
        FROM pg_stat_user_tables ORDER BY 3 DESC, 1
        """
    ).fetchall()
