"""Accounts as the Users page shows them."""

from dashboard.core import open_database
from viatique.db import accounts
from viatique.db.accounts import Account, ServiceToken


def all_accounts() -> tuple[Account, ...]:
    """All accounts, by login."""
    with open_database().transaction() as connection:
        return accounts.list_accounts(connection)


def tokens_of(account_id: str) -> tuple[ServiceToken, ...]:
    """The tokens by which programs act as the account."""
    with open_database().transaction() as connection:
        return accounts.list_service_tokens(connection, account_id)
