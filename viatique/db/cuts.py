"""Copies being cut out of their scans, many at once: rows are most of the cost of a small copy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from viatique.db.claims import Holder, Stage
from viatique.db.pool import Connection
from viatique.lifecycle import EDGES, CopyStatus, Move
from viatique.models import CopyId, Half, Placement, Sha256
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A copy to be cut out of a scan."""

    copy_id: CopyId
    scan: Sha256
    placements: tuple[Placement, ...]


def list_pieces(connection: Connection, copy_ids: Sequence[CopyId]) -> list[Piece]:
    """Where the pages of copies lie, in the order of the copies."""
    rows = connection.execute(
        """
        SELECT page.copy_id, coalesce(content_sha256, source_file.sha256) AS sha256, source_page,
            half, turn
        FROM page JOIN source_file USING (source_id)
        WHERE copy_id = ANY(%(copies)s) ORDER BY copy_id, position
        """,
        {"copies": list(copy_ids)},
    ).fetchall()
    scans = {row["copy_id"]: Sha256(row["sha256"]) for row in rows}
    placements: dict[str, list[Placement]] = {copy_id: [] for copy_id in scans}
    for row in rows:
        placements[row["copy_id"]].append(
            Placement(source_page=row["source_page"], half=Half(row["half"]), turn=row["turn"])
        )
    return [
        Piece(copy_id=copy_id, scan=scans[copy_id], placements=tuple(placements[copy_id]))
        for copy_id in copy_ids
    ]


def store_cuts(
    connection: Connection, files: Mapping[CopyId, Sha256], *, holder: Holder, run: Run
) -> list[CopyId]:
    """Names the PDFs of copies, gives their claims up and makes those in STAGING ready.

    Returns:
        Copies that were stored; the claims of the others were lost meanwhile.
    """
    edge = EDGES[Move.VALIDATE]
    rows = connection.execute(
        """
        WITH kept AS (
            DELETE FROM claim
            USING unnest(%(copies)s::text[], %(files)s::text[]) AS done (copy_id, sha256)
            WHERE stage = %(stage)s AND subject = done.copy_id AND holder = %(holder)s
            RETURNING done.copy_id, done.sha256
        ), stored AS (
            UPDATE copy SET
                file_sha256 = kept.sha256,
                status = CASE status WHEN %(staging)s THEN %(target)s ELSE status END,
                error_code = NULL, error_run = NULL, error_run_count = 0, error_is_final = false,
                updated_at = now()
            FROM kept WHERE copy.copy_id = kept.copy_id
            RETURNING copy.copy_id, exam_id, status
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id)
            SELECT %(action)s, exam_id, copy_id, %(actor)s, %(correlation)s
            FROM stored WHERE status = %(target)s ORDER BY copy_id
        )
        SELECT copy_id FROM stored ORDER BY copy_id
        """,
        {
            "copies": list(files),
            "files": list(files.values()),
            "stage": Stage.CUT,
            "holder": holder.key,
            "staging": CopyStatus.STAGING,
            "target": edge.target,
            "action": edge.action,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchall()
    return [CopyId(row["copy_id"]) for row in rows]


def quarantine_uncut(connection: Connection, copy_id: CopyId, problem: str, *, run: Run) -> None:
    """Puts a copy aside that cannot be cut; nothing when it is not in STAGING."""
    edge = EDGES[Move.QUARANTINE]
    connection.execute(
        """
        WITH moved AS (
            UPDATE copy SET status = %(target)s, problem = %(problem)s, updated_at = now()
            WHERE copy_id = %(copy)s AND status = ANY(%(sources)s::copy_status[])
            RETURNING copy_id, exam_id
        )
        INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
        SELECT %(action)s, exam_id, copy_id, %(actor)s, %(correlation)s, %(details)s FROM moved
        """,
        {
            "copy": copy_id,
            "target": edge.target,
            "problem": problem,
            "sources": sorted(edge.sources),
            "action": edge.action,
            "actor": run.actor,
            "correlation": run.correlation_id,
            "details": Jsonb({"problem": problem}),
        },
    )
