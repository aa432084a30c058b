"""Copies: lists of them, and one with its pages and its history."""

from dashboard.core import open_database, store
from viatique.db import audit, copies
from viatique.db.accounts import Account
from viatique.db.audit import AuditEvent
from viatique.db.copies import Copy
from viatique.files import Kind
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId
from viatique.pdf.render import render_png
from viatique.run import new_run

PAGE_DPI = 90


def copies_of(exam_id: ExamId) -> tuple[Copy, ...]:
    """All copies of an exam, in the order of the stack."""
    with open_database().transaction() as connection:
        return copies.list_copies(connection, exam_id)


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


def final_pdf(copy_id: CopyId, exam_id: ExamId) -> bytes | None:
    """The final PDF of a copy."""
    with open_database().transaction() as connection:
        found = copies.list_final_pdfs(connection, exam_id).get(copy_id)
    return store().get(found[0], Kind.FINAL) if found else None


def page_png(copy: Copy, page: int) -> bytes | None:
    """A page (0-based) as people see it; None before the copy was cut."""
    if copy.file_sha256 is None:
        return None
    return render_png(store().get(copy.file_sha256, Kind.COPY), page, dpi=PAGE_DPI)


def note_view(copy_id: CopyId, account: Account) -> None:
    """Leaves an event that somebody looked at a page with its header."""
    with open_database().transaction() as connection:
        copy = copies.find_copy(connection, copy_id)
        audit.insert_event(
            connection,
            action=Action.VIEW_IDENTITY,
            exam_id=copy.exam_id,
            copy_id=copy_id,
            run=new_run(account.account_id),
            details={},
        )
