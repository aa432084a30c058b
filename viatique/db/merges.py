"""Copies that one student handed in twice: found, and made one. Ids only."""

from collections.abc import Mapping
from dataclasses import dataclass

from viatique.db.pool import Connection
from viatique.models import CopyId, ExamId, Sha256, StudentId

APPRECIATION = "appreciation"
"""Named among the questions when both copies have an overall remark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Copies that seem to be one student's, in the order of the stack."""

    student_id: StudentId
    copies: tuple[CopyId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides whether a copy may be merged now.

    Attributes:
        is_finished: it is finalized, or being finalized.
        is_written_on: somebody holds it, keeps a draft or gave a blind reading.
    """

    is_finished: bool
    is_written_on: bool


def list_proposals(connection: Connection, exam_id: ExamId) -> tuple[Proposal, ...]:
    """The students for whom a second copy waits in review, in the order of the stack."""
    rows = connection.execute(
        """
        WITH latest AS (
            SELECT DISTINCT ON (copy_id) copy_id, reasons, candidates -> 0 ->> 'student' AS best
            FROM identity_evidence JOIN copy USING (copy_id)
            WHERE exam_id = %(exam)s ORDER BY copy_id, evidence_id DESC
        ), meant AS (
            SELECT copy_id, number, coalesce(student_id, CASE
                    WHEN identity = 'REVIEW' AND 'second_copy' = ANY(reasons) THEN best
                END) AS student
            FROM copy LEFT JOIN latest USING (copy_id) WHERE exam_id = %(exam)s
        )
        SELECT student, array_agg(copy_id ORDER BY number) AS copies
        FROM meant WHERE student IS NOT NULL
        GROUP BY student HAVING count(*) > 1 ORDER BY min(number)
        """,
        {"exam": exam_id},
    ).fetchall()
    return tuple(
        Proposal(
            student_id=StudentId(row["student"]),
            copies=tuple(CopyId(copy_id) for copy_id in row["copies"]),
        )
        for row in rows
    )


def lock_standings(connection: Connection, *copy_ids: CopyId) -> dict[CopyId, Standing]:
    """How copies stand; nobody can change that before the commit."""
    rows = connection.execute(
        """
        SELECT copy_id,
            status IN ('GRADING_IN_PROGRESS', 'GRADED') AS is_finished,
            copy_is_held(copy_id)
                OR EXISTS (
                    SELECT FROM draft WHERE draft.copy_id = copy.copy_id AND content <> '{}'
                )
                OR EXISTS (SELECT FROM blind_mark WHERE blind_mark.copy_id = copy.copy_id)
                AS is_written_on
        FROM copy WHERE copy_id = ANY(%(copies)s) ORDER BY copy_id FOR UPDATE
        """,
        {"copies": list(copy_ids)},
    ).fetchall()
    return {
        CopyId(row["copy_id"]): Standing(
            is_finished=row["is_finished"], is_written_on=row["is_written_on"]
        )
        for row in rows
    }


def list_marked_twice(connection: Connection, keep: CopyId, other: CopyId) -> list[str]:
    """The questions marked on both copies, and ``APPRECIATION`` when both have one."""
    rows = connection.execute(
        """
        SELECT question FROM mark JOIN mark AS theirs USING (question)
        WHERE mark.copy_id = %(keep)s AND theirs.copy_id = %(other)s
        UNION ALL
        SELECT %(appreciation)s FROM copy JOIN copy AS theirs USING (exam_id)
        WHERE copy.copy_id = %(keep)s AND theirs.copy_id = %(other)s
            AND copy.appreciation <> '' AND theirs.appreciation <> ''
        ORDER BY question
        """,
        {"keep": keep, "other": other, "appreciation": APPRECIATION},
    ).fetchall()
    return [row["question"] for row in rows]


def move_marks(
    connection: Connection, keep: CopyId, other: CopyId, *, pages_before: int
) -> Mapping[str, object]:
    """Gives all that was written on a copy to another one, whose pages come before.

    Returns:
        What moved, for the event: scores by question, versions of annotations and of the overall
        remark as ``keep`` now has them.
    """
    row = connection.execute(
        """
        WITH scored AS (
            UPDATE mark SET copy_id = %(keep)s WHERE copy_id = %(other)s
            RETURNING question, points, version
        ), drawn AS (
            UPDATE annotation SET copy_id = %(keep)s, page = page + %(pages)s
            WHERE copy_id = %(other)s RETURNING annotation_id, version
        ), praised AS (
            UPDATE copy SET appreciation = theirs.appreciation,
                appreciation_version = copy.appreciation_version + 1
            FROM copy AS theirs
            WHERE copy.copy_id = %(keep)s AND theirs.copy_id = %(other)s
                AND copy.appreciation = '' AND theirs.appreciation <> ''
            RETURNING copy.appreciation_version
        ), finals AS (
            UPDATE final_pdf SET copy_id = %(keep)s WHERE copy_id = %(other)s
        )
        SELECT
            (SELECT coalesce(jsonb_object_agg(question,
                jsonb_build_object('points', points::text, 'version', version)), '{}')
                FROM scored) AS scores,
            (SELECT coalesce(jsonb_object_agg(annotation_id::text, version), '{}')
                FROM drawn) AS annotations,
            (SELECT appreciation_version FROM praised) AS appreciation
        """,
        {"keep": keep, "other": other, "pages": pages_before},
    ).fetchone()
    return {name: value for name, value in dict(row or {}).items() if value}


def delete_merged(connection: Connection, copy_id: CopyId) -> None:
    """Takes away a copy whose pages and marks are another's by now; its events stay."""
    connection.execute(
        """
        WITH readings AS (DELETE FROM header_reading WHERE copy_id = %(copy)s),
            evidence AS (DELETE FROM identity_evidence WHERE copy_id = %(copy)s),
            locks AS (DELETE FROM copy_lock WHERE copy_id = %(copy)s),
            emptied AS (DELETE FROM draft WHERE copy_id = %(copy)s),
            shares AS (DELETE FROM assignment WHERE copy_id = %(copy)s)
        DELETE FROM claim WHERE subject = %(copy)s
        """,
        {"copy": copy_id},
    )
    connection.execute("DELETE FROM copy WHERE copy_id = %(copy)s", {"copy": copy_id})


def keep_merged(
    connection: Connection, copy_id: CopyId, *, file_sha256: Sha256 | None, page_count: int
) -> None:
    """Names the file of the copy that the pages of both are in; None: neither has one left."""
    connection.execute(
        """
        UPDATE copy SET file_sha256 = coalesce(%(file)s, file_sha256), page_count = %(count)s,
            missing_pages = '{}', updated_at = now()
        WHERE copy_id = %(copy)s
        """,
        {"copy": copy_id, "file": file_sha256, "count": page_count},
    )
