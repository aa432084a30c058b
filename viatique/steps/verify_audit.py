"""The audit trail is checked against its seals, the tables and its own guards."""

from collections.abc import Iterator
from dataclasses import dataclass

from viatique.audit import Finding, check_histories
from viatique.db import audit_states, seals
from viatique.db.accounts import list_untold_changes
from viatique.db.audit import count_events, list_disabled_guards
from viatique.db.pool import Connection, Database
from viatique.db.receptions import list_untold_receptions
from viatique.models import ExamId
from viatique.seal_files import SealFiles
from viatique.steps.verify_seals import check_seals


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was checked, and everything that is wrong.

    Attributes:
        unsealed: events that no seal holds yet.
    """

    events: int
    seals: int
    unsealed: int
    findings: tuple[Finding, ...]


def verify_audit(database: Database, files: SealFiles) -> Verification:
    """Checks the whole trail, as it is at one moment."""
    with database.transaction() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        findings = tuple(_findings(connection, files))
        last = seals.find_last_seal(connection)
        return Verification(
            events=count_events(connection),
            seals=last.seal_id if last else 0,
            unsealed=seals.count_unsealed(connection, last.to_tick if last else 0),
            findings=findings,
        )


def _findings(connection: Connection, files: SealFiles) -> Iterator[Finding]:
    for guard in list_disabled_guards(connection):
        yield Finding(copy_id=None, event_id=None, message=f"the guard {guard} is off")
    yield from check_seals(connection, files)
    for exam_id in audit_states.list_exams_told_of(connection):
        yield from _exam_findings(connection, exam_id)
    for message in list_untold_receptions(connection):
        yield Finding(copy_id=None, event_id=None, message=message)
    for exam_id in audit_states.list_untold_releases(connection):
        message = f"exam {exam_id} was released or hidden again without an event"
        yield Finding(copy_id=None, event_id=None, message=message)
    for account_id, what in list_untold_changes(connection):
        message = f"the {what} of account {account_id} is not the one its events end in"
        yield Finding(copy_id=None, event_id=None, message=message)


def _exam_findings(connection: Connection, exam_id: ExamId) -> Iterator[Finding]:
    states = audit_states.list_states(connection, exam_id)
    yield from check_histories(audit_states.iterate_told(connection, exam_id), states)
