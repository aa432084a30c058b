"""Copies by pages: each page goes on after the last copy of the one before."""

from dataclasses import dataclass
from typing import Any

from viatique.db.pool import Connection
from viatique.lifecycle import CopyStatus
from viatique.models import CopyId, ExamId, IdentityState, StudentId


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFilter:
    """Which copies of an exam are listed; what is None filters nothing.

    Attributes:
        has_failed: only those whose last work failed.
    """

    status: CopyStatus | None = None
    identity: IdentityState | None = None
    has_failed: bool = False

    def arguments(self, exam_id: ExamId, after: int, limit: int) -> dict[str, Any]:
        """Of the statements below."""
        return {
            "exam": exam_id,
            "after": after,
            "status": self.status,
            "identity": self.identity,
            "failed": self.has_failed,
            "limit": limit,
        }


EVERY_COPY = CopyFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCopy:
    """A copy in a list; ``is_locked``: somebody is marking it now."""

    copy_id: CopyId
    number: int
    first_page: int
    last_page: int
    page_count: int
    status: CopyStatus
    is_locked: bool
    problem: str | None
    error_code: str | None
    identity: IdentityState
    student_id: StudentId | None
    confidence: float | None


def list_exams_to_mark(connection: Connection, account_id: str) -> tuple[ExamId, ...]:
    """Exams with copies that are ready and the account's to mark, newest first."""
    rows = connection.execute(
        """
        SELECT exam_id FROM exam
        WHERE EXISTS (SELECT FROM copy WHERE copy.exam_id = exam.exam_id AND status = 'READY')
            AND (
                NOT EXISTS (SELECT FROM dispatch WHERE dispatch.exam_id = exam.exam_id)
                OR EXISTS (
                    SELECT FROM assignment JOIN copy USING (copy_id)
                    WHERE account_id = %(account)s AND copy.exam_id = exam.exam_id
                        AND status = 'READY'
                )
            )
        ORDER BY created_at DESC, exam_id
        """,
        {"account": account_id},
    ).fetchall()
    return tuple(ExamId(row["exam_id"]) for row in rows)


def list_copies_after(
    connection: Connection,
    exam_id: ExamId,
    after: int,
    *,
    wanted: CopyFilter = EVERY_COPY,
    limit: int,
) -> tuple[ListedCopy, ...]:
    """Copies of the exam with numbers above ``after``, in their order."""
    rows = connection.execute(
        """
        SELECT copy_id, number, first_page, last_page, page_count, status,
            copy_is_held(copy_id) AS is_locked, problem, error_code, identity, student_id,
            confidence
        FROM copy
        WHERE exam_id = %(exam)s AND number > %(after)s
            AND (%(status)s::copy_status IS NULL OR status = %(status)s)
            AND (%(identity)s::identity_state IS NULL OR identity = %(identity)s)
            AND (NOT %(failed)s OR error_code IS NOT NULL)
        ORDER BY number LIMIT %(limit)s
        """,
        wanted.arguments(exam_id, after, limit),
    ).fetchall()
    return tuple(
        ListedCopy(
            **{
                **row,
                "copy_id": CopyId(row["copy_id"]),
                "status": CopyStatus(row["status"]),
                "identity": IdentityState(row["identity"]),
                "student_id": StudentId(row["student_id"]) if row["student_id"] else None,
            }
        )
        for row in rows
    )


def find_page_before(
    connection: Connection,
    exam_id: ExamId,
    after: int,
    *,
    wanted: CopyFilter = EVERY_COPY,
    limit: int,
) -> int:
    """After which number the page begins that comes before the page after ``after``."""
    row = connection.execute(
        """
        SELECT coalesce(min(number) - 1, 0) AS start FROM (
            SELECT number FROM copy
            WHERE exam_id = %(exam)s AND number <= %(after)s
                AND (%(status)s::copy_status IS NULL OR status = %(status)s)
                AND (%(identity)s::identity_state IS NULL OR identity = %(identity)s)
                AND (NOT %(failed)s OR error_code IS NOT NULL)
            ORDER BY number DESC LIMIT %(limit)s
        ) AS page
        """,
        wanted.arguments(exam_id, after, limit),
    ).fetchone()
    return row["start"] if row else 0
