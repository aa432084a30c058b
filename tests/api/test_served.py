"""Real clients against the served API: short forms of ``tests/campaigns/marking_over_http.py``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.serving import Served, served
from tests.campaigns.marking_over_http import kill_while_writing, race_on_one_copy
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


@pytest.mark.slow
def test_an_api_killed_in_the_middle_of_writes_leaves_nothing_half_written(
    api: Served, database: Database, tmp_path: Path
) -> None:
    kill_while_writing(api, database, tmp_path, kills=2, writes=120)
