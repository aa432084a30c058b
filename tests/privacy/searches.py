"""Where a name can be found: columns of the database, lines of logs, files of a home."""

import os
from collections.abc import Iterable
from pathlib import Path

from psycopg import sql

from viatique.db.pool import Database

Column = tuple[str, str]
"""Table and column."""


def columns_with(database: Database, names: Iterable[str]) -> set[Column]:
    """Every column of every table with one of the names somewhere in it, whatever its case."""
    patterns = [f"%{name}%" for name in names]
    with database.transaction() as connection:
        columns = connection.execute(
            """
            SELECT table_schema, table_name, column_name FROM information_schema.columns
            WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
            """
        ).fetchall()
        return {
            (column["table_name"], column["column_name"])
            for column in columns
            if connection.execute(_holds(column), {"patterns": patterns}).fetchone()
        }


def _holds(column: dict[str, str]) -> sql.Composed:
    return sql.SQL("SELECT 1 FROM {} WHERE {}::text ILIKE ANY(%(patterns)s) LIMIT 1").format(
        sql.Identifier(column["table_schema"], column["table_name"]),
        sql.Identifier(column["column_name"]),
    )


def files_under(*folders: Path) -> list[Path]:
    """Every file under the folders; what servers at work remove meanwhile is passed over."""
    walked = (parent for folder in folders for parent in os.walk(folder))
    paths = (Path(parent, name) for parent, _, names in walked for name in names)
    return [path for path in paths if path.is_file()]


def files_beside(home: Path, *known: str) -> list[Path]:
    """Every file of a home but those in the folders that may hold what people wrote."""
    return [path for path in files_under(home) if path.relative_to(home).parts[0] not in known]


def contents(path: Path) -> bytes:
    """The bytes of a file; none where a server at work has removed it by now."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def files_with(files: Iterable[Path], names: Iterable[str]) -> set[str]:
    """Paths of the files with one of the names in their bytes, whatever its case."""
    needles = [name.lower().encode() for name in names]
    return {
        str(path) for path in files if any(needle in contents(path).lower() for needle in needles)
    }
