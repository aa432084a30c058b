"""Every event is a line of ``audit.log``: once, in the order of commits, with ids only."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.db.stored import RUN, store_copies, store_exam
from tests.operations.monitoring import wait_until
from tests.steps.benches import silence_logs
from viatique import logs
from viatique.access import Role
from viatique.db.audit import iterate_events
from viatique.db.pool import Database
from viatique.errors import DatabaseUnavailable, StoreUnavailable
from viatique.steps import log_trail as log
from viatique.steps.log_trail import POSITION, log_trail, trail_logged
from viatique.steps.sign_in import create_account


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    logs.configure_logging(tmp_path, "json")
    yield tmp_path
    silence_logs()


def _lines(folder: Path) -> list[dict[str, object]]:
    path = folder / "audit.log"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [line for line in map(json.loads, lines) if line["message"] == "audit_event"]


def _ids(folder: Path) -> list[object]:
    return [line["event_id"] for line in _lines(folder)]


def stored_ids(database: Database) -> list[object]:
    with database.transaction() as connection:
        return [event.event_id for event in iterate_events(connection, None)]


def test_each_event_is_a_line_once(database: Database, folder: Path) -> None:
    exam_id = store_exam(database)
    assert log_trail(database, folder) == 1
    copy_ids = store_copies(database, exam_id, 2)
    assert log_trail(database, folder) == 3
    assert log_trail(database, folder) == 0
    assert _ids(folder) == stored_ids(database)
    line = _lines(folder)[-1]
    told = {
        "level": "INFO", "logger": "audit", "action": "IMPORT", "exam_id": exam_id,
        "copy_id": copy_ids[-1], "user_id": RUN.actor, "correlation_id": RUN.correlation_id,
    }  # fmt: skip
    assert told.items() <= line.items()
    known = {"timestamp", "message", "module", "function", "line", "event_id", "at"}
    assert line.keys() - told.keys() == known


def test_an_account_is_named_by_its_id(database: Database, folder: Path) -> None:
    create_account(database, "zorglub", Role.MARKER)
    log_trail(database, folder)
    (line,) = _lines(folder)
    assert str(line["account_id"]).startswith("U")
    assert "zorglub" not in (folder / "audit.log").read_text("utf-8")


def test_more_than_fits_at_once_and_a_crash_leave_none_out(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "EVENTS_AT_ONCE", 2)
    store_copies(database, store_exam(database), 3)
    store_exam(database)

    def crash(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(log, "_note", crash)
        with pytest.raises(KeyboardInterrupt):
            log_trail(database, folder)
    before = len(_ids(folder))
    assert before > 0
    log_trail(database, folder)
    ids = _ids(folder)
    assert ids[before:] == stored_ids(database)
    assert set(ids[:before]) < set(ids[before:])


def test_a_database_that_went_back_in_time_is_logged_anew(database: Database, folder: Path) -> None:
    store_exam(database)
    position = {"event": 7, "at": "2026-11-25T00:00:00+00:00"}
    (folder / POSITION).write_text(json.dumps(position))
    assert log_trail(database, folder) == 1


def test_two_processes_do_not_write_the_same_lines(database: Database, folder: Path) -> None:
    store_exam(database)
    with FileLock(folder / f"{POSITION}.lock"):
        assert log_trail(database, folder) == 0
    assert log_trail(database, folder) == 1


def test_the_log_is_kept_whatever_fails_in_between(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAUSE_S", 0.01)
    whole, failures = log.log_trail, [DatabaseUnavailable("gone"), StoreUnavailable("full")]

    def failing(database: Database, folder: Path) -> int:
        if failures:
            raise failures.pop()
        return whole(database, folder)

    monkeypatch.setattr(log, "log_trail", failing)
    store_exam(database)
    with trail_logged(database, folder):
        wait_until(lambda: _ids(folder) == stored_ids(database))
    lines = (folder / "viatique.log").read_text("utf-8")
    assert lines.count('"trail_not_logged"') == 2
