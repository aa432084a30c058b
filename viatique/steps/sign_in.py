"""Accounts made, passwords checked, sessions begun and ended.

Passwords are hashed with argon2id at argon2-cffi's defaults (RFC 9106, low memory). Five wrong ones
in a row lock an account for a quarter of an hour, as OWASP's authentication cheat sheet advises.
"""

import functools
import hashlib
import logging
import secrets
from datetime import timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from viatique.access import Role
from viatique.db import accounts, clock
from viatique.db.accounts import Account
from viatique.db.pool import Connection, Database
from viatique.errors import NotFound
from viatique.run import Run, new_run

logger = logging.getLogger("audit")
security = logging.getLogger("security")

MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
SESSION_LASTS = timedelta(hours=12)
"""A working day."""
FIRST_LOGIN = "admin"
SESSION_COOKIE = "viatique_session"
"""Cookie that holds a session's token, in the dashboard and in the API."""
_hasher = PasswordHasher()


class Refusal(StrEnum):
    """Why somebody may not sign in."""

    WRONG = "wrong"
    LOCKED = "locked"
    UNCONFIRMED = "unconfirmed"
    """The provider does not vouch for them."""
    UNKNOWN = "unknown"
    """There is no account for whom the provider knows, or it is disabled."""


def create_account(database: Database, login: str, role: Role, *, run: Run | None = None) -> str:
    """Adds an account; ``run`` says who does it, None: the system.

    Returns:
        Its password, made up; shown once and kept nowhere.

    Raises:
        Conflict: the login is taken.
    """
    password = secrets.token_urlsafe(12)
    with database.transaction() as connection:
        _add_account(connection, login, role, password, run or new_run())
    return password


def create_first_account(database: Database) -> str | None:
    """Adds ``admin`` where there is no account yet; its password, or None when there was one."""
    with database.transaction() as connection:
        if accounts.list_accounts(connection):
            return None
    return create_account(database, FIRST_LOGIN, Role.ADMIN)


def change_role(database: Database, login: str, role: Role, *, run: Run) -> None:
    """Gives an account another role.

    Raises:
        NotFound: there is no such account.
    """
    with database.transaction() as connection:
        account = _known(connection, login)
        accounts.mark_role(connection, account.account_id, role, run=run)


def disable(database: Database, login: str, *, is_disabled: bool = True, run: Run) -> bool:
    """Lets an account in no more, whatever it signs in with, or lets it in again.

    Returns:
        False when that was so already.

    Raises:
        NotFound: there is no such account.
    """
    with database.transaction() as connection:
        account = _known(connection, login)
        return accounts.mark_disabled(
            connection, account.account_id, is_disabled=is_disabled, run=run
        )


def renew_password(database: Database, login: str, *, run: Run | None = None) -> str:
    """A new password for an account, signed out everywhere.

    Raises:
        NotFound: there is no such account.
    """
    password = secrets.token_urlsafe(12)
    with database.transaction() as connection:
        account = _known(connection, login)
        accounts.mark_password(
            connection, account.account_id, _hasher.hash(password), run=run or new_run()
        )
    return password


def sign_in(database: Database, login: str, password: str) -> str | Refusal:
    """The token of a new session, or why there is none."""
    with database.transaction() as connection:
        now = clock.now(connection)
        account = accounts.find_account(connection, _plain(login))
        if account and account.locked_until and account.locked_until > now:
            return Refusal.LOCKED
        is_right = _fits(account.password_hash if account else _nobodys_hash(), password)
        if account is None:
            return Refusal.WRONG
        failures = 0 if is_right else account.failures + 1
        is_locked = failures >= MAX_FAILURES
        accounts.mark_attempt(
            connection,
            account.account_id,
            failures=0 if is_locked else failures,
            locked_until=now + LOCKED_FOR if is_locked else None,
        )
        if not is_right:
            security.warning("sign_in_refused", extra={"user_id": account.account_id})
            return Refusal.LOCKED if is_locked else Refusal.WRONG
        if account.is_disabled:
            security.warning("sign_in_refused", extra={"user_id": account.account_id})
            return Refusal.UNKNOWN
        token = secrets.token_urlsafe(32)
        accounts.insert_session(
            connection,
            token_sha256=_digest(token),
            account_id=account.account_id,
            expires_at=now + SESSION_LASTS,
        )
    logger.info("signed_in", extra={"user_id": account.account_id})
    return token


def begin_session(database: Database, login: str, role: Role | None = None) -> str | None:
    """The token of a session for whom a trusted proxy or provider vouches.

    Args:
        database: where accounts are.
        login: who signed in there.
        role: what the provider says they are; their account gets it, and is made if need be.

    Returns:
        None when there is no such account, or it is disabled.

    Raises:
        Conflict: somebody made the account at the same moment.
    """
    token = secrets.token_urlsafe(32)
    with database.transaction() as connection:
        account = accounts.find_account(connection, _plain(login))
        if account and account.is_disabled:
            security.warning("sign_in_refused", extra={"user_id": account.account_id})
            return None
        if account:
            account_id = account.account_id
        elif role:
            account_id = _add_account(connection, login, role, secrets.token_urlsafe(), new_run())
        else:
            return None
        if account and role and account.role != role:
            accounts.mark_role(connection, account_id, role, run=new_run())
        accounts.insert_session(
            connection,
            token_sha256=_digest(token),
            account_id=account_id,
            expires_at=clock.now(connection) + SESSION_LASTS,
        )
    logger.info("signed_in", extra={"user_id": account_id})
    return token


def account_of(database: Database, token: str) -> Account | None:
    """Who is signed in with a token."""
    with database.transaction() as connection:
        return accounts.find_session(connection, _digest(token))


def create_service_token(
    database: Database, login: str, name: str, *, run: Run | None = None
) -> str:
    """Adds a token by which a program acts as an account.

    Returns:
        The token, shown once and kept nowhere.

    Raises:
        NotFound: there is no such account.
    """
    token = secrets.token_urlsafe(32)
    with database.transaction() as connection:
        account = _known(connection, login)
        accounts.insert_service_token(
            connection,
            token_sha256=_digest(token),
            account_id=account.account_id,
            name=name,
            run=run or new_run(),
        )
    return token


def revoke_service_token(
    database: Database, account_id: str, token_sha256: bytes, *, run: Run
) -> bool:
    """Takes a token away from a program; False when it had none."""
    with database.transaction() as connection:
        return accounts.delete_service_token(connection, account_id, token_sha256, run=run)


def account_of_service(database: Database, token: str) -> Account | None:
    """Who a program with this token acts as."""
    with database.transaction() as connection:
        return accounts.find_service_token(connection, _digest(token))


def sign_out(database: Database, token: str) -> None:
    """Ends the session of a token."""
    with database.transaction() as connection:
        accounts.delete_session(connection, _digest(token))


def _add_account(connection: Connection, login: str, role: Role, password: str, run: Run) -> str:
    account_id = f"U{secrets.token_hex(4).upper()}"
    accounts.insert_account(
        connection,
        account_id=account_id,
        login=_plain(login),
        role=role,
        password_hash=_hasher.hash(password),
        run=run,
    )
    return account_id


def _known(connection: Connection, login: str) -> Account:
    account = accounts.find_account(connection, _plain(login))
    if account is None:
        raise NotFound("There is no such account.", next_step="viatique account list")
    return account


def _plain(login: str) -> str:
    return login.strip().lower()


@functools.cache
def _nobodys_hash() -> str:
    """Checked when there is no such login, so that the answer takes as long."""
    return _hasher.hash(secrets.token_urlsafe())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
