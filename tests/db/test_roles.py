"""Each role may do its work and nothing beside it; the trail can only be added to."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.db.stored import RUN, store_copies, store_exam
from viatique.db.audit import insert_event
from viatique.db.pool import Database
from viatique.db.roles import DatabaseRole, ensure_roles
from viatique.lifecycle import Action
from viatique.seal_files import SealFiles
from viatique.steps.seal_trail import seal_trail
from viatique.steps.verify_audit import verify_audit

Roles = dict[DatabaseRole, str]
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)


@pytest.fixture
def roles(database: Database) -> Iterator[Roles]:
    made = ensure_roles(database.dsn)
    assert made
    yield made
    name = conninfo_to_dict(database.dsn)["dbname"]
    with psycopg.connect(database.dsn) as connection:
        for role in (*DatabaseRole, "owner"):
            who = sql.Identifier(f"{name}_{role}")
            connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(who))
            connection.execute(sql.SQL("DROP OWNED BY {}").format(who))
            connection.execute(sql.SQL("DROP ROLE {}").format(who))


def _refuses(dsn: str, statement: str) -> bool:
    with psycopg.connect(dsn) as connection:
        try:
            connection.execute(statement.encode())
        except REFUSED:
            return True
        finally:
            connection.rollback()
    return False


def test_writer_does_all_work_and_the_sealer_seals(
    database: Database, roles: Roles, tmp_path: object
) -> None:
    writer = Database(roles[DatabaseRole.WRITER]).open()
    store_copies(writer, store_exam(writer), 3)
    with writer.transaction() as connection:
        insert_event(
            connection, action=Action.EXPORT, exam_id=None, copy_id=None, run=RUN, details={}
        )
    sealer = Database(roles[DatabaseRole.SEALER]).open()
    files = SealFiles(folder=tmp_path / "seal")  # type: ignore[operator]
    assert seal_trail(sealer, files) == 6
    assert verify_audit(writer, files).findings == ()
    writer.close()
    sealer.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        (
            "INSERT INTO audit_event (event_id, action, actor, correlation_id)"
            " VALUES (1, 'EXPORT', 'x', 'y')"
        ),
        (
            "INSERT INTO audit_event (at, action, actor, correlation_id)"
            " VALUES (now(), 'EXPORT', 'x', 'y')"
        ),
        (
            "INSERT INTO audit_event (tick, action, actor, correlation_id)"
            " VALUES (1, 'EXPORT', 'x', 'y')"
        ),
        "INSERT INTO audit_event_other (action, actor, correlation_id) VALUES ('EXPORT', 'x', 'y')",
        "DELETE FROM audit_event_other",
        "INSERT INTO audit_seal SELECT * FROM audit_seal",
        "DELETE FROM audit_seal",
        "ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_row_change",
        "DROP TABLE audit_event",
        "SET session_replication_role = replica",
        "SELECT setval('audit_event_number', 1)",
        "SELECT ensure_audit_partitions(now(), now())",
        "CREATE OR REPLACE FUNCTION audit_epoch() RETURNS bigint LANGUAGE sql AS 'SELECT 5'",
        "DELETE FROM schema_migration",
        "CREATE TABLE public.mine (n integer)",
        "CREATE ROLE mine",
    ],
)
def test_writer_may_not(roles: Roles, statement: str) -> None:
    assert _refuses(roles[DatabaseRole.WRITER], statement)


@pytest.mark.parametrize("role", [DatabaseRole.READER, DatabaseRole.SEALER])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT last_name FROM student",
        "SELECT password_hash FROM account",
        "SELECT remark FROM mark",
        "SELECT appreciation FROM copy",
        "SELECT file_name FROM source_file",
        "SELECT content FROM draft",
        "INSERT INTO audit_event (action, actor, correlation_id) VALUES ('EXPORT', 'x', 'y')",
        "UPDATE audit_event SET actor = 'x'",
        "UPDATE copy SET status = 'GRADED'",
        "DELETE FROM audit_seal",
    ],
)
def test_reader_and_sealer_see_no_names_and_change_nothing(
    roles: Roles, role: DatabaseRole, statement: str
) -> None:
    assert _refuses(roles[role], statement)


def test_reader_sees_figures(roles: Roles) -> None:
    with psycopg.connect(roles[DatabaseRole.READER]) as connection:
        connection.execute("SELECT status, count(*) FROM copy GROUP BY status")
        connection.execute("SELECT action, count(*) FROM audit_event GROUP BY action")


def test_migrator_changes_tables_but_is_no_superuser(roles: Roles) -> None:
    with psycopg.connect(roles[DatabaseRole.MIGRATOR]) as connection:
        connection.execute("ALTER TABLE copy ADD COLUMN more integer")
        connection.rollback()
    assert _refuses(roles[DatabaseRole.MIGRATOR], "SET session_replication_role = replica")
    assert _refuses(roles[DatabaseRole.MIGRATOR], "CREATE ROLE mine")


def test_making_roles_again_changes_nothing(database: Database, roles: Roles) -> None:
    assert ensure_roles(database.dsn) == roles


def test_tables_that_come_later_get_their_rights(database: Database, roles: Roles) -> None:
    """A migration moves the schema on; the next start grants anew."""
    with database.session() as session:
        session.execute("CREATE TABLE later (n integer)")
        session.execute("INSERT INTO schema_migration (number, checksum) VALUES (9998, '')")
    assert ensure_roles(database.dsn) == roles
    with psycopg.connect(roles[DatabaseRole.WRITER]) as connection:
        connection.execute("INSERT INTO later VALUES (1)")


def test_user_who_may_not_make_roles_gets_none(database: Database, roles: Roles) -> None:
    assert ensure_roles(roles[DatabaseRole.WRITER]) is None
    parts = {**conninfo_to_dict(database.dsn), "password": ""}
    assert ensure_roles(make_conninfo("", **parts)) is None
