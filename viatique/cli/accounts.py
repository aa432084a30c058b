"""``viatique account``: who may sign in to the dashboard, and as what."""

import sys

from cyclopts import App

from viatique.access import Role
from viatique.cli import running
from viatique.cli.given import PERSON, Json
from viatique.cli.listing import show_accounts
from viatique.cli.terminal import say
from viatique.run import new_run
from viatique.steps import sign_in
from viatique.steps.sign_in import (
    change_role,
    create_account,
    create_service_token,
    renew_password,
)
from viatique.texts import CLI_LANGUAGE, text

account_app = App(name="account", help="Say who may sign in to the dashboard.")


@account_app.command
def add(login: str, /, *, role: Role = Role.VIEWER) -> int:
    """Add an account; prints its password, once."""
    with running.workbench() as bench:
        password = create_account(bench.database, login, role, run=new_run(PERSON))
    sys.stdout.write(f"{password}\n")
    return 0


@account_app.command
def role(login: str, new: Role, /) -> int:
    """Give an account another role."""
    with running.workbench() as bench:
        change_role(bench.database, login, new, run=new_run(PERSON))
    say(text("done", CLI_LANGUAGE))
    return 0


@account_app.command(name="list")
def list_accounts_(*, json: Json = False) -> int:
    """List the accounts."""
    with running.workbench() as bench:
        show_accounts(bench.database, is_json=json)
    return 0


@account_app.command
def password(login: str, /) -> int:
    """Give an account a new password, and sign it out everywhere."""
    with running.workbench() as bench:
        renewed = renew_password(bench.database, login, run=new_run(PERSON))
    sys.stdout.write(f"{renewed}\n")
    return 0


@account_app.command
def token(login: str, name: str, /) -> int:
    """Make a token by which a program acts as an account; prints it, once."""
    with running.workbench() as bench:
        made = create_service_token(bench.database, login, name, run=new_run(PERSON))
    sys.stdout.write(f"{made}\n")
    return 0


@account_app.command
def disable(login: str, /) -> int:
    """Let an account in no more, whatever it signs in with; what it did stays."""
    return _disable(login, is_disabled=True)


@account_app.command
def enable(login: str, /) -> int:
    """Let a disabled account in again."""
    return _disable(login, is_disabled=False)


def _disable(login: str, *, is_disabled: bool) -> int:
    with running.workbench() as bench:
        is_new = sign_in.disable(
            bench.database, login, is_disabled=is_disabled, run=new_run(PERSON)
        )
    say(text("done" if is_new else "nothing_to_do", CLI_LANGUAGE))
    return 0
