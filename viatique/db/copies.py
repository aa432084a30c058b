"""Copies and their pages. Every change of status is one statement with its audit event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from viatique.db.pool import Connection
from viatique.errors import IllegalTransition, NotFound
from viatique.lifecycle import EDGES, CopyStatus, Move
from viatique.models import CopyId, ExamId, IdentityState, Placement, Sha256, StudentId
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCopy:
    """A copy found in a scan.

    Attributes:
        first_page, last_page: 1-based pages of the scan.
        problem: why it goes to QUARANTINE, None when all is well.
        missing_pages: 1-based pages of the copy that were not scanned.
        defects: code of what is wrong with each page, in the order of the placements.
    """

    copy_id: CopyId
    number: int
    first_page: int
    last_page: int
    placements: tuple[Placement, ...]
    problem: str | None
    missing_pages: tuple[int, ...]
    defects: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy as stored, ids only; ``first_page``, ``last_page``: 1-based pages of the scan."""

    copy_id: CopyId
    exam_id: ExamId
    number: int
    source_id: int
    first_page: int
    last_page: int
    page_count: int
    status: CopyStatus
    problem: str | None
    missing_pages: tuple[int, ...]
    file_sha256: Sha256 | None
    identity: IdentityState
    student_id: StudentId | None
    confidence: float | None
    appreciation: str
    finalize_attempts: int
    error_code: str | None


def insert_copies(
    connection: Connection, *, exam_id: ExamId, source_id: int, copies: Sequence[NewCopy], run: Run
) -> None:
    """Stores the copies of one scan with their pages and an IMPORT or QUARANTINE event each."""
    connection.execute(
        """
        WITH given AS (
            SELECT copy_id, number, first_page, last_page, page_count, status, problem,
                missing_pages, action, details
            FROM jsonb_to_recordset(%(copies)s) AS given (
                copy_id text, number integer, first_page integer, last_page integer,
                page_count integer, status copy_status, problem text, missing_pages integer[],
                action audit_action, details jsonb
            )
        ), made AS (
            INSERT INTO copy (copy_id, exam_id, number, source_id, first_page, last_page,
                page_count, status, problem, missing_pages)
            SELECT copy_id, %(exam)s, number, %(source)s, first_page, last_page, page_count, status,
                problem, missing_pages
            FROM given
            RETURNING copy_id
        )
        INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
        SELECT action, %(exam)s, copy_id, %(actor)s, %(correlation)s, details
        FROM given JOIN made USING (copy_id) ORDER BY number
        """,
        {
            "copies": Jsonb([_new_row(source_id, copy) for copy in copies]),
            "exam": exam_id,
            "source": source_id,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    )
    connection.execute(
        """
        INSERT INTO page (copy_id, position, source_id, source_page, half, turn, defect)
        SELECT copy_id, position, %(source)s, source_page, half, turn, defect
        FROM jsonb_to_recordset(%(pages)s) AS given (
            copy_id text, position integer, source_page integer, half text, turn integer,
            defect text
        )
        """,
        {
            "source": source_id,
            "pages": Jsonb(
                [
                    {
                        "copy_id": copy.copy_id,
                        "position": position,
                        "source_page": placement.source_page,
                        "half": placement.half,
                        "turn": placement.turn,
                        "defect": defect,
                    }
                    for copy in copies
                    for position, (placement, defect) in enumerate(
                        zip(copy.placements, copy.defects, strict=True)
                    )
                ]
            ),
        },
    )


def _new_row(source_id: int, copy: NewCopy) -> dict[str, object]:
    move = EDGES[Move.QUARANTINE if copy.problem else Move.IMPORT]
    details: dict[str, object] = {"source": source_id, "pages": len(copy.placements)}
    if copy.problem:
        details |= {"problem": copy.problem, "missing_pages": copy.missing_pages}
        details["defects"] = {number: code for number, code in enumerate(copy.defects, 1) if code}
    return {
        "copy_id": copy.copy_id,
        "number": copy.number,
        "first_page": copy.first_page,
        "last_page": copy.last_page,
        "page_count": len(copy.placements),
        "status": move.target,
        "problem": copy.problem,
        "missing_pages": copy.missing_pages,
        "action": move.action,
        "details": details,
    }


def move_copy(
    connection: Connection,
    copy_id: CopyId,
    move: Move,
    *,
    run: Run,
    details: Mapping[str, object] | None = None,
) -> None:
    """Makes a legal move and leaves its audit event, in one statement.

    Raises:
        IllegalTransition: the copy is not (any more) in a status this move starts from.
    """
    edge = EDGES[move]
    row = connection.execute(
        """
        WITH moved AS (
            UPDATE copy SET status = %(target)s, updated_at = now()
            WHERE copy_id = %(copy)s AND status = ANY(%(sources)s::copy_status[])
            RETURNING copy_id, exam_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT %(action)s::audit_action, exam_id, copy_id, %(actor)s, %(correlation)s,
                %(details)s
            FROM moved WHERE %(action)s::audit_action IS NOT NULL
        )
        SELECT copy_id FROM moved
        """,
        {
            "copy": copy_id,
            "target": edge.target,
            "sources": sorted(edge.sources),
            "action": edge.action,
            "actor": run.actor,
            "correlation": run.correlation_id,
            "details": Jsonb(dict(details or {})),
        },
    ).fetchone()
    if row is None:
        raise IllegalTransition(
            f"Copy {copy_id} cannot {move.replace('_', ' ')} in its present status.",
            next_step=f"`viatique audit show {copy_id}` tells what happened to it.",
        )


def find_copy(connection: Connection, copy_id: CopyId) -> Copy:
    """The copy.

    Raises:
        NotFound: there is no copy with this id.
    """
    row = connection.execute(
        """
        SELECT copy_id, exam_id, number, source_id, first_page, last_page, page_count, status,
            problem, missing_pages, file_sha256, identity, student_id, confidence, appreciation,
            finalize_attempts, error_code
        FROM copy WHERE copy_id = %(copy)s
        """,
        {"copy": copy_id},
    ).fetchone()
    if row is None:
        raise NotFound(
            f"There is no copy {copy_id[:40]!r}.", next_step="`viatique copies EXAM` lists them."
        )
    return _copy(row)


def list_copies(connection: Connection, exam_id: ExamId) -> tuple[Copy, ...]:
    """The copies of an exam, in the order of their numbers."""
    rows = connection.execute(
        """
        SELECT copy_id, exam_id, number, source_id, first_page, last_page, page_count, status,
            problem, missing_pages, file_sha256, identity, student_id, confidence, appreciation,
            finalize_attempts, error_code
        FROM copy WHERE exam_id = %(exam)s ORDER BY number
        """,
        {"exam": exam_id},
    ).fetchall()
    return tuple(_copy(row) for row in rows)


def list_page_defects(connection: Connection, exam_id: ExamId) -> dict[CopyId, dict[int, str]]:
    """What is wrong with pages, by copy and 1-based page of its file."""
    rows = connection.execute(
        """
        SELECT copy_id, defect, position + 1 - (
                SELECT count(*) FROM page AS out WHERE out.copy_id = page.copy_id
                    AND out.position < page.position AND out.is_left_out
            ) AS number
        FROM page JOIN copy USING (copy_id)
        WHERE exam_id = %(exam)s AND defect IS NOT NULL AND NOT is_left_out
        ORDER BY copy_id, position
        """,
        {"exam": exam_id},
    ).fetchall()
    found: dict[CopyId, dict[int, str]] = {}
    for row in rows:
        found.setdefault(CopyId(row["copy_id"]), {})[row["number"]] = row["defect"]
    return found


def count_statuses(connection: Connection, exam_id: ExamId) -> dict[CopyStatus, int]:
    """Copies of the exam by status; every status is there, zero included."""
    rows = connection.execute(
        "SELECT status, count(*) AS copies FROM copy WHERE exam_id = %(exam)s GROUP BY status",
        {"exam": exam_id},
    ).fetchall()
    counted = {CopyStatus(row["status"]): row["copies"] for row in rows}
    return {status: counted.get(status, 0) for status in CopyStatus}


def count_failures(connection: Connection, exam_id: ExamId, run: Run) -> int:
    """Copies whose last error was in this run and still stands."""
    row = connection.execute(
        """
        SELECT count(*) AS copies FROM copy
        WHERE exam_id = %(exam)s AND error_run = %(correlation)s AND error_code IS NOT NULL
        """,
        {"exam": exam_id, "correlation": run.correlation_id},
    ).fetchone()
    return row["copies"] if row else 0


def count_changed(connection: Connection, run: Run) -> int:
    """Copies the run left an event on."""
    row = connection.execute(
        """
        SELECT count(DISTINCT copy_id) AS copies FROM audit_event
        WHERE correlation_id = %(correlation)s
        """,
        {"correlation": run.correlation_id},
    ).fetchone()
    return row["copies"] if row else 0


def mark_failed(
    connection: Connection,
    copy_id: CopyId,
    *,
    error_code: str,
    is_final: bool,
    limit: int,
    run: Run,
) -> bool:
    """Stores an error until the work succeeds.

    An error that may pass is taken as final for this run after ``limit`` attempts in it.

    Returns:
        Whether this run is done with the copy.
    """
    row = connection.execute(
        """
        UPDATE copy SET
            error_code = %(code)s,
            error_run = %(correlation)s,
            error_run_count =
                CASE WHEN error_run = %(correlation)s THEN error_run_count + 1 ELSE 1 END,
            error_is_final = %(final)s OR (
                CASE WHEN error_run = %(correlation)s THEN error_run_count + 1 ELSE 1 END
            ) >= %(limit)s,
            updated_at = now()
        WHERE copy_id = %(copy)s
        RETURNING error_is_final
        """,
        {
            "copy": copy_id,
            "code": error_code,
            "correlation": run.correlation_id,
            "final": is_final,
            "limit": limit,
        },
    ).fetchone()
    return row is None or bool(row["error_is_final"])


def mark_succeeded(connection: Connection, copy_id: CopyId) -> None:
    """Forgets the copy's last error: the work it stood for is done."""
    connection.execute(
        """
        UPDATE copy SET error_code = NULL, error_run = NULL, error_run_count = 0,
            error_is_final = false
        WHERE copy_id = %(copy)s AND error_code IS NOT NULL
        """,
        {"copy": copy_id},
    )


def count_attempt(connection: Connection, copy_id: CopyId) -> int:
    """Counts one more attempt to finalize; returns how many there were."""
    row = connection.execute(
        """
        UPDATE copy SET finalize_attempts = finalize_attempts + 1, updated_at = now()
        WHERE copy_id = %(copy)s RETURNING finalize_attempts
        """,
        {"copy": copy_id},
    ).fetchone()
    return row["finalize_attempts"] if row else 0


def list_final_pdfs(
    connection: Connection, exam_id: ExamId
) -> dict[CopyId, tuple[Sha256, Decimal]]:
    """The final PDF that counts and its score, by copy."""
    rows = connection.execute(
        """
        SELECT final_pdf.copy_id, sha256, score
        FROM final_pdf JOIN copy USING (copy_id)
        WHERE exam_id = %(exam)s AND superseded_at IS NULL
        """,
        {"exam": exam_id},
    ).fetchall()
    return {CopyId(row["copy_id"]): (Sha256(row["sha256"]), row["score"]) for row in rows}


def _copy(row: Mapping[str, Any]) -> Copy:
    return Copy(
        copy_id=CopyId(row["copy_id"]),
        exam_id=ExamId(row["exam_id"]),
        number=row["number"],
        source_id=row["source_id"],
        first_page=row["first_page"],
        last_page=row["last_page"],
        page_count=row["page_count"],
        status=CopyStatus(row["status"]),
        problem=row["problem"],
        missing_pages=tuple(row["missing_pages"]),
        file_sha256=Sha256(row["file_sha256"]) if row["file_sha256"] else None,
        identity=IdentityState(row["identity"]),
        student_id=StudentId(row["student_id"]) if row["student_id"] else None,
        confidence=row["confidence"],
        appreciation=row["appreciation"],
        finalize_attempts=row["finalize_attempts"],
        error_code=row["error_code"],
    )
