"""The roles of one database: each process gets no more rights than its work needs.

owner (no login) has the tables; migrator may change them; writer does all work but can only add to
the audit trail; sealer adds seals; reader sees ids only, for figures. Their names begin with the
database's. Passwords are derived from that of the role that makes them, so that every machine with
the same DATABASE_URL knows them and none is written down.
"""

import hashlib
import hmac
from enum import StrEnum

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from viatique.db.pool import translated

LOCK_KEY = 0x726F_6C65
"""Advisory lock of granting ("role")."""
ATTEMPTS = 3
"""Roles belong to the whole server: two who grant at once may have to try again."""


class DatabaseRole(StrEnum):
    MIGRATOR = "migrator"
    WRITER = "writer"
    READER = "reader"
    SEALER = "sealer"


OWNER = "owner"

READABLE = (
    "exam", "copy", "page", "claim", "observation", "header_reading", "final_pdf", "audit_event",
    "audit_seal", "schema_migration",
)  # fmt: skip
"""Tables without names, logins or texts people wrote. The appreciation of a copy is left out."""
UNREADABLE = {"copy": {"appreciation"}}


def ensure_roles(dsn: str) -> dict[DatabaseRole, str] | None:
    """The DSN of each role, made and granted its rights where that is still to be done.

    Args:
        dsn: the database, by a role that owns it.

    Returns:
        None when that role may not make roles, or has no password to derive theirs from.
    """
    parts = conninfo_to_dict(dsn)
    database, secret = str(parts.get("dbname", "")), str(parts.get("password") or "")
    if not secret:
        return None
    passwords = {role: _password(secret, database, role) for role in DatabaseRole}
    if not _ensure(dsn, database, passwords):
        return None
    return {
        role: make_conninfo("", **{**parts, "user": name_of(database, role), "password": password})
        for role, password in passwords.items()
    }


def name_of(database: str, role: str) -> str:
    """The name of a role of this database."""
    return f"{database}_{role}"


def _password(secret: str, database: str, role: DatabaseRole) -> str:
    message = f"viatique {database} {role}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _ensure(dsn: str, database: str, passwords: dict[DatabaseRole, str]) -> bool:
    for attempt in range(ATTEMPTS):
        try:
            with psycopg.connect(dsn) as connection:
                return _granted(connection, database, passwords)
        except psycopg.errors.InsufficientPrivilege:
            return False
        except psycopg.errors.InternalError:
            # "tuple concurrently updated": another database's roles were made at this moment
            if attempt == ATTEMPTS - 1:
                raise
        except psycopg.Error as error:
            raise translated(error) from None
    return False


def _granted(
    connection: psycopg.Connection, database: str, passwords: dict[DatabaseRole, str]
) -> bool:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
    schema = connection.execute("SELECT max(number)::text FROM schema_migration").fetchone()
    state = f"{hashlib.sha256(str(sorted(passwords.items())).encode()).hexdigest()} {schema}"
    done = connection.execute(
        "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s",
        (name_of(database, OWNER),),
    ).fetchone()
    if done and done[0] == state and _has_rights(connection, database):
        return True
    may = connection.execute(
        "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if not (may and may[0]):
        return False
    _make(connection, database, passwords)
    _grant(connection, database)
    comment = sql.SQL("COMMENT ON ROLE {} IS {}")
    owner = sql.Identifier(name_of(database, OWNER))
    connection.execute(comment.format(owner, sql.Literal(state)))
    return True


def _has_rights(connection: psycopg.Connection, database: str) -> bool:
    """Whether this very database knows the roles: one that was restored does not yet."""
    row = connection.execute(
        "SELECT has_table_privilege(oid, 'copy', 'UPDATE') FROM pg_roles WHERE rolname = %s",
        (name_of(database, DatabaseRole.WRITER),),
    ).fetchone()
    return bool(row and row[0])


def _make(
    connection: psycopg.Connection, database: str, passwords: dict[DatabaseRole, str]
) -> None:
    wanted = {OWNER: sql.SQL("NOLOGIN")} | {
        str(role): sql.SQL("LOGIN PASSWORD {}").format(
            sql.Literal(_scrambled(connection, name_of(database, role), password))
        )
        for role, password in passwords.items()
    }
    for role, rights in wanted.items():
        name = name_of(database, role)
        exists = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).rowcount
        verb = sql.SQL("ALTER" if exists else "CREATE")
        statement = sql.SQL("{} ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE {}")
        connection.execute(statement.format(verb, sql.Identifier(name), rights))


def _scrambled(connection: psycopg.Connection, name: str, password: str) -> str:
    """What the server stores of a password, made here: the password itself is never sent."""
    made = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return made.decode()


def _grant(connection: psycopg.Connection, database: str) -> None:
    names = {
        role: sql.Identifier(name_of(database, role)) for role in (OWNER, *map(str, DatabaseRole))
    }
    for statement in GRANTS.split(";"):
        connection.execute(sql.SQL(statement).format(**names))  # type: ignore[arg-type]
    # whoever writes goes through the trail itself, never into a partition of it
    partitions = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_event'::regclass"
    ).fetchall()
    for (partition,) in partitions:
        revoke = sql.SQL("REVOKE ALL ON {} FROM {}")
        connection.execute(revoke.format(sql.SQL(partition), names["writer"]))
    _hand_over(connection, names[OWNER])
    for table in READABLE:
        rows = connection.execute(
            """
            SELECT attname FROM pg_attribute
            WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
            """,
            (table,),
        ).fetchall()
        seen = [sql.Identifier(row[0]) for row in rows if row[0] not in UNREADABLE.get(table, ())]
        connection.execute(
            sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(
                sql.SQL(", ").join(seen), sql.Identifier(table), names["reader"]
            )
        )


GRANTS = """
GRANT {owner} TO CURRENT_USER;
GRANT {owner} TO {migrator};
GRANT CREATE, USAGE ON SCHEMA public TO {owner};
GRANT USAGE ON SCHEMA public TO {migrator}, {writer}, {reader}, {sealer};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {writer};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {writer};
REVOKE ALL ON audit_event, audit_event_other, audit_seal, schema_migration FROM {writer};
GRANT SELECT ON audit_event, audit_seal, schema_migration TO {writer}, {sealer};
GRANT INSERT (action, exam_id, copy_id, actor, correlation_id, details) ON audit_event TO {writer};
GRANT INSERT ON audit_seal TO {sealer}
"""


def _hand_over(connection: psycopg.Connection, owner: sql.Identifier) -> None:
    """Gives tables, views, sequences and functions to the owner."""
    rows = connection.execute(
        """
        SELECT CASE WHEN relkind = 'v' THEN 'VIEW' WHEN relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE'
            END AS kind, oid::regclass::text AS name
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
            -- what belongs to a column goes with its table
            AND NOT EXISTS (
                SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i')
                    AND refclassid = 'pg_class'::regclass AND relkind = 'S'
            )
        UNION ALL
        SELECT 'FUNCTION', oid::regprocedure::text FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
        """
    ).fetchall()
    for kind, name in rows:
        statement = sql.SQL("ALTER {} {} OWNER TO {}")
        connection.execute(statement.format(sql.SQL(kind), sql.SQL(name), owner))
