"""Each incident of the playbook, provoked: its commands show the cause, its remedy cures it."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.cli.commands import url_of
from tests.conftest import with_database
from tests.db.marking import store_account
from tests.flows.installation import COMMAND
from tests.flows.scraping import serving
from tests.operations.playbook import PLAYBOOK, Operator, chapters
from tests.steps.benches import (
    copy_file,
    import_exam,
    list_copies,
    mark_exam,
    write_exam,
    write_scan,
)
from viatique.db.pool import Database
from viatique.diagnosis import KINDS, PATIENCE_S, Incident
from viatique.inline import run_finalize
from viatique.seal_files import seal_files_of
from viatique.steps.create_exam import create_exam
from viatique.steps.doctor import examine
from viatique.steps.import_scan import receive_scan
from viatique.steps.locks import Refused, acquire
from viatique.steps.seal_trail import seal_trail
from viatique.workbench import Workbench

pytestmark = pytest.mark.slow

DEADLINE_S = 60.0


def codes(bench: Workbench) -> list[str]:
    """The kinds of what `viatique doctor` finds now."""
    found = examine(bench, prefect_api_url=lambda: None, patience_s=PATIENCE_S)
    return [finding.code for finding in found]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def count(database: Database, query: str) -> int:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        (found,) = connection.execute(query).fetchone() or (0,)
        return int(found)


def change(database: Database, *statements: str) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def session_of(shown: str, *, column: str) -> str:
    """The session that `viatique sessions` shows to hold claims, or to be waited for."""
    rows = [line.split() for line in shown.splitlines() if re.match(r"^ *\d+ ", line)]
    if column == "claims":
        return next(row[0] for row in rows if int(row[-1]) > 0)
    pids = {row[0] for row in rows}
    return next(word for row in rows for word in row[3:-1] if word in pids)


def test_import_stuck(bench: Workbench, operator: Operator, tmp_path: Path) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=120))
    claims = "SELECT count(*) FROM claim WHERE stage = 'cut'"
    with subprocess.Popen(
        [*COMMAND, "import", exam_id, "--inline"],
        env={**os.environ, **operator.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as hanging:
        while True:
            wait_until(lambda: count(bench.database, claims) > 0)
            hanging.send_signal(signal.SIGSTOP)
            if count(bench.database, claims) > 0:
                break
            hanging.send_signal(signal.SIGCONT)
        change(bench.database, "UPDATE copy SET updated_at = updated_at - interval '10 min'")
        assert codes(bench) == ["import_stuck"]
        shown = operator.follow("import-stuck", "Diagnosis", EXAM=exam_id)
        assert f"Exam {exam_id}: a process holds" in shown
        session = session_of(shown, column="claims")
        operator.follow("import-stuck", "Remedy", EXAM=exam_id, SESSION=session)
        hanging.kill()
    assert {copy.status for copy in list_copies(bench, exam_id)} == {"READY"}
    assert codes(bench) == []


def test_import_abandoned(bench: Workbench, operator: Operator, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    change(
        bench.database,
        "UPDATE copy SET status = 'STAGING', updated_at = now() - interval '1 h'",
    )
    assert "import_abandoned" in codes(bench)
    assert exam_id in operator.run("viatique doctor", code=1)
    said = [
        json.loads(line)
        for line in operator.run("viatique doctor --json", code=1).splitlines()
        if line.startswith("{")
    ]
    assert [one["incident"] for one in said if one["code"] == "import_abandoned"] == [
        "import-stuck"
    ]


def test_finalization_failing(bench: Workbench, operator: Operator, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path)
    backup = tmp_path / "backup"
    shutil.copytree(bench.store.url, backup / "store")
    copy = list_copies(bench, exam_id)[0]
    copy_file(bench, copy).write_bytes(b"damaged")
    run_finalize(bench, exam_id)
    assert codes(bench) == ["finalize_failing"]
    known = {"EXAM": exam_id, "COPY": copy.copy_id, "BACKUP": str(backup)}
    shown = operator.follow("finalization-failing", "Diagnosis", **known)
    assert "stored_file_corrupt" in shown
    assert copy.file_sha256
    assert copy.file_sha256[:12] in shown
    operator.follow("finalization-failing", "Remedy", **known)
    assert {copy.status for copy in list_copies(bench, exam_id)} == {"GRADED"}
    assert codes(bench) == []


def test_lock_conflicts(bench: Workbench, operator: Operator, tmp_path: Path) -> None:
    copy_id = list_copies(bench, import_exam(bench, tmp_path))[0].copy_id
    absent, waiting = (store_account(bench.database, name) for name in ("U1", "U2"))
    acquire(bench.database, absent, copy_id, ttl_s=600)
    for _ in range(11):
        assert isinstance(acquire(bench.database, waiting, copy_id, ttl_s=600), Refused)
    assert codes(bench) == ["lock_conflicts"]
    shown = operator.follow("lock-conflicts", "Diagnosis", COPY=copy_id)
    assert re.search(rf"{copy_id} +U1 ", shown)
    assert re.search(r"already_locked +11", shown)
    operator.follow("lock-conflicts", "Remedy", COPY=copy_id)
    assert not isinstance(acquire(bench.database, waiting, copy_id, ttl_s=600), Refused)
    change(bench.database, "UPDATE observation SET at = at - interval '6 min'")
    assert codes(bench) == []


def test_high_latency(bench: Workbench, operator: Operator, tmp_path: Path) -> None:
    copy_id = list_copies(bench, import_exam(bench, tmp_path))[0].copy_id
    marker = store_account(bench.database, "U1")
    taken: list[object] = []

    def lock() -> None:
        taken.append(acquire(bench.database, marker, copy_id, ttl_s=600))

    forgotten = psycopg.connect(bench.database.dsn)
    with (
        contextlib.closing(forgotten),
        serving(operator.environment, "api", ready="/health/live") as port,
    ):
        forgotten.execute("SELECT FROM copy WHERE copy_id = %s FOR UPDATE", [copy_id])
        waiting = threading.Thread(target=lock)
        waiting.start()
        wait_until(lambda: codes(bench) == ["session_blocks"])
        url = f"http://127.0.0.1:{port}"
        shown = operator.follow("high-latency", "Diagnosis", API_URL=url)
        assert '"database":true' in shown
        session = session_of(shown, column="waits for")
        assert int(session) == forgotten.info.backend_pid
        operator.follow("high-latency", "Remedy", SESSION=session)
        waiting.join(DEADLINE_S)
    assert taken
    assert codes(bench) == []


def test_missing_events(
    bench: Workbench,
    operator: Operator,
    server_dsn: str,
    template_database: str,
    tmp_path: Path,
) -> None:
    copy_id = list_copies(bench, import_exam(bench, tmp_path))[0].copy_id
    seal_trail(bench.database, seal_files_of(bench.settings))
    event = count(
        bench.database,
        f"SELECT max(event_id) FROM audit_event WHERE copy_id = '{copy_id}'",  # noqa: S608
    )
    backup = f"backup_{os.getpid()}"
    change(Database(server_dsn), f"CREATE DATABASE {backup} TEMPLATE {template_database}")
    backup_dsn = with_database(server_dsn, backup)
    known = {"EVENT": str(event), "BACKUP_URL": url_of(backup_dsn)}
    try:
        _copy_events(bench.database.dsn, backup_dsn)
        change(
            bench.database,
            "ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_row_change",
            f"DELETE FROM audit_event WHERE event_id = {event}",  # noqa: S608
        )
        assert codes(bench) == ["trail_wrong"]
        shown = operator.follow("missing-events", "Diagnosis", code=3, **known)
        assert f"event {event}" in shown
        operator.follow("missing-events", "Remedy", **known)
    finally:
        change(Database(server_dsn), f"DROP DATABASE {backup} WITH (FORCE)")
    assert codes(bench) == []


def _copy_events(source: str, target: str) -> None:
    with (
        psycopg.connect(source) as here,
        psycopg.connect(target) as there,
        here.cursor().copy("COPY (SELECT * FROM audit_event) TO STDOUT") as rows,
        there.cursor().copy("COPY audit_event FROM STDIN") as copied,
    ):
        for row in rows:
            copied.write(row)


def test_every_incident_has_its_chapter_with_all_its_parts() -> None:
    found = chapters()
    assert found.keys() == set(Incident)
    for chapter in found.values():
        for part in ("**Symptoms.**", "### Diagnosis", "**Causes.**", "### Remedy"):
            assert part in chapter
        assert re.search(r"\*\*Escalation\.\*\* P[0-3]", chapter)


def test_every_incident_is_provoked_here() -> None:
    tests = {name.removeprefix("test_").replace("_", "-") for name in globals()}
    assert set(Incident) <= tests
    assert {kind.incident for kind in KINDS.values()} == set(Incident)


def test_every_alert_names_a_chapter() -> None:
    rules = (PLAYBOOK.parent / "prometheus" / "rules.yml").read_text("utf-8")
    named = set(re.findall(r"playbook: ([\w-]+)", rules))
    assert named == set(Incident)
    alerts = set(re.findall(r"alert: (\w+)", rules))
    told = set(re.findall(r"`([A-Z]\w+)`", PLAYBOOK.read_text("utf-8")))
    assert alerts - told <= {"OcrErrors", "ReviewBacklog"}
