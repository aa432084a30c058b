"""What home and operations screens count: always by an index, never by reading every copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from viatique.db.pool import Connection
from viatique.lifecycle import CopyStatus
from viatique.models import ExamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many copies of all exams need a person."""

    in_review: int
    in_quarantine: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Copies whose last work failed, with one status and one error."""

    status: CopyStatus
    error_code: str
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """What one stage did in one hour."""

    hour: datetime
    metric: str
    count: int


def count_waiting(connection: Connection) -> Waiting:
    """What needs a person in all exams."""
    row = connection.execute(
        """
        SELECT
            (SELECT count(*) FROM copy WHERE identity = 'REVIEW') AS in_review,
            (SELECT count(*) FROM copy WHERE status = 'QUARANTINE') AS in_quarantine,
            (SELECT count(*) FROM copy WHERE error_code IS NOT NULL) AS failed
        """
    ).fetchone()
    return Waiting(**row) if row else Waiting(in_review=0, in_quarantine=0, failed=0)


def count_failed(connection: Connection, exam_id: ExamId) -> int:
    """Copies of the exam whose last work failed."""
    row = connection.execute(
        "SELECT count(*) AS n FROM copy WHERE exam_id = %(exam)s AND error_code IS NOT NULL",
        {"exam": exam_id},
    ).fetchone()
    return row["n"] if row else 0


def count_pages(connection: Connection, exam_id: ExamId) -> int:
    """Scanned pages of the exam."""
    row = connection.execute(
        "SELECT coalesce(sum(page_count), 0) AS n FROM source_file WHERE exam_id = %(exam)s",
        {"exam": exam_id},
    ).fetchone()
    return row["n"] if row else 0


def find_last_change(connection: Connection, exam_id: ExamId) -> datetime | None:
    """When something last happened to the exam."""
    row = connection.execute(
        "SELECT at FROM audit_event WHERE exam_id = %(exam)s ORDER BY event_id DESC LIMIT 1",
        {"exam": exam_id},
    ).fetchone()
    return row["at"] if row else None


def list_failures(connection: Connection) -> tuple[Failures, ...]:
    """What failed in all exams, the most frequent first."""
    rows = connection.execute(
        """
        SELECT status, error_code, count(*) AS copies FROM copy
        WHERE error_code IS NOT NULL
        GROUP BY status, error_code ORDER BY copies DESC, status, error_code
        """
    ).fetchall()
    return tuple(Failures(**{**row, "status": CopyStatus(row["status"])}) for row in rows)


def list_throughput(
    connection: Connection, since: datetime, metrics: Sequence[str]
) -> tuple[Throughput, ...]:
    """How many measurements of each metric there were in each hour since then."""
    rows = connection.execute(
        """
        SELECT date_trunc('hour', at) AS hour, metric, count(*) AS count FROM observation
        WHERE at >= %(since)s AND metric = ANY(%(metrics)s)
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        {"since": since, "metrics": list(metrics)},
    ).fetchall()
    return tuple(Throughput(**row) for row in rows)
