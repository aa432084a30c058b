"""What is done to a Postgres server rather than in a database: is it there, is it new enough."""

from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from viatique.errors import DatabaseUnavailable, InvalidSettings

OLDEST_VERSION = 15
FILLING_KEY = 0x6669_6C6C
"""Advisory lock of loading a dump ("fill"): who did it may be killed, the server goes on."""
CONNECT_TIMEOUT_S = 5


def answers(dsn: str) -> bool:
    """Whether a server takes this DSN now."""
    try:
        psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S).close()
    except psycopg.Error:
        return False
    return True


def check_server(dsn: str) -> None:
    """Nothing, when the server answers and is new enough.

    Raises:
        DatabaseUnavailable: it does not answer.
        InvalidSettings: it is older than Postgres 15.
    """
    try:
        with psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error:
        raise DatabaseUnavailable(
            "The database of DATABASE_URL does not answer.",
            next_step="Check the address, the password and that the server runs.",
        ) from None
    if version < OLDEST_VERSION:
        raise InvalidSettings(
            f"The server of DATABASE_URL is Postgres {version}.",
            next_step=f"Viatique needs {OLDEST_VERSION} or newer.",
        )


def create_database(dsn: str, name: str) -> bool:
    """Makes a database on the server of the DSN; False when the role may not.

    A database that exists already is left as it is, and counts as made.
    """
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return True
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error:
        raise DatabaseUnavailable("The database server went away.") from None
    return True


def with_database(dsn: str, name: str) -> str:
    """The DSN of another database on the same server, as a URL; all else stays, TLS too."""
    parts = conninfo_to_dict(dsn)
    parts.pop("dbname", None)
    host, port = parts.pop("host", "localhost"), parts.pop("port", "5432")
    user, password = parts.pop("user", ""), parts.pop("password", "")
    address = f"{_quoted(user)}:{_quoted(password)}@{_quoted(host)}:{port}/{name}"
    return f"postgresql://{address}?{urlencode(parts)}" if parts else f"postgresql://{address}"


def connection_parts(dsn: str) -> tuple[str, str]:
    """The address of a database without the password, and the password."""
    parts = conninfo_to_dict(dsn)
    password = str(parts.pop("password", "") or "")
    return make_conninfo("", **parts), password


def is_empty(dsn: str) -> bool:
    """Whether a database holds no table of anybody; one that is being filled is waited for."""
    try:
        with psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (FILLING_KEY,))
            row = connection.execute(
                r"""
                SELECT NOT EXISTS (
                    SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                    WHERE relkind IN ('r', 'p', 'v') AND nspname NOT LIKE 'pg\_%'
                        AND nspname <> 'information_schema'
                )
                """
            ).fetchone()
    except psycopg.Error:
        raise DatabaseUnavailable("The database does not answer.") from None
    return bool(row and row[0])


def _quoted(text: object) -> str:
    return quote(str(text), safe="")
