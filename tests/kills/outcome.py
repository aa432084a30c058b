"""What there is after a run: every row, event and file, without what differs between two runs."""

from collections.abc import Mapping
from functools import reduce
from pathlib import Path

import psycopg
from psycopg import sql

from tests.kills.ground import BACKUPS, Ground
from viatique.db.pool import Database
from viatique.seal_files import read_anchor, seal_files_of
from viatique.steps.backup import check_backup
from viatique.steps.verify_audit import verify_audit

NOT_COMPARED = {
    "audit_seal",  # where one ends depends on when it is made: they are verified instead
    "import_attempt",  # one for each run
    "schema_migration",
}
VOLATILE = {
    "annotation_id", "correlation_id", "duration_s", "error_run", "evidence_id", "final_id",
    "finalize_attempts", "observation_id", "source_id", "value",
}  # fmt: skip
"""Numbers with gaps, and the run that did it; times go by their type. Events tell the attempts."""
FAILED = ('"success": false', "'status': 'failed'")
SECOND = (('"retries": 1', '"retries": 0'), ("'retry_attempt': '2'", "'retry_attempt': '1'"))
"""How the second attempt tells of itself, and how the first does."""

Outcome = Mapping[str, tuple[str, ...]]
"""Sorted lines by what they tell of: a table, ``events``, ``files``, ``trail``,
``backups``."""


def observe(ground: Ground) -> Outcome:
    """Everything that must be the same however often a run was killed before."""
    with ground.connect() as connection:
        tables = {
            table: _rows(connection, table, columns)
            for table, columns in _compared(connection).items()
        }
        events = _events(connection)
    return {
        **tables,
        "events": events,
        "files": _files(ground.home),
        "trail": _trail(ground),
        "backups": _backups(ground.home),
    }


def differences(expected: Outcome, found: Outcome) -> list[str]:
    """What is missing and what is too much, in words."""
    lines = []
    for name in sorted(expected.keys() | found.keys()):
        lacking, surplus = _apart(expected.get(name, ()), found.get(name, ()))
        lines += [f"{name}: missing {line}" for line in lacking]
        lines += [f"{name}: too much {line}" for line in surplus]
    return lines


def without_failures(outcome: Outcome) -> Outcome:
    """The outcome but for attempts that failed as their process was killed, and their count."""
    return {**outcome, **{name: _first_tries(outcome[name]) for name in ("events", "observation")}}


def _first_tries(lines: tuple[str, ...]) -> tuple[str, ...]:
    kept = (line for line in lines if not any(mark in line for mark in FAILED))
    return tuple(
        sorted(reduce(lambda line, pair: line.replace(*pair), SECOND, line) for line in kept)
    )


def _apart(expected: tuple[str, ...], found: tuple[str, ...]) -> tuple[list[str], list[str]]:
    surplus, lacking = list(found), []
    for line in expected:
        if line in surplus:
            surplus.remove(line)
        else:
            lacking.append(line)
    return lacking, surplus


def _compared(connection: psycopg.Connection) -> dict[str, list[str]]:
    """The columns of each table that two runs share."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " AND table_name NOT LIKE 'audit\\_event%%'"
        " AND data_type NOT LIKE 'timestamp%%' AND column_name <> ALL(%s)"
        " ORDER BY table_name, ordinal_position",
        (list(VOLATILE),),
    ):
        if table not in NOT_COMPARED:
            found.setdefault(table, []).append(column)
    return found


def _rows(connection: psycopg.Connection, table: str, columns: list[str]) -> tuple[str, ...]:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    rows = connection.execute(sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table)))
    return tuple(sorted(str(row) for row in rows))


def _events(connection: psycopg.Connection) -> tuple[str, ...]:
    """What was done to what, by whom; the order of a copy's events is what verifying replays."""
    rows = connection.execute(
        "SELECT concat_ws(' ', exam_id, copy_id, action, actor, (details - 'annotation')::text)"
        " FROM audit_event"
    )
    return tuple(sorted(row[0] for row in rows))


def _files(home: Path) -> tuple[str, ...]:
    """Every file but logs, the database's, and what says which services run."""
    return tuple(
        sorted(
            name
            for path in home.rglob("*")
            if path.is_file()
            and not (name := path.relative_to(home).as_posix()).startswith(
                ("logs/", "run/", "postgres/", "prefect/", "models/")
            )
        )
    )


def _backups(home: Path) -> tuple[str, ...]:
    """What is in each, every byte of it compared with its name."""
    made = [(path.name, check_backup(path)) for path in (home / BACKUPS).glob("[!.]*")]
    return tuple(sorted(f"{name}: schema {one.schema}, {one.files} files" for name, one in made))


def _trail(ground: Ground) -> tuple[str, ...]:
    """What is wrong with the audit trail, its seals and their anchors."""
    files = seal_files_of(ground.settings)
    database = Database(ground.dsn).open()
    try:
        verified = verify_audit(database, files)
    finally:
        database.close()
    wrong = [finding.message for finding in verified.findings]
    for anchor in files.anchors():
        lines = sum(map(bool, anchor.read_text("ascii").splitlines())) if anchor.exists() else 0
        if not verified.seals == lines == len(read_anchor(anchor)):
            wrong.append(f"{verified.seals} seals, {lines} lines of their anchor")
    return tuple(wrong)
