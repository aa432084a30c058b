"""The pages of a copy: where each lies in a scan, in which order, and which are left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from viatique.db.pool import Connection
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId, Half, Placement, Sha256
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPage:
    """A page of a copy.

    Attributes:
        scan: the stored scan it lies in.
        is_left_out: a person said that it is blank; it is not in the copy's file.
        defect: code of what was wrong with it when it was scanned.
    """

    source_id: int
    scan: Sha256
    placement: Placement
    is_left_out: bool = False
    defect: str | None = None

    @property
    def key(self) -> str:
        """What names the page wherever it is moved to."""
        return f"{self.source_id}.{self.placement.source_page}.{self.placement.half}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToRescan:
    """A copy whose sheets are to be scanned again; pages as ``Copy`` has them."""

    copy_id: CopyId
    first_page: int
    last_page: int
    missing_pages: tuple[int, ...]


def list_pages(connection: Connection, copy_id: CopyId) -> tuple[CopyPage, ...]:
    """The pages of a copy in reading order, those left out where a person saw them."""
    rows = connection.execute(
        """
        SELECT source_id, coalesce(content_sha256, sha256) AS sha256, source_page, half, turn,
            is_left_out, defect
        FROM page JOIN source_file USING (source_id)
        WHERE copy_id = %(copy)s ORDER BY position
        """,
        {"copy": copy_id},
    ).fetchall()
    return tuple(
        CopyPage(
            source_id=row["source_id"],
            scan=Sha256(row["sha256"]),
            placement=Placement(
                source_page=row["source_page"], half=Half(row["half"]), turn=row["turn"]
            ),
            is_left_out=row["is_left_out"],
            defect=row["defect"],
        )
        for row in rows
    )


def list_first_pages(connection: Connection, copy_id: CopyId) -> dict[int, str]:
    """Pages of the copy's file that may have a header, 0-based, with their keys.

    Those are the first page as it is now, and every page that a copy began with when it was
    scanned, its own or another one. Of a copy that was merged the MERGE event tells which that is;
    of one that was erased, the first of its pages that are left is taken for it.
    """
    rows = connection.execute(
        """
        WITH kept AS (
            SELECT row_number() OVER (ORDER BY position) - 1 AS place, source_id, source_page, half,
                concat_ws('.', source_id, source_page, half) AS key,
                half = 'whole' OR half = CASE turn WHEN 0 THEN 'right' ELSE 'left' END AS is_front
            FROM page WHERE copy_id = %(copy)s AND NOT is_left_out
        )
        SELECT place, key FROM kept
        WHERE place = 0 OR is_front AND (
            EXISTS (
                SELECT FROM copy
                WHERE copy.source_id = kept.source_id AND first_page = source_page + 1
            )
            OR NOT EXISTS (
                SELECT FROM copy WHERE copy.source_id = kept.source_id
                    AND source_page + 1 BETWEEN first_page AND last_page
            ) AND (
                NOT EXISTS (
                    SELECT FROM kept AS before
                    WHERE before.source_id = kept.source_id
                        AND before.source_page = kept.source_page - 1
                )
                OR EXISTS (
                    SELECT FROM audit_event JOIN copy USING (exam_id)
                    WHERE copy.copy_id = %(copy)s AND action = 'MERGE'
                        AND details -> 'first_pages' ? key
                )
            )
        )
        ORDER BY place
        """,
        {"copy": copy_id},
    ).fetchall()
    return {row["place"]: row["key"] for row in rows}


def may_be_arranged(connection: Connection, copy_id: CopyId) -> bool:
    """Whether the copy's pages may change; locks the copy until the commit."""
    row = connection.execute(
        "SELECT copy_may_be_arranged(%(copy)s) AS may", {"copy": copy_id}
    ).fetchone()
    return bool(row and row["may"])


def replace_pages(connection: Connection, arranged: Mapping[CopyId, Sequence[CopyPage]]) -> None:
    """Stores the pages of copies anew; together they are the pages the copies had."""
    connection.execute(
        "DELETE FROM page WHERE copy_id = ANY(%(copies)s)", {"copies": list(arranged)}
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO page (copy_id, position, source_id, source_page, half, turn, is_left_out,
                defect)
            VALUES (%(copy)s, %(position)s, %(source)s, %(page)s, %(half)s, %(turn)s, %(out)s,
                %(defect)s)
            """,
            [
                {
                    "copy": copy_id,
                    "position": position,
                    "source": page.source_id,
                    "page": page.placement.source_page,
                    "half": page.placement.half,
                    "turn": page.placement.turn,
                    "out": page.is_left_out,
                    "defect": page.defect,
                }
                for copy_id, pages in arranged.items()
                for position, page in enumerate(pages)
            ],
        )


def mark_arranged(
    connection: Connection,
    copy_id: CopyId,
    *,
    file_sha256: Sha256 | None,
    page_count: int,
    run: Run,
    details: Mapping[str, Any],
) -> None:
    """Names the copy's new file, with its event; None: it has no page left and keeps the old one.

    What was missing is forgotten when as many pages are there as the exam expects.
    """
    connection.execute(
        """
        WITH changed AS (
            UPDATE copy SET
                file_sha256 = coalesce(%(file)s, file_sha256),
                page_count = %(count)s,
                problem = CASE
                    WHEN %(count)s = 0 THEN 'emptied'
                    WHEN problem = 'emptied' THEN 'wrong_page_count' ELSE problem END,
                missing_pages =
                    CASE WHEN %(count)s >= pages_per_copy THEN '{}' ELSE missing_pages END,
                updated_at = now()
            FROM exam WHERE copy.exam_id = exam.exam_id AND copy_id = %(copy)s
            RETURNING copy_id, copy.exam_id
        )
        INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
        SELECT %(action)s, exam_id, copy_id, %(actor)s, %(correlation)s, %(details)s FROM changed
        """,
        {
            "copy": copy_id,
            "file": file_sha256,
            "count": page_count,
            "action": Action.ARRANGE,
            "actor": run.actor,
            "correlation": run.correlation_id,
            "details": Jsonb(dict(details)),
        },
    )


def forget_reading(connection: Connection, copy_id: CopyId) -> None:
    """Has the header read again by the next identify: another page comes first now.

    Whoever reads the old one just now loses the copy, else it would pass for the new one's.
    """
    connection.execute(
        """
        WITH taken AS (DELETE FROM claim WHERE stage = 'read' AND subject = %(copy)s)
        DELETE FROM header_reading WHERE copy_id = %(copy)s
        """,
        {"copy": copy_id},
    )


def mark_rescan(connection: Connection, copy_id: CopyId, *, is_asked: bool, run: Run) -> bool:
    """Asks for the copy's sheets to be scanned again, or no more; False when that was so."""
    row = connection.execute(
        """
        WITH changed AS (
            UPDATE copy SET rescan_asked_at = CASE WHEN %(asked)s THEN now() END,
                updated_at = now()
            WHERE copy_id = %(copy)s AND (rescan_asked_at IS NOT NULL) <> %(asked)s
                AND (status = 'QUARANTINE' OR NOT %(asked)s)
            RETURNING copy_id, exam_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT %(action)s, exam_id, copy_id, %(actor)s, %(correlation)s, %(details)s
            FROM changed
        )
        SELECT copy_id FROM changed
        """,
        {
            "copy": copy_id,
            "asked": is_asked,
            "action": Action.ASK_RESCAN,
            "actor": run.actor,
            "correlation": run.correlation_id,
            "details": Jsonb({"asked": is_asked}),
        },
    ).fetchone()
    return row is not None


def list_to_rescan(connection: Connection, exam_id: ExamId) -> tuple[ToRescan, ...]:
    """Copies of the exam whose sheets are to be scanned again, in the order of the stack."""
    rows = connection.execute(
        """
        SELECT copy_id, first_page, last_page, missing_pages FROM copy
        WHERE exam_id = %(exam)s AND rescan_asked_at IS NOT NULL ORDER BY number
        """,
        {"exam": exam_id},
    ).fetchall()
    return tuple(ToRescan(**{**row, "missing_pages": tuple(row["missing_pages"])}) for row in rows)
