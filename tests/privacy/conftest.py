from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Command, command_on


@pytest.fixture
def viatique(
    database_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Command]:
    with command_on(database_dsn, tmp_path / "home", monkeypatch, capsys) as command:
        yield command
