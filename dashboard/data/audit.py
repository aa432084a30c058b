"""The audit trail as its page shows it."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.core import open_database
from viatique.db import audit, seals
from viatique.db.audit import AuditEvent
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId
from viatique.seal_files import seal_files_of
from viatique.seals import Seal
from viatique.settings import load_settings
from viatique.steps.verify_audit import verify_audit

UNSEALED_COUNTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are listed; what is None filters nothing."""

    exam_id: ExamId | None = None
    copy_id: CopyId | None = None
    action: Action | None = None
    actor: str | None = None
    correlation_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def events(wanted: EventFilter, before: int | None) -> tuple[AuditEvent, ...]:
    """A page of the audit trail, newest first."""
    with open_database().transaction() as connection:
        return audit.list_events(
            connection,
            exam_id=wanted.exam_id,
            copy_id=wanted.copy_id,
            action=wanted.action,
            actor=wanted.actor,
            correlation_id=wanted.correlation_id,
            since=wanted.since,
            until=wanted.until,
            before=before,
        )


def seal_status() -> tuple[Seal | None, int]:
    """The last seal, and how many events came since (``UNSEALED_COUNTED``: as many or more)."""
    with open_database().transaction() as connection:
        last = seals.find_last_seal(connection)
        since = last.to_tick if last else 0
        return last, seals.count_unsealed(connection, since, limit=UNSEALED_COUNTED)


def check_trail() -> tuple[int, list[str]]:
    """How many events there are, and what does not fit."""
    found = verify_audit(open_database(), seal_files_of(load_settings()))
    return found.events, [f"{one.copy_id or ''} {one.message}" for one in found.findings]
