"""A process whose clock is hours off changes nothing that matters: others' clocks decide."""

import ast
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from tests.db.marking import TTL_S, store_account
from tests.faults import readers
from tests.faults.outcomes import assert_nothing_is_left, outcome_of
from tests.faults.test_postgres_gone import FLOWS, begun
from tests.steps.benches import import_exam, list_copies, stored_files
from viatique.access import Role
from viatique.db.locks import Lock
from viatique.files import Kind
from viatique.inline import run_maintenance
from viatique.seal_files import seal_files_of
from viatique.steps import read_headers
from viatique.steps.locks import acquire
from viatique.steps.maintain import Chore
from viatique.steps.sign_in import (
    MAX_FAILURES,
    Refusal,
    account_of,
    begin_session,
    create_account,
    sign_in,
)
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

ROOT = Path(__file__).parents[2]
OFF = pytest.mark.parametrize("hours", [-30, 30], ids=["behind", "ahead"])
MAY_READ_THE_CLOCK = {
    "viatique/services/keeper.py": "how long nobody used the services: stopped early, they start",
    "viatique/limiter.py": "what Retry-After says; the limiter itself is monotonic",
    "viatique/files.py": "a file system that tells no times: what is there counts as young",
    "viatique/steps/backup.py": "what the manifest tells people",
    "viatique/steps/maintain.py": "which slice is read tonight",
    "dashboard/views/users.py": "a padlock beside a name",
    "dashboard/views/todo.py": "since when the page is as it is",
    "dashboard/look.py": "how long ago",
    "dashboard/data/operations.py": "which runs are shown",
    "viatique/services/flow_runs.py": "which runs are shown: none of those to come",
    "flows/maintenance.py": "which runs Prefect may forget, in days",
}


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """Puts the clock of this process off, for all that is ours."""

    def put_off(hours: float) -> None:
        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> "Shifted":
                right = datetime.now(tz or UTC) + timedelta(hours=hours)
                return cls.combine(right.date(), right.timetz())

        right_time = time.time
        monkeypatch.setattr(time, "time", lambda: right_time() + hours * 3600)
        for name, module in list(sys.modules.items()):
            is_ours = name.partition(".")[0] in {"viatique", "dashboard", "flows"}
            if is_ours and getattr(module, "datetime", None) is datetime:
                monkeypatch.setattr(module, "datetime", Shifted)

    yield put_off
    monkeypatch.undo()


@OFF
def test_flows_end_as_ever(
    bench: Workbench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shift: Callable[[float], None],
    hours: float,
) -> None:
    monkeypatch.setattr(read_headers, "read_copy_header", readers.read)
    last, flow = list(FLOWS.items())[-1]
    alone = begun(bench, tmp_path, last)
    flow(bench, alone)
    shift(hours)
    exam_id = begun(bench, tmp_path, last)
    flow(bench, exam_id)
    assert outcome_of(bench, exam_id) == outcome_of(bench, alone)
    assert_nothing_is_left(bench)


@OFF
def test_sessions_and_lock_outs_last_as_long_as_ever(
    bench: Workbench, shift: Callable[[float], None], hours: float
) -> None:
    password = create_account(bench.database, "somebody", Role.MARKER)
    shift(hours)
    tokens = (
        sign_in(bench.database, "somebody", password),
        begin_session(bench.database, "somebody"),
    )
    assert all(isinstance(token, str) and account_of(bench.database, token) for token in tokens)
    for _ in range(MAX_FAILURES):
        sign_in(bench.database, "somebody", "wrong")
    assert sign_in(bench.database, "somebody", password) is Refusal.LOCKED
    with bench.database.transaction() as connection:
        connection.execute("UPDATE account SET locked_until = locked_until - interval '15 minutes'")
    assert isinstance(sign_in(bench.database, "somebody", password), str)


@OFF
def test_a_markers_lock_is_live_for_everybody(
    bench: Workbench, tmp_path: Path, shift: Callable[[float], None], hours: float
) -> None:
    copy_id = list_copies(bench, import_exam(bench, tmp_path))[0].copy_id
    first, second = (store_account(bench.database, f"U0000000{letter}") for letter in "AB")
    assert isinstance(acquire(bench.database, first, copy_id, ttl_s=TTL_S), Lock)
    shift(hours)
    assert not isinstance(acquire(bench.database, second, copy_id, ttl_s=TTL_S), Lock)


@OFF
def test_files_whose_row_is_still_to_come_are_no_orphans_and_seals_have_the_right_time(
    bench: Workbench, tmp_path: Path, shift: Callable[[float], None], hours: float
) -> None:
    import_exam(bench, tmp_path)
    bench.store.put(b"%PDF on its way", Kind.FINAL)
    before = stored_files(bench)
    shift(hours)
    run_maintenance(bench, (Chore.SEAL, Chore.CLAIMS, Chore.ORPHANS), is_whole=False)
    assert stored_files(bench) == before
    with bench.database.transaction() as connection:
        rows = connection.execute(
            "SELECT abs(extract(epoch FROM now() - sealed_at)) < 600 AS is_right FROM audit_seal"
        ).fetchall()
    assert [row["is_right"] for row in rows] == [True]
    assert verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()


def test_whoever_reads_the_clock_of_the_process_has_a_reason() -> None:
    found = {
        str(path.relative_to(ROOT))
        for part in ("viatique", "dashboard", "flows", "tasks")
        for path in (ROOT / part).rglob("*.py")
        if any(map(_reads_the_clock, ast.walk(ast.parse(path.read_text("utf-8")))))
    }
    assert found == MAY_READ_THE_CLOCK.keys()


def _reads_the_clock(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    called = ast.unparse(node.func)
    return called in {"datetime.now", "time.time", "date.today", "datetime.utcnow"}
