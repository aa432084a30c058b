"""Copies: lists of them, and one with its history."""

from dashboard.core import open_database, store
from viatique.db import audit, copies
from viatique.db.audit import AuditEvent
from viatique.db.copies import Copy
from viatique.db.exams import Exam, find_exam
from viatique.db.finals import find_final_pdf
from viatique.db.listings import CopyFilter, ListedCopy, find_page_before, list_copies_after
from viatique.drawing import draw_png
from viatique.files import Kind
from viatique.models import CopyId, ExamId

PAGE_DPI = 90
ROWS = 50


def copies_after(exam_id: ExamId, after: int, wanted: CopyFilter) -> tuple[ListedCopy, ...]:
    """The page of copies whose numbers are above ``after``."""
    with open_database().transaction() as connection:
        return list_copies_after(connection, exam_id, after, wanted=wanted, limit=ROWS)


def page_before(exam_id: ExamId, after: int, wanted: CopyFilter) -> int:
    """Where the page before begins."""
    with open_database().transaction() as connection:
        return find_page_before(connection, exam_id, after, wanted=wanted, limit=ROWS)


def find_copy(copy_id: CopyId) -> Copy:
    """A copy.

    Raises:
        NotFound: there is none.
    """
    with open_database().transaction() as connection:
        return copies.find_copy(connection, copy_id)


def history(copy_id: CopyId) -> tuple[AuditEvent, ...]:
    """What happened to a copy, oldest first."""
    with open_database().transaction() as connection:
        return audit.list_events_of_copy(connection, copy_id)


def has_final(copy: Copy) -> bool:
    """Whether the copy has a final PDF that counts."""
    with open_database().transaction() as connection:
        return find_final_pdf(connection, copy.copy_id) is not None


def exam_of(exam_id: ExamId) -> Exam:
    """The exam of a copy."""
    with open_database().transaction() as connection:
        return find_exam(connection, exam_id)


def page_png(copy: Copy, page: int) -> bytes | None:
    """A page (0-based) as people see it; None before the copy was cut."""
    if copy.file_sha256 is None:
        return None
    return draw_png(store().get(copy.file_sha256, Kind.COPY), page, dpi=PAGE_DPI)
