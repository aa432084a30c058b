"""What an administrator does about accounts; each leaves an event that names ids only."""

from dashboard.core import acting, open_database
from viatique.access import Permission, Role
from viatique.db.accounts import Account
from viatique.errors import Conflict
from viatique.steps import sign_in


def add(token: str, login: str, role: Role) -> str:
    """Adds an account; returns its password, shown once.

    Raises:
        Forbidden: the account that asks may not.
        Conflict: the login is taken.
    """
    run = acting(token, Permission.MANAGE_ACCOUNTS)
    return sign_in.create_account(open_database(), login, role, run=run)


def change_role(token: str, account: Account, role: Role) -> None:
    """Gives somebody else another role: nobody shuts himself out by mistake.

    Raises:
        Forbidden: the account that asks may not.
        Conflict: it is the account that asks.
    """
    run = acting(token, Permission.MANAGE_ACCOUNTS)
    if run.actor == account.account_id:
        raise Conflict("Nobody changes their own role.", next_step="Ask another administrator.")
    sign_in.change_role(open_database(), account.login, role, run=run)


def disable(token: str, account: Account, *, is_disabled: bool) -> None:
    """Lets somebody else in no more, or again.

    Raises:
        Forbidden: the account that asks may not.
        Conflict: it is the account that asks.
    """
    run = acting(token, Permission.MANAGE_ACCOUNTS)
    if run.actor == account.account_id:
        raise Conflict("Nobody disables their own account.", next_step="Ask another administrator.")
    sign_in.disable(open_database(), account.login, is_disabled=is_disabled, run=run)


def renew_password(token: str, account: Account) -> str:
    """A new password, shown once; the account is signed out everywhere."""
    run = acting(token, Permission.MANAGE_ACCOUNTS)
    return sign_in.renew_password(open_database(), account.login, run=run)


def make_token(token: str, account: Account, name: str) -> str:
    """A token by which a program acts as the account, shown once."""
    run = acting(token, Permission.MANAGE_ACCOUNTS)
    return sign_in.create_service_token(open_database(), account.login, name, run=run)


def revoke_token(token: str, account: Account, token_sha256: bytes) -> None:
    """Takes a token away from a program."""
    run = acting(token, Permission.MANAGE_ACCOUNTS)
    sign_in.revoke_service_token(open_database(), account.account_id, token_sha256, run=run)
