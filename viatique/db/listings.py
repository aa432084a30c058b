"""Exams and copies by pages: each page goes on after the last item of the one before."""

from dataclasses import dataclass

from viatique.db.exams import Exam, find_exam
from viatique.db.pool import Connection
from viatique.lifecycle import CopyStatus
from viatique.models import CopyId, ExamId, IdentityState, StudentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCopy:
    """A copy in a list; ``is_locked``: somebody is marking it now."""

    copy_id: CopyId
    number: int
    page_count: int
    status: CopyStatus
    is_locked: bool
    identity: IdentityState
    student_id: StudentId | None


def list_exams_after(
    connection: Connection, after: ExamId | None, *, limit: int
) -> tuple[Exam, ...]:
    """Exams, newest first, from the one after ``after`` on."""
    rows = connection.execute(
        """
        SELECT exam_id FROM exam
        WHERE %(after)s::text IS NULL OR (created_at, exam_id) < (
            SELECT created_at, exam_id FROM exam WHERE exam_id = %(after)s
        )
        ORDER BY created_at DESC, exam_id DESC LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    ).fetchall()
    return tuple(find_exam(connection, ExamId(row["exam_id"])) for row in rows)


def list_copies_after(
    connection: Connection,
    exam_id: ExamId,
    after: int,
    *,
    status: CopyStatus | None,
    limit: int,
) -> tuple[ListedCopy, ...]:
    """Copies of the exam with numbers above ``after``, in their order."""
    rows = connection.execute(
        """
        SELECT copy_id, number, page_count, status, copy_is_held(copy_id) AS is_locked, identity,
            student_id
        FROM copy
        WHERE exam_id = %(exam)s AND number > %(after)s
            AND (%(status)s::copy_status IS NULL OR status = %(status)s)
        ORDER BY number LIMIT %(limit)s
        """,
        {"exam": exam_id, "after": after, "status": status, "limit": limit},
    ).fetchall()
    return tuple(
        ListedCopy(
            copy_id=CopyId(row["copy_id"]),
            number=row["number"],
            page_count=row["page_count"],
            status=CopyStatus(row["status"]),
            is_locked=row["is_locked"],
            identity=IdentityState(row["identity"]),
            student_id=StudentId(row["student_id"]) if row["student_id"] else None,
        )
        for row in rows
    )
