"""Commands about the audit trail: check it, read it, take a copy of it, seal it."""

from pathlib import Path

from cyclopts import App
from rich.text import Text

from viatique.audit import Finding
from viatique.cli import running, terminal
from viatique.cli.given import PERSON, Copy, Json, copy_id_of, exam_id_of
from viatique.cli.terminal import print_json_line, results
from viatique.db.audit import AuditEvent, list_events_of_copy
from viatique.db.pool import Database
from viatique.diagnosis import find
from viatique.errors import NotFound
from viatique.models import CopyId
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.steps.export_trail import export_trail
from viatique.steps.seal_trail import seal_trail
from viatique.steps.verify_audit import verify_audit
from viatique.texts import CLI_LANGUAGE, reason_text, sentence_text, text

audit_app = App(name="audit", help="Check, read, export and seal the audit trail.")


@audit_app.command
def verify() -> int:
    """Check seals, histories and tables against each other; ends with 3 when something is wrong."""
    with running.workbench() as bench:
        found = verify_audit(bench.database, seal_files_of(bench.settings))
        if not bench.has_roles:
            terminal.say(find("no_roles").what(CLI_LANGUAGE))
    for finding in found.findings:
        results.print(f"✗ {_subject(finding)}: {sentence_text(finding.message, CLI_LANGUAGE)}")
    counts = {"events": found.events, "seals": found.seals, "unsealed": found.unsealed}
    results.print(text("trail_checked", CLI_LANGUAGE, **counts, problems=len(found.findings)))
    return 3 if found.findings else 0


@audit_app.command
def seal() -> int:
    """Seal what happened since the last seal, now."""
    with running.workbench() as bench:
        events = seal_trail(bench.sealer, seal_files_of(bench.settings))
    terminal.say(text("trail_sealed", CLI_LANGUAGE, events=events))
    return 0


@audit_app.command
def show(copy: Copy, /, *, json: Json = False) -> int:
    """Show what happened to a copy, oldest first."""
    with running.workbench() as bench:
        events = _history(bench.database, copy_id_of(copy))
    if json:
        for event in events:
            print_json_line(event.to_json())
        return 0
    for event in events:
        _show_event(event)
    return 0


@audit_app.command
def export(file: Path, /, *, exam: str | None = None) -> int:
    """Write the trail to a file, one JSON object a line; the export is an event itself.

    Args:
        file: JSONL file to write.
        exam: Only what happened in this exam.
    """
    with running.workbench() as bench:
        exam_id = exam_id_of(exam) if exam else None
        events = export_trail(bench.database, new_run(PERSON), file, exam_id=exam_id)
    terminal.say(text("trail_exported", CLI_LANGUAGE, events=events))
    return 0


def _show_event(event: AuditEvent) -> None:
    """What happened on one line; below it the ids by which it is found again."""
    details = ", ".join(f"{key}={_shown(value)}" for key, value in event.details.items() if value)
    at = f"{event.at:%Y-%m-%d %H:%M:%S} UTC"
    results.print(Text(f"{at}  {event.action:14}  {event.actor:9}  {details}"), soft_wrap=True)
    results.print(Text(f"    {event.event_id}  {event.correlation_id}", style="dim"))


def _history(database: Database, copy_id: CopyId) -> tuple[AuditEvent, ...]:
    with database.transaction() as connection:
        events = list_events_of_copy(connection, copy_id)
    if not events:
        raise NotFound(f"The trail has nothing on copy {copy_id[:40]!r}.")
    return events


def _subject(finding: Finding) -> str:
    parts = [
        finding.copy_id or "",
        f"event {finding.event_id}" if finding.event_id is not None else "",
        f"seal {finding.seal_id}" if finding.seal_id is not None else "",
    ]
    return " ".join(part for part in parts if part) or "trail"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " / ".join(reason_text(str(item), CLI_LANGUAGE) for item in value)
    return str(value)[:20]
