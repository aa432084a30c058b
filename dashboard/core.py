"""What this process works with, opened once: database, file store, worker processes."""

import functools
from contextlib import ExitStack

from viatique.access import Permission, may
from viatique.db.accounts import Account
from viatique.db.pool import Database
from viatique.errors import Forbidden
from viatique.files import Store
from viatique.run import Run, new_run
from viatique.services.flow_runs import PrefectRuns
from viatique.settings import load_settings
from viatique.steps.sign_in import account_of
from viatique.workbench import Workbench, open_workbench

_held = ExitStack()
"""Keeps what is open from being collected, which would close it."""


@functools.cache
def workbench() -> Workbench:
    """The workbench of this process; local services are kept running as long as the process."""
    return _held.enter_context(open_workbench(load_settings()))


@functools.cache
def prefect() -> PrefectRuns | None:
    """The runs on the Prefect server of this process; None when it was started without one."""
    settings = load_settings()
    if settings.prefect_api_url is None:
        return None
    return PrefectRuns(
        settings.prefect_api_url,
        ui_url=settings.prefect_ui_url,
        runs_per_exam=settings.runs_per_exam,
    )


def close() -> None:
    """Closes what is open; the next use opens it anew."""
    workbench.cache_clear()
    prefect.cache_clear()
    _held.close()


def open_database() -> Database:
    """The database of this process."""
    return workbench().database


def store() -> Store:
    """The file store."""
    return workbench().store


def acting(token: str, permission: Permission) -> Run:
    """A run of the person whose session it is, asked of the database at each write.

    Raises:
        Forbidden: the session ended, or the account may not.
    """
    return new_run(allowed(token, permission).account_id)


def allowed(token: str, permission: Permission) -> Account:
    """The account whose session it is, when it may.

    Raises:
        Forbidden: the session ended, or the account may not.
    """
    account = account_of(open_database(), token)
    if account is None or not may(account.role, permission):
        raise Forbidden("This account may not do that.", next_step="Sign in with another.")
    return account
