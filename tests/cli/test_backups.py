"""``viatique backup`` and ``restore``: what they print, how they end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cli.commands import Command
from tests.steps.benches import write_exam, write_scan
from viatique.db.pool import Database


@pytest.fixture
def exam(viatique: Command, tmp_path: Path) -> str:
    exam = viatique("exam", "create", write_exam(tmp_path)).out.strip()
    viatique("import", exam, write_scan(tmp_path, pages=4), "--inline")
    viatique("audit", "seal")
    return exam


@pytest.fixture
def elsewhere(
    exam: str, other_place: Callable[[], AbstractContextManager[Command]]
) -> Iterator[Command]:
    """The command on another home and an empty database, once ``exam`` is there; not at once."""
    with other_place() as command:
        yield command


def _at(viatique: Command, patch: pytest.MonkeyPatch) -> Command:
    for name, value in viatique.environment.items():
        patch.setenv(name, value)
    return viatique


def test_a_backup_is_restored_elsewhere(
    viatique: Command,
    elsewhere: Command,
    exam: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "backup"
    here = _at(viatique, monkeypatch)
    made = here("backup", folder)
    assert "the database and 3 files" in made.err
    assert not made.out
    copies = here("copies", exam, "--json").lines
    assert "already" in here("backup", folder, code=2).err
    assert "Not empty" in here("restore", folder, code=2).err
    there = _at(elsewhere, monkeypatch)
    there("restore", tmp_path / "nowhere", code=2)
    assert there("restore", folder).err == made.err
    assert there("copies", exam, "--json").lines == copies
    assert "0 not sealed yet, 0 problem(s)" in there("audit", "verify").out


def test_a_restored_trail_that_is_not_sound_is_told(
    viatique: Command,
    elsewhere: Command,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE exam SET released_at = now()")
    _at(viatique, monkeypatch)("backup", tmp_path / "backup")
    there = _at(elsewhere, monkeypatch)
    assert "viatique audit verify: 1" in there("restore", tmp_path / "backup", code=3).err
