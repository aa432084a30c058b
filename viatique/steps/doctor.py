"""Looks at everything that may be wrong with an installation; changes nothing."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator

from viatique import diagnosis
from viatique.db import diagnosis as asked
from viatique.db.audit import count_events, list_disabled_guards
from viatique.db.pool import Connection
from viatique.db.sessions import list_sessions
from viatique.diagnosis import Finding, find
from viatique.errors import ViatiqueError
from viatique.seal_files import seal_files_of
from viatique.steps.health import Health
from viatique.steps.log_trail import log_age_s
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

MIB = 1024 * 1024
EVENTS_AT_ONCE = 500_000
"""A trail read in some ten seconds; for a longer one `viatique audit verify` takes its time."""


def examine(
    bench: Workbench, *, prefect_api_url: Callable[[], str | None], patience_s: float
) -> tuple[Finding, ...]:
    """Everything that is wrong, the parts of the installation first.

    Args:
        bench: the installation.
        prefect_api_url: where Prefect is, None when nobody needs it.
        patience_s: seconds that copies may wait to be cut while none comes out.
    """
    health = Health(
        database=bench.database, store=bench.store, prefect_api_url=prefect_api_url
    ).check()
    return (*_parts(bench, health), *_contents(bench, patience_s))


def unusable(error: ViatiqueError) -> Finding:
    """What keeps the installation from being looked at at all."""
    return find("part_unusable", what=error.what, next_step=error.next_step)


def _parts(bench: Workbench, health: dict[str, bool]) -> Iterator[Finding]:
    free = shutil.disk_usage(bench.settings.home_path).free
    if free < diagnosis.FREE_BYTES:
        yield find("disk_full", mib=free // MIB)
    if not health["store"]:
        yield find("store_unusable")
    if not health.get("prefect", True):
        yield find("prefect_down")


def _contents(bench: Workbench, patience_s: float) -> Iterator[Finding]:
    try:
        with bench.database.transaction() as connection:
            yield from diagnosis.judge_imports(asked.list_waiting_imports(connection, patience_s))
            for row in asked.list_failed_copies(connection):
                yield find("finalize_failing", **row)
            yield from diagnosis.judge_conflicts(asked.list_recent_conflicts(connection))
        with bench.owner.transaction() as connection:  # the writer sees no sessions but its own
            yield from _sessions(connection)
        yield from _trail(bench)
        with bench.database.transaction() as connection:
            age_s = log_age_s(connection, bench.settings.home_path / "logs")
        if age_s > diagnosis.LOG_AGE_S:
            yield find("log_behind", age=diagnosis.shown_age(age_s))
    except ViatiqueError as error:
        yield unusable(error)


def _sessions(connection: Connection) -> Iterator[Finding]:
    sessions = list_sessions(connection)
    waits = Counter(blocker for session in sessions for blocker in session.blocked_by)
    ages = {session.pid: session.transaction_s for session in sessions}
    yield from diagnosis.judge_sessions(waits, ages)


def _trail(bench: Workbench) -> Iterator[Finding]:
    with bench.database.transaction() as connection:
        guards = list_disabled_guards(connection)
        is_short = count_events(connection) <= EVENTS_AT_ONCE
    messages = [f"the guard {guard} is off" for guard in guards]
    if is_short:
        found = verify_audit(bench.database, seal_files_of(bench.settings)).findings
        messages = [finding.message for finding in found]
    if messages:
        yield find("trail_wrong", count=len(messages), message=messages[0])
