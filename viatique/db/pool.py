"""The connection pool and the only place where Postgres errors become Viatique errors.

``str(psycopg error)`` contains rows and parameters, so only the SQLSTATE and the constraint's name
leave this module. A connection is never held across OCR or PDF work.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from psycopg.abc import Query
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from viatique.errors import Conflict, DatabaseFault, DatabaseUnavailable, ViatiqueError
from viatique.tracing import span

Connection = psycopg.Connection[DictRow]
"""A connection whose rows are dictionaries by column name."""

CONNECT_TIMEOUT_S = 10
POOL_TIMEOUT_S = 30.0
_RETRY_CLASSES = {"08", "40", "53", "57"}
"""SQLSTATE classes worth a retry: connection, rollback, resources, operator intervention."""


class _TracedCursor(psycopg.Cursor[DictRow]):
    """A cursor whose statements are spans, by their literal text."""

    def execute(self, query: Query, *arguments: Any, **named: Any) -> Self:  # noqa: ANN401
        with span("sql", statement=_literal(query)):
            return super().execute(query, *arguments, **named)

    def executemany(self, query: Query, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        with span("sql", statement=_literal(query)):
            super().executemany(query, *arguments, **named)


class Database:
    """A pool of connections to one database; open it once in a process, close it at the end."""

    def __init__(self, dsn: str, *, max_size: int = 8) -> None:
        self.dsn = dsn
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            dsn,
            min_size=0,
            max_size=max_size,
            open=False,
            timeout=POOL_TIMEOUT_S,
            check=_check,
            connection_class=Connection,
            kwargs={"row_factory": dict_row, **_connect_arguments()},
        )

    def open(self) -> "Database":
        """Itself, ready for use; no connection is made before the first is asked for."""
        self._pool.open()
        return self

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def transaction(self, *, timeout_s: float | None = None) -> Iterator[Connection]:
        """A connection inside one transaction: committed at the end, rolled back by any error.

        Args:
            timeout_s: seconds to wait for a connection, where 30 are too many.

        Raises:
            DatabaseUnavailable: no connection, or Postgres says to try again.
            Conflict: a constraint says somebody else was first; its name is in the message.
            DatabaseFault: anything else Postgres refuses.
        """
        try:
            with self._pool.connection(timeout_s) as connection:
                yield connection
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            raise translated(error) from None

    def ping(self, *, timeout_s: float) -> None:
        """Nothing, when the database answers.

        Raises:
            DatabaseUnavailable: it does not.
        """
        with self.transaction(timeout_s=timeout_s) as connection:
            connection.execute("SELECT 1")

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection of its own outside the pool, in autocommit, for locks tied to a session."""
        try:
            with Connection.connect(
                self.dsn, autocommit=True, row_factory=dict_row, **_connect_arguments()
            ) as connection:
                yield connection
        except psycopg.Error as error:
            raise translated(error) from None


def translated(error: Exception) -> ViatiqueError:
    """The Viatique error for a psycopg one: SQLSTATE and constraint only, never its text."""
    if isinstance(error, PoolTimeout | PoolClosed):
        return _unavailable("no connection")
    if isinstance(error, psycopg.IntegrityError):
        constraint = error.diag.constraint_name or "unnamed"
        if constraint == "account_login_key":
            return Conflict("There is an account with this login already.")
        return Conflict(f"The database refused a change: constraint {constraint}.")
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is None and isinstance(error, psycopg.OperationalError):
        return _unavailable("connection lost")
    if sqlstate and sqlstate[:2] in _RETRY_CLASSES:
        return _unavailable(f"SQLSTATE {sqlstate}")
    return DatabaseFault(f"The database refused a statement: {type(error).__name__} {sqlstate}.")


def _literal(query: Query) -> str:
    return " ".join(query.split()) if isinstance(query, str) else type(query).__name__


def _unavailable(why: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The database cannot be used now ({why}).",
        next_step="Run the command again; what was done is kept.",
    )


def answers(connection: Connection) -> bool:
    """Whether the server at its other end is still there."""
    try:
        _check(connection)
    except psycopg.Error:
        return False
    return True


def _check(connection: Connection) -> None:
    connection.execute("")


def _connect_arguments() -> dict[str, Any]:
    return {
        # generic plans turned a 1 ms event page into 152-911 ms
        "prepare_threshold": None,
        "connect_timeout": CONNECT_TIMEOUT_S,
        # `viatique sessions` tells people which program that is
        "application_name": f"viatique {os.getpid()}",
        "options": "-c TimeZone=UTC",
        "cursor_factory": _TracedCursor,
    }
