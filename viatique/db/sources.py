"""Scan and marks files received for an exam. ``file_name`` is shown to people, never logged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from viatique.db.audit import insert_event
from viatique.db.pool import Connection
from viatique.errors import NotFound
from viatique.lifecycle import Action
from viatique.models import ExamId, Sha256
from viatique.run import Run
from viatique.scans.page_defects import PageDefect


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A scan in the store.

    Attributes:
        is_planned: its copies are in the database.
    """

    source_id: int
    exam_id: ExamId
    sha256: Sha256
    file_name: str = field(repr=False)
    page_count: int
    is_planned: bool


def insert_source(
    connection: Connection,
    *,
    exam_id: ExamId,
    sha256: Sha256,
    file_name: str,
    byte_size: int,
    page_count: int,
    run: Run,
) -> bool:
    """Records a received scan, with a RECEIVE event; False when the exam has this very file."""
    row = connection.execute(
        """
        INSERT INTO source_file (exam_id, sha256, file_name, byte_size, page_count)
        VALUES (%(exam)s, %(sha256)s, %(name)s, %(size)s, %(pages)s)
        ON CONFLICT ON CONSTRAINT source_file_once DO NOTHING RETURNING source_id
        """,
        {
            "exam": exam_id,
            "sha256": sha256,
            "name": file_name,
            "size": byte_size,
            "pages": page_count,
        },
    ).fetchone()
    if row is None:
        return False
    _tell(connection, exam_id, run, source=row["source_id"], pages=page_count)
    return True


def find_source(connection: Connection, source_id: int) -> Source:
    """The scan.

    Raises:
        NotFound: no scan has this id.
    """
    row = connection.execute(
        """
        SELECT source_id, exam_id, coalesce(content_sha256, sha256) AS sha256, file_name,
            page_count, planned_at IS NOT NULL AS is_planned
        FROM source_file WHERE source_id = %(source)s
        """,
        {"source": source_id},
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no scan {source_id}.")
    return _source(row)


def list_sources(
    connection: Connection, exam_id: ExamId, *, unplanned_only: bool = False
) -> tuple[Source, ...]:
    """The scans of an exam, in the order they came."""
    rows = connection.execute(
        """
        SELECT source_id, exam_id, coalesce(content_sha256, sha256) AS sha256, file_name,
            page_count, planned_at IS NOT NULL AS is_planned
        FROM source_file
        WHERE exam_id = %(exam)s AND (planned_at IS NULL OR NOT %(unplanned)s)
        ORDER BY source_id
        """,
        {"exam": exam_id, "unplanned": unplanned_only},
    ).fetchall()
    return tuple(_source(row) for row in rows)


def mark_planned(connection: Connection, source_id: int) -> bool:
    """Says that a scan's copies are stored; False when another run did so first."""
    row = connection.execute(
        """
        UPDATE source_file SET planned_at = now()
        WHERE source_id = %(source)s AND planned_at IS NULL RETURNING source_id
        """,
        {"source": source_id},
    ).fetchone()
    return row is not None


def insert_marks_file(connection: Connection, exam_id: ExamId, sha256: Sha256, *, run: Run) -> None:
    """Records a received marks file, with a RECEIVE event; again, it changes nothing."""
    received = connection.execute(
        """
        INSERT INTO marks_file (exam_id, sha256) VALUES (%(exam)s, %(sha256)s)
        ON CONFLICT ON CONSTRAINT marks_file_pk DO NOTHING
        """,
        {"exam": exam_id, "sha256": sha256},
    )
    if received.rowcount:
        _tell(connection, exam_id, run, marks=sha256)


def mark_settled(connection: Connection, exam_id: ExamId, sha256: Sha256) -> None:
    """Says that a marks file waits no more: it was recorded, or refused."""
    connection.execute(
        """
        UPDATE marks_file SET recorded_at = now()
        WHERE exam_id = %(exam)s AND sha256 = %(sha256)s
        """,
        {"exam": exam_id, "sha256": sha256},
    )


def list_unrecorded_marks(connection: Connection, exam_id: ExamId) -> Sequence[Sha256]:
    """Content ids of the exam's marks files that wait to be recorded, in the order they came."""
    rows = connection.execute(
        """
        SELECT sha256 FROM marks_file WHERE exam_id = %(exam)s AND recorded_at IS NULL
        ORDER BY received_at, sha256
        """,
        {"exam": exam_id},
    ).fetchall()
    return [Sha256(row["sha256"]) for row in rows]


def _tell(connection: Connection, exam_id: ExamId, run: Run, **details: object) -> None:
    insert_event(
        connection,
        action=Action.RECEIVE,
        exam_id=exam_id,
        copy_id=None,
        run=run,
        details=details,
    )


def _source(row: dict[str, Any]) -> Source:
    return Source(
        source_id=row["source_id"],
        exam_id=ExamId(row["exam_id"]),
        sha256=Sha256(row["sha256"]),
        file_name=row["file_name"],
        page_count=row["page_count"],
        is_planned=row["is_planned"],
    )


def list_first_copy_files(
    connection: Connection, exam_id: ExamId, *, limit: int
) -> tuple[Sha256, ...]:
    """The files of the exam's first copies whose first page can be drawn, in their order."""
    rows = connection.execute(
        """
        SELECT file_sha256 FROM copy
        WHERE exam_id = %(exam)s AND file_sha256 IS NOT NULL AND NOT EXISTS (
            SELECT FROM page
            WHERE copy_id = copy.copy_id AND position = 0 AND defect = %(undrawable)s
        )
        ORDER BY number LIMIT %(limit)s
        """,
        {"exam": exam_id, "undrawable": PageDefect.UNREADABLE, "limit": limit},
    ).fetchall()
    return tuple(Sha256(row["file_sha256"]) for row in rows)
