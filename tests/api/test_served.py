"""Real clients against the served API: a short form of ``tests/campaigns/marking_over_http.py``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.serving import Served, served
from tests.campaigns.marking_over_http import race_on_one_copy
from viatique.db.pool import Database


@pytest.fixture
def api(database_dsn: str, tmp_path: Path) -> Iterator[Served]:
    with served(database_dsn, tmp_path / "home") as api:
        yield api


@pytest.mark.slow
def test_sixteen_clients_on_one_copy_lose_nothing(
    api: Served, database: Database, tmp_path: Path
) -> None:
    race_on_one_copy(api, database, tmp_path, requests=80)
