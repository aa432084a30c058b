"""Commands of operators: what is wrong, who is in the way, what to send to who helps."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.table import Table
from rich.text import Text

from viatique.cli import running, terminal
from viatique.cli.given import PERSON, Copy, Json, copy_id_of
from viatique.cli.terminal import headings, print_json_line, results
from viatique.db import diagnosis as asked
from viatique.db.sessions import end_session, list_sessions
from viatique.diagnosis import PATIENCE_S, Finding, find, shown_age
from viatique.errors import NotFound, ViatiqueError
from viatique.exporter import domain_collector
from viatique.lifecycle import UnlockReason
from viatique.models import CopyId
from viatique.run import new_run
from viatique.services.prefect_server import current_api_url
from viatique.steps.doctor import examine, unusable
from viatique.steps.locks import Refused, force_release
from viatique.steps.support_bundle import write_bundle
from viatique.texts import CLI_LANGUAGE, text
from viatique.workbench import Workbench

PLAYBOOK = "infra/playbook.md"


def register(app: App) -> None:
    """Adds the commands to the app."""
    app.command(doctor)
    app.command(support_bundle, name="support-bundle")
    app.command(sessions)
    app.command(locks)


def doctor(*, patience: float = PATIENCE_S, json: Json = False) -> int:
    """Say what is wrong here, how urgent it is and what to do next; ends with 1 if anything is.

    Args:
        patience: seconds that copies may wait to be cut while none comes out.
        json: One JSON object a line.
    """
    try:
        with running.workbench() as bench:
            found = _examined(bench, patience)
    except ViatiqueError as error:
        found = (unusable(error),)
    for finding in found:
        if json:
            print_json_line(_as_json(finding))
        else:
            _show(finding)
    if not (found or json):
        results.print(text("nothing_wrong", CLI_LANGUAGE))
    return 1 if found else 0


def support_bundle(file: Path, /) -> int:
    """Write a ZIP with all that somebody who helps needs to know, and nobody's personal data."""
    with running.workbench() as bench:
        write_bundle(bench, file, _examined(bench, PATIENCE_S), domain_collector(bench))
    terminal.say(str(file))
    return 0


def sessions(*, end: Annotated[int | None, Parameter(name="--end")] = None) -> int:
    """Show the sessions of the database: who waits for whom, and who holds which work.

    Args:
        end: end this session; its transaction is undone, and its work is free for others.
    """
    with running.workbench() as bench, bench.owner.transaction() as connection:
        if end is not None and not end_session(connection, end):
            raise NotFound(f"There is no session {end}.", next_step="viatique sessions")
        rows = list_sessions(connection)
    if end is None:
        _show_table(
            ("session", "program", "state", "transaction", "waits", "claims"),
            [
                (one.pid, one.program, one.state, shown_age(one.transaction_s),
                 " ".join(map(str, one.blocked_by)), one.claims)
                for one in rows
            ],
        )  # fmt: skip
    return 0


def locks(
    *,
    release: Annotated[Copy | None, Parameter(name="--release")] = None,
    reason: UnlockReason = UnlockReason.MARKER_ABSENT,
) -> int:
    """Show which copies markers hold, and the refusals of the last five minutes.

    Args:
        release: take this copy from whoever holds it.
        reason: why; the audit trail keeps it.
    """
    with running.workbench() as bench:
        if release is not None:
            _release(bench, copy_id_of(release), reason)
            terminal.say(text("done", CLI_LANGUAGE))
            return 0
        with bench.database.transaction() as connection:
            held = asked.list_held_copies(connection)
            conflicts = asked.list_recent_conflicts(connection)
    if not held:
        results.print(text("nobody_marks", CLI_LANGUAGE))
    _show_table(
        ("copy", "account", "held", "ends"),
        [
            (row["copy"], row["holder"], shown_age(row["held_s"]), shown_age(row["left_s"]))
            for row in held
        ],
    )
    _show_table(("refused", "times"), [(row["conflict"], row["count"]) for row in conflicts])
    return 0


def _examined(bench: Workbench, patience_s: float) -> tuple[Finding, ...]:
    found = examine(
        bench, prefect_api_url=lambda: current_api_url(bench.settings), patience_s=patience_s
    )
    return found if bench.has_roles else (*found, find("no_roles"))


def _release(bench: Workbench, copy_id: CopyId, reason: UnlockReason) -> None:
    refused = force_release(bench.database, new_run(PERSON), copy_id, reason)
    if isinstance(refused, Refused):
        raise NotFound(f"Nobody holds copy {copy_id}.", next_step="viatique locks")


def _as_json(finding: Finding) -> Mapping[str, object]:
    return {
        "code": finding.code,
        "severity": finding.kind.severity,
        "incident": finding.kind.incident,
        "what": finding.what(CLI_LANGUAGE),
        "next": finding.next_step(CLI_LANGUAGE),
    }


def _show(finding: Finding) -> None:
    kind = finding.kind
    results.print(Text(f"✗ {kind.severity} {finding.what(CLI_LANGUAGE)}", style="bold"))
    results.print(Text(f"  → {finding.next_step(CLI_LANGUAGE)}"))
    results.print(Text(f"  {PLAYBOOK}#{kind.incident}", style="dim"))


def _show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if not rows:
        return
    table = Table(*headings(*columns), box=None, header_style="bold")
    for row in rows:
        table.add_row(*map(str, row))
    results.print(table)
