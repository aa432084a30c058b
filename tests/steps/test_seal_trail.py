"""Whatever a superuser of the database does to sealed events is found, and named."""

import shutil
import threading
from pathlib import Path

import psycopg
import pytest

from tests.db.stored import RUN, store_copies, store_exam
from viatique.db.audit import insert_event
from viatique.db.pool import Database
from viatique.db.seals import list_seals, raise_epoch
from viatique.errors import TrailBroken
from viatique.lifecycle import Action
from viatique.seal_files import ANCHOR, KEY, SealFiles, read_anchor
from viatique.steps.log_trail import log_trail
from viatique.steps.seal_trail import seal_trail
from viatique.steps.verify_audit import verify_audit

WRITERS = 8
EVENTS_A_WRITER = 60


@pytest.fixture
def files(tmp_path: Path) -> SealFiles:
    return SealFiles(folder=tmp_path / "seal", second=tmp_path / "elsewhere")


@pytest.fixture
def sealed(database: Database, files: SealFiles) -> Database:
    """Ten events in two seals of five, and one that is not sealed yet."""
    _add_events(database, 5)
    assert seal_trail(database, files) == 5
    _add_events(database, 5)
    assert seal_trail(database, files) == 5
    _add_events(database, 1)
    return database


def _add_events(database: Database, count: int) -> None:
    for _ in range(count):
        with database.transaction() as connection:
            insert_event(
                connection, action=Action.EXPORT, exam_id=None, copy_id=None, run=RUN,
                details={"what": "csv"},
            )  # fmt: skip


GUARDS = ("audit_event_no_row_change", "audit_event_no_truncate")


def _as_superuser(database: Database, *statements: str) -> None:
    """Changes the tables with the guards out of the way, and back as if nothing had been."""
    with psycopg.connect(database.dsn) as connection:
        tables = connection.execute(
            """
            SELECT relname FROM pg_class
            WHERE relkind IN ('r', 'p') AND (relname LIKE 'audit_event%' OR relname = 'audit_seal')
            """
        ).fetchall()
        for how, between in (("DISABLE", statements), ("ENABLE ALWAYS", ())):
            for (table,) in tables:
                for guard in GUARDS:
                    connection.execute(f"ALTER TABLE ONLY {table} {how} TRIGGER {guard}".encode())
            for statement in between:
                connection.execute(statement.encode())


def _found(database: Database, files: SealFiles) -> list[tuple[int | None, int | None, str]]:
    findings = verify_audit(database, files).findings
    return [(found.seal_id, found.event_id, found.message) for found in findings]


def test_sealed_trail_is_sound(sealed: Database, files: SealFiles) -> None:
    found = verify_audit(sealed, files)
    assert (found.events, found.seals, found.unsealed, found.findings) == (11, 2, 1, ())
    assert seal_trail(sealed, files) == 1
    assert seal_trail(sealed, files) == 0
    assert verify_audit(sealed, files).unsealed == 0
    assert (files.folder / KEY).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE audit_event SET actor = 'somebody' WHERE event_id = 3",
            [(1, 3, "was changed after the sealing")],
        ),
        (
            "UPDATE audit_event SET at = at - interval '1 day' WHERE event_id = 3",
            [(1, 3, "was changed after the sealing")],
        ),
        (
            "UPDATE audit_event SET at = at - interval '20 years' WHERE event_id = 7",
            [(2, 7, "was changed after the sealing")],
        ),
        (
            """UPDATE audit_event SET details = '{"what": "pdf"}' WHERE event_id = 8""",
            [(2, 8, "was changed after the sealing")],
        ),
        ("DELETE FROM audit_event WHERE event_id = 9", [(2, 9, "is gone")]),
        (
            # two events change places
            "UPDATE audit_event SET event_id = 5 - event_id WHERE event_id IN (2, 3)",
            [
                (1, 3, "was changed after the sealing"),
                (1, 2, "was changed after the sealing"),
            ],
        ),
        (
            """
            INSERT INTO audit_event (event_id, tick, action, actor, correlation_id)
            SELECT 99, tick, 'EXPORT', 'x', 'y' FROM audit_event WHERE event_id = 4
            """,
            [(1, 99, "was put in after the sealing")],
        ),
        (
            """
            INSERT INTO audit_event (event_id, tick, action, actor, correlation_id)
            VALUES (99, -5, 'EXPORT', 'x', 'y')
            """,
            [(1, 99, "was put in after the sealing")],
        ),
        (
            # out of one seal's range and into the other's
            """
            UPDATE audit_event SET tick = (SELECT tick FROM audit_event WHERE event_id = 7)
            WHERE event_id = 2
            """,
            [(1, 2, "is gone"), (2, 2, "was put in after the sealing")],
        ),
        (
            "UPDATE audit_event SET tick = tick + 1000000 WHERE event_id = 2",
            [(1, 2, "is gone"), (None, 2, "no transaction has its tick yet")],
        ),
        (
            "TRUNCATE audit_event",
            [*((1, n, "is gone") for n in range(1, 6)), *((2, n, "is gone") for n in range(6, 11))],
        ),
    ],
    ids=[
        "edited", "re-dated", "re-dated to another partition", "details edited", "deleted",
        "reordered", "inserted", "inserted before the first", "moved between seals",
        "moved to the future", "truncated",
    ],
)  # fmt: skip
def test_change_of_sealed_events_is_found_and_named(
    sealed: Database,
    files: SealFiles,
    statement: str,
    expected: list[tuple[int | None, int | None, str]],
) -> None:
    _as_superuser(sealed, statement)
    assert _found(sealed, files) == expected


@pytest.mark.parametrize(
    ("statement", "messages"),
    [
        (
            "DELETE FROM audit_seal WHERE seal_id = 2",
            {(2, "it is gone, but anchored in seal"), (2, "it is gone, but anchored in elsewhere")},
        ),
        (
            "DELETE FROM audit_seal WHERE seal_id = 1",
            {
                (1, "it is gone, but anchored in seal"),
                (1, "it is gone, but anchored in elsewhere"),
                (2, "seals before it are gone"),
                (2, "it does not begin where the seal before it ends"),
            },
        ),
        (
            "UPDATE audit_seal SET sealed_at = sealed_at + interval '1 day' WHERE seal_id = 2",
            {
                (2, "it is not the one that was anchored in seal"),
                (2, "it is not the one that was anchored in elsewhere"),
                (2, "its signature is wrong: it was changed"),
            },
        ),
    ],
    ids=["last", "first", "re-dated"],
)
def test_change_of_a_seal_is_found_and_named(
    sealed: Database, files: SealFiles, statement: str, messages: set[tuple[int, str]]
) -> None:
    _as_superuser(sealed, statement)
    assert {(seal, message) for seal, _, message in _found(sealed, files)} >= messages


def test_event_and_its_list_changed_together_are_found(sealed: Database, files: SealFiles) -> None:
    _as_superuser(
        sealed,
        "UPDATE audit_event SET actor = 'x' WHERE event_id = 3",
        "UPDATE audit_seal SET entries = substr(entries, 41) WHERE seal_id = 1",
    )
    message = "its events were changed, and its list of them too"
    assert _found(sealed, files) == [(1, None, message)]


def test_trail_rewritten_and_sealed_with_another_key_is_found(
    sealed: Database, files: SealFiles, tmp_path: Path
) -> None:
    _as_superuser(sealed, "DELETE FROM audit_event WHERE event_id = 3", "DELETE FROM audit_seal")
    forger = SealFiles(folder=tmp_path / "forger")
    assert seal_trail(sealed, forger) == 10
    messages = {message for _, _, message in _found(sealed, files)}
    assert "it was signed with another key than the one kept here" in messages
    assert "it is not the one that was anchored in seal" in messages
    with pytest.raises(TrailBroken):
        seal_trail(sealed, files)


def test_trail_rewritten_with_the_key_is_found_by_the_second_anchor(
    sealed: Database, files: SealFiles
) -> None:
    """Who has the database and the first folder still does not have the second."""
    _as_superuser(sealed, "DELETE FROM audit_event WHERE event_id = 3", "DELETE FROM audit_seal")
    (files.folder / ANCHOR).unlink()
    assert seal_trail(sealed, SealFiles(folder=files.folder)) == 10
    assert {message for _, _, message in _found(sealed, files)} == {
        "it is not the one that was anchored in elsewhere",
        "it is gone, but anchored in elsewhere",
    }


def test_seals_without_any_anchor_are_not_believed(sealed: Database, files: SealFiles) -> None:
    shutil.rmtree(files.second or files.folder)
    assert _found(sealed, files) == [(2, None, "nothing in elsewhere vouches for it")]


def test_anchor_that_a_crash_left_behind_is_made_up_for(sealed: Database, files: SealFiles) -> None:
    anchor = files.folder / ANCHOR
    whole = anchor.read_bytes()
    anchor.write_bytes(whole[:-20])
    assert seal_trail(sealed, files) == 1
    assert sorted(read_anchor(anchor)) == [1, 2, 3]
    assert _found(sealed, files) == []


def test_sealing_needs_the_key_of_the_seals_before(sealed: Database, tmp_path: Path) -> None:
    with pytest.raises(TrailBroken, match="key"):
        seal_trail(sealed, SealFiles(folder=tmp_path / "another"))


def test_sealing_and_logging_while_writers_commit_out_of_order_miss_nothing(
    database: Database, files: SealFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each writer keeps several transactions open and ends them in another order."""
    caplog.set_level("INFO", logger="audit")
    failures: list[BaseException] = []
    writers = [
        threading.Thread(target=_write, args=(database.dsn, number, failures))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seal_trail(database, files, limit=7)
        log_trail(database, tmp_path)
        assert _found(database, files) == []
    assert not failures
    seal_trail(database, files)
    log_trail(database, tmp_path)
    found = verify_audit(database, files)
    with database.transaction() as connection:
        made = list_seals(connection)
    kept = WRITERS * EVENTS_A_WRITER * 2 // 3
    assert (found.events, found.unsealed, found.findings) == (kept, 0, ())
    assert sum(seal.event_count for seal in made) == kept
    assert len(made) > 3
    lines = [getattr(line, "event_id", None) for line in caplog.records]
    logged = [event_id for event_id in lines if event_id]
    assert (len(logged), len(set(logged))) == (kept, kept)


def _write(dsn: str, number: int, failures: list[BaseException]) -> None:
    """Transactions in threes: the second is undone, the third committed before the first."""
    try:
        for _ in range(EVENTS_A_WRITER // 3):
            connections = [psycopg.connect(dsn) for _ in range(3)]
            for connection in connections:
                connection.execute(
                    "INSERT INTO audit_event (action, actor, correlation_id)"
                    " VALUES ('EXPORT', %(actor)s, 'x')",
                    {"actor": f"writer {number}"},
                )
            connections[2].commit()
            connections[1].rollback()
            connections[0].commit()
            for connection in connections:
                connection.close()
    except psycopg.Error as error:
        failures.append(error)


def test_one_large_transaction_is_in_one_seal(database: Database, files: SealFiles) -> None:
    exam_id = store_exam(database)
    store_copies(database, exam_id, 30)
    _add_events(database, 3)
    assert seal_trail(database, files, limit=10) == 35
    assert _found(database, files) == []


def test_ticks_go_on_above_the_seals_where_a_server_counts_from_lower(
    database: Database, files: SealFiles
) -> None:
    """As after a dump was loaded into a new server."""
    _add_events(database, 3)
    _as_superuser(database, "UPDATE audit_event SET tick = tick + 5000000000")
    with database.transaction() as connection:
        assert raise_epoch(connection)
    _add_events(database, 2)
    assert seal_trail(database, files) == 5
    with database.transaction() as connection:
        assert not raise_epoch(connection)
    assert _found(database, files) == []


def test_audit_partitions_are_made_ahead_once(database: Database) -> None:
    def make(connection: psycopg.Connection[dict[str, int]]) -> int:
        row = connection.execute(
            "SELECT ensure_audit_partitions('2031-02-01', '2031-08-01') AS made"
        ).fetchone()
        return row["made"] if row else -1

    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO audit_event (at, action, actor, correlation_id)"
            " VALUES ('2031-05-05', 'EXPORT', 'x', 'y')"
        )
        # the quarter of the event that is there already stays where it is
        assert make(connection) == 2
        assert make(connection) == 0
        connection.execute(
            "INSERT INTO audit_event (at, action, actor, correlation_id)"
            " VALUES ('2031-02-02', 'EXPORT', 'x', 'y')"
        )
        row = connection.execute(
            "SELECT tableoid::regclass::text AS name FROM audit_event WHERE at = '2031-02-02'"
        ).fetchone()
    assert row == {"name": "audit_event_2031q1"}


@pytest.mark.parametrize("change", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_partitions_refuse_changes_by_themselves(database: Database, change: str) -> None:
    _add_events(database, 1)
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute("SELECT tableoid::regclass::text FROM audit_event").fetchone()
    assert row
    for table in ("audit_event", row[0]):
        for role in ("origin", "replica"):
            with psycopg.connect(database.dsn) as connection:
                connection.execute(f"SET session_replication_role = {role}".encode())
                with pytest.raises(psycopg.errors.RestrictViolation):
                    connection.execute(change.format(table).encode())
                connection.rollback()
