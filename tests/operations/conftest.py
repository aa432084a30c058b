"""Somebody who works on the test's workbench with commands."""

import pytest

from tests.cli.commands import url_of
from tests.operations.playbook import Operator
from viatique.workbench import Workbench


@pytest.fixture
def operator(bench: Workbench) -> Operator:
    return Operator(
        {
            "VIATIQUE_HOME": str(bench.settings.home_path),
            "DATABASE_URL": url_of(bench.database.dsn),
            "VIATIQUE_PROCESSES": "1",
            "VIATIQUE_LANGUAGE": "en",
            "COLUMNS": "200",
        }
    )
