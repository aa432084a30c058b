"""Accounts and sessions. Passwords arrive hashed, tokens as digests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from viatique.access import Role
from viatique.db.audit import insert_event
from viatique.db.pool import Connection
from viatique.lifecycle import Action
from viatique.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in, unless disabled.

    Attributes:
        locked_until: set after too many wrong passwords.
    """

    account_id: str
    login: str = field(repr=False)
    role: Role
    password_hash: str = field(repr=False)
    failures: int
    locked_until: datetime | None
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceToken:
    """A token by which a program acts as an account; the token itself is only with the program."""

    token_sha256: bytes = field(repr=False)
    name: str
    created_at: datetime


def insert_account(
    connection: Connection,
    *,
    account_id: str,
    login: str,
    role: Role,
    password_hash: str,
    run: Run,
) -> None:
    """Adds an account, with its event.

    Raises:
        psycopg.IntegrityError: the login is taken; ``Database.transaction`` makes it a Conflict.
    """
    connection.execute(
        """
        INSERT INTO account (account_id, login, role, password_hash)
        VALUES (%(id)s, %(login)s, %(role)s, %(hash)s)
        """,
        {"id": account_id, "login": login, "role": role, "hash": password_hash},
    )
    _tell(connection, account_id, run, change="created", role=role)


def find_account(connection: Connection, login: str) -> Account | None:
    """The account of a login, locked until the transaction ends: guesses are counted one by one."""
    row = connection.execute(
        """
        SELECT account_id, login, role, password_hash, failures, locked_until,
            disabled_at IS NOT NULL AS is_disabled
        FROM account WHERE login = %(login)s FOR UPDATE
        """,
        {"login": login},
    ).fetchone()
    return _account(row) if row else None


def list_accounts(connection: Connection) -> tuple[Account, ...]:
    """All accounts, by login."""
    rows = connection.execute(
        """
        SELECT account_id, login, role, password_hash, failures, locked_until,
            disabled_at IS NOT NULL AS is_disabled
        FROM account ORDER BY login
        """
    ).fetchall()
    return tuple(_account(row) for row in rows)


def mark_attempt(
    connection: Connection, account_id: str, *, failures: int, locked_until: datetime | None
) -> None:
    """Stores how many wrong passwords were given in a row."""
    connection.execute(
        """
        UPDATE account SET failures = %(failures)s, locked_until = %(until)s
        WHERE account_id = %(id)s
        """,
        {"id": account_id, "failures": failures, "until": locked_until},
    )


def mark_role(connection: Connection, account_id: str, role: Role, *, run: Run) -> None:
    """Gives an account another role, with its event."""
    connection.execute(
        "UPDATE account SET role = %(role)s WHERE account_id = %(id)s",
        {"id": account_id, "role": role},
    )
    _tell(connection, account_id, run, change="role", role=role)


def mark_password(connection: Connection, account_id: str, password_hash: str, *, run: Run) -> None:
    """Stores a new password, with its event, and signs the account out everywhere."""
    connection.execute(
        """
        UPDATE account SET password_hash = %(hash)s, failures = 0, locked_until = NULL
        WHERE account_id = %(id)s
        """,
        {"id": account_id, "hash": password_hash},
    )
    connection.execute("DELETE FROM session WHERE account_id = %(id)s", {"id": account_id})
    _tell(connection, account_id, run, change="password")


def mark_disabled(connection: Connection, account_id: str, *, is_disabled: bool, run: Run) -> bool:
    """Lets an account in no more and ends its sessions, or lets it in again, with its event.

    Returns:
        False when that was so already; then there is no event.
    """
    changed = connection.execute(
        """
        UPDATE account SET disabled_at = CASE WHEN %(disabled)s THEN now() END
        WHERE account_id = %(id)s AND (disabled_at IS NOT NULL) <> %(disabled)s
        """,
        {"id": account_id, "disabled": is_disabled},
    )
    if not changed.rowcount:
        return False
    if is_disabled:
        connection.execute("DELETE FROM session WHERE account_id = %(id)s", {"id": account_id})
    _tell(connection, account_id, run, change="disabled" if is_disabled else "enabled")
    return True


def insert_session(
    connection: Connection, *, token_sha256: bytes, account_id: str, expires_at: datetime
) -> None:
    """Adds a session and forgets those that expired."""
    connection.execute("DELETE FROM session WHERE expires_at < now()")
    connection.execute(
        """
        INSERT INTO session (token_sha256, account_id, expires_at)
        VALUES (%(token)s, %(account)s, %(expires)s)
        """,
        {"token": token_sha256, "account": account_id, "expires": expires_at},
    )


def find_session(connection: Connection, token_sha256: bytes) -> Account | None:
    """Whose session it is; None when there is none or it expired."""
    row = connection.execute(
        """
        SELECT account_id, login, role, password_hash, failures, locked_until,
            disabled_at IS NOT NULL AS is_disabled
        FROM session JOIN account USING (account_id)
        WHERE token_sha256 = %(token)s AND expires_at > now() AND disabled_at IS NULL
        """,
        {"token": token_sha256},
    ).fetchone()
    return _account(row) if row else None


def delete_session(connection: Connection, token_sha256: bytes) -> None:
    """Ends a session."""
    connection.execute(
        "DELETE FROM session WHERE token_sha256 = %(token)s", {"token": token_sha256}
    )


def insert_service_token(
    connection: Connection, *, token_sha256: bytes, account_id: str, name: str, run: Run
) -> None:
    """Adds a token by which a program acts as the account, with its event."""
    connection.execute(
        """
        INSERT INTO service_token (token_sha256, account_id, name)
        VALUES (%(token)s, %(account)s, %(name)s)
        """,
        {"token": token_sha256, "account": account_id, "name": name},
    )
    _tell(connection, account_id, run, change="token")


def find_service_token(connection: Connection, token_sha256: bytes) -> Account | None:
    """Whose service token it is."""
    row = connection.execute(
        """
        SELECT account_id, login, role, password_hash, failures, locked_until,
            disabled_at IS NOT NULL AS is_disabled
        FROM service_token JOIN account USING (account_id)
        WHERE token_sha256 = %(token)s AND disabled_at IS NULL
        """,
        {"token": token_sha256},
    ).fetchone()
    return _account(row) if row else None


def list_service_tokens(connection: Connection, account_id: str) -> tuple[ServiceToken, ...]:
    """The tokens of an account, oldest first."""
    rows = connection.execute(
        """
        SELECT token_sha256, name, created_at FROM service_token
        WHERE account_id = %(account)s ORDER BY created_at
        """,
        {"account": account_id},
    ).fetchall()
    return tuple(ServiceToken(**row) for row in rows)


def delete_service_token(
    connection: Connection, account_id: str, token_sha256: bytes, *, run: Run
) -> bool:
    """Lets a token of the account count no more, with its event; False when there was none."""
    row = connection.execute(
        """
        DELETE FROM service_token
        WHERE account_id = %(account)s AND token_sha256 = %(token)s RETURNING account_id
        """,
        {"account": account_id, "token": token_sha256},
    ).fetchone()
    if row is None:
        return False
    _tell(connection, account_id, run, change="token_revoked")
    return True


def list_untold_changes(connection: Connection) -> list[tuple[str, str]]:
    """Accounts whose role, or whether they are disabled, is not what their events end in; which.

    Those that are older than the events of accounts (migration 30) are not looked at.
    """
    rows = connection.execute(
        """
        SELECT account_id, what FROM account, LATERAL (VALUES
            ('role', role::text IS DISTINCT FROM (
                SELECT details ->> 'role' FROM audit_event
                WHERE action = 'ACCOUNT' AND details ->> 'account' = account_id
                    AND details ? 'role'
                ORDER BY event_id DESC LIMIT 1
            )),
            ('state', (disabled_at IS NOT NULL) <> coalesce((
                SELECT details ->> 'change' = 'disabled' FROM audit_event
                WHERE action = 'ACCOUNT' AND details ->> 'account' = account_id
                    AND details ->> 'change' IN ('disabled', 'enabled')
                ORDER BY event_id DESC LIMIT 1
            ), false))
        ) AS told (what, is_untold)
        WHERE created_at > (SELECT applied_at FROM schema_migration WHERE number = 30)
            AND is_untold
        ORDER BY account_id, what
        """
    ).fetchall()
    return [(row["account_id"], row["what"]) for row in rows]


def _tell(connection: Connection, account_id: str, run: Run, **details: str) -> None:
    insert_event(
        connection,
        action=Action.ACCOUNT,
        exam_id=None,
        copy_id=None,
        run=run,
        details={"account": account_id, **details},
    )


def _account(row: Mapping[str, Any]) -> Account:
    return Account(**{**row, "role": Role(row["role"])})
