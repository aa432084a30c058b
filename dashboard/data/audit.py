"""The audit trail as its page shows it."""

from dashboard.core import open_database
from viatique.db import audit
from viatique.db.audit import AuditEvent
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId
from viatique.seal_files import seal_files_of
from viatique.settings import load_settings
from viatique.steps.verify_audit import verify_audit


def events(
    *, exam_id: str, copy_id: str, action: Action | None, correlation_id: str, before: int | None
) -> tuple[AuditEvent, ...]:
    """A page of the audit trail, newest first; empty texts filter nothing."""
    with open_database().transaction() as connection:
        return audit.list_events(
            connection,
            exam_id=ExamId(exam_id) if exam_id else None,
            copy_id=CopyId(copy_id) if copy_id else None,
            action=action,
            correlation_id=correlation_id or None,
            before=before,
        )


def check_trail() -> tuple[int, list[str]]:
    """How many events there are, and what does not fit."""
    found = verify_audit(open_database(), seal_files_of(load_settings()))
    return found.events, [f"{one.copy_id or ''} {one.message}" for one in found.findings]
