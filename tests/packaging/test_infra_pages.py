"""The pages of infra/ are true: settings exist, tests that are named exist."""

import re
from pathlib import Path

import pytest

from viatique.db.pool import Database

ROOT = Path(__file__).parents[2]
BACKUP = (ROOT / "infra" / "backup.md").read_text("utf-8")


def test_settings_of_the_backup_page_are_known_to_postgres(database: Database) -> None:
    written = set(re.findall(r"^    ([a-z_]+) = ", BACKUP, re.MULTILINE))
    assert len(written) > 5
    with database.transaction() as connection:
        rows = connection.execute("SELECT name FROM pg_settings").fetchall()
    assert written - {row["name"] for row in rows} == set()


@pytest.mark.parametrize("path", sorted((ROOT / "infra").glob("*.md")), ids=lambda path: path.name)
def test_paths_named_in_a_page_exist(path: Path) -> None:
    found = re.findall(
        r"`((?:viatique|flows|tasks|tests|infra|benchmarks)/[\w/.]+)`", path.read_text("utf-8")
    )
    assert [name for name in found if not (ROOT / name).exists()] == []
