"""Two who mark."""

import pytest

from tests.db.marking import store_account
from viatique.db.pool import Database
from viatique.run import Run


@pytest.fixture
def anne(database: Database) -> Run:
    return store_account(database, "U0000000A")


@pytest.fixture
def bruno(database: Database) -> Run:
    return store_account(database, "U0000000B")
