"""Brings a database to the present schema by forward-only numbered SQL files.

A file that was applied is never edited: its checksum is kept and compared.
"""

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import LiteralString, cast

from viatique.db.pool import Connection, Database
from viatique.db.seals import raise_epoch
from viatique.errors import DatabaseFault

LOCK_KEY = 0x7669_6174
"""Advisory lock of migrations ("viat"): two starters apply them one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    number: int
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def list_migrations() -> tuple[Migration, ...]:
    """The migrations in this package, in order."""
    folder = resources.files("viatique.db") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(Migration(number=int(f.name[:4]), sql=f.read_text("utf-8")) for f in files)


def migrate(database: Database) -> int:
    """Applies what is missing, all of it in one transaction.

    Where the database came from another server, the trail's ticks go on above those it brought.

    Returns:
        How many migrations were applied.

    Raises:
        DatabaseFault: an applied migration was changed, or the database is newer than the program.
    """
    with database.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": LOCK_KEY})
        applied = _applied(connection)
        migrations = list_migrations()
        _check(applied, migrations)
        missing = [item for item in migrations if item.number not in applied]
        for migration in missing:
            _apply(connection, migration)
        raise_epoch(connection)
    return len(missing)


def _applied(connection: Connection) -> dict[int, str]:
    connection.execute(
        """
        CREATE TABLE IF NOT EXISTS schema_migration (
            number integer CONSTRAINT schema_migration_pk PRIMARY KEY,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    rows = connection.execute("SELECT number, checksum FROM schema_migration").fetchall()
    return {row["number"]: row["checksum"] for row in rows}


def _check(applied: dict[int, str], migrations: tuple[Migration, ...]) -> None:
    known = {item.number: item.checksum for item in migrations}
    for number, checksum in applied.items():
        if known.get(number) != checksum:
            raise DatabaseFault(
                f"Migration {number} of this database is not the one in this program.",
                next_step="Use the version of Viatique this database belongs to, or a newer one.",
            )


def _apply(connection: Connection, migration: Migration) -> None:
    connection.execute(cast("LiteralString", migration.sql))
    connection.execute(
        "INSERT INTO schema_migration (number, checksum) VALUES (%(number)s, %(checksum)s)",
        {"number": migration.number, "checksum": migration.checksum},
    )
