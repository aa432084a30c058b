"""What maintenance does to the database: claims of the dead, statistics, partitions to come."""

from collections.abc import Iterator

from viatique.db.pool import Connection, Database
from viatique.files import Kind
from viatique.models import CopyId, ExamId, Sha256

BATCH = 1_000


def delete_abandoned_claims(connection: Connection) -> int:
    """Deletes the claims of processes that are gone; returns how many."""
    return connection.execute(
        "DELETE FROM claim WHERE NOT claim_is_live(holder, expires_at)"
    ).rowcount


def delete_expired_sessions(connection: Connection) -> int:
    """Deletes the sessions that ended by themselves; returns how many."""
    return connection.execute("DELETE FROM session WHERE expires_at < now()").rowcount


def list_exams_before(connection: Connection, days: int) -> list[ExamId]:
    """Exams that are over for that many days and still hold people or files, oldest first."""
    rows = connection.execute(
        """
        SELECT exam_id FROM exam
        WHERE coalesce(exam_date::timestamptz, created_at)
                < now() - make_interval(days => %(days)s)
            AND created_at < now() - make_interval(days => %(days)s)
            AND (EXISTS (SELECT FROM student WHERE student.exam_id = exam.exam_id)
                OR EXISTS (SELECT FROM source_file WHERE source_file.exam_id = exam.exam_id)
                OR EXISTS (SELECT FROM copy WHERE copy.exam_id = exam.exam_id))
        ORDER BY created_at
        """,
        {"days": days},
    ).fetchall()
    return [ExamId(row["exam_id"]) for row in rows]


def iterate_stored_files(
    connection: Connection, *, prefix: str = ""
) -> Iterator[tuple[Sha256, Kind]]:
    """Every file a row points to, once, a few in memory at a time; in a transaction.

    With a prefix, only those whose SHA-256 begins so.
    """
    with connection.cursor("stored_files") as cursor:
        cursor.itersize = BATCH
        cursor.execute(
            """
            SELECT DISTINCT sha256, kind FROM stored_file
            WHERE starts_with(sha256, %(prefix)s) ORDER BY sha256
            """,
            {"prefix": prefix},
        )
        for row in cursor:
            yield Sha256(row["sha256"]), Kind(row["kind"])


def find_copy_of_file(connection: Connection, sha256: Sha256) -> CopyId | None:
    """A copy whose own PDF this is."""
    row = connection.execute(
        "SELECT copy_id FROM copy WHERE file_sha256 = %(sha256)s LIMIT 1", {"sha256": sha256}
    ).fetchone()
    return CopyId(row["copy_id"]) if row else None


def export_snapshot(connection: Connection) -> str:
    """The id of what this transaction sees, for another program to see the same."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    row = connection.execute("SELECT pg_export_snapshot() AS id").fetchone()
    return row["id"] if row else ""


def list_needed(connection: Connection, names: list[str]) -> set[str]:
    """Those of the files (``sha256.kind``) that a row points to."""
    rows = connection.execute(
        """
        SELECT DISTINCT sha256 || '.' || kind AS name FROM stored_file
        WHERE sha256 || '.' || kind = ANY(%(names)s)
        """,
        {"names": names},
    ).fetchall()
    return {row["name"] for row in rows}


def refresh_statistics(database: Database) -> int:
    """Lets the planner know what the tables hold, and makes the trail's next partitions.

    Returns:
        How many partitions were made.
    """
    with database.session() as session:
        session.execute("ANALYZE")
        row = session.execute(
            "SELECT ensure_audit_partitions(now(), now() + interval '6 months') AS made"
        ).fetchone()
    return row["made"] if row else 0
