from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
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


@pytest.fixture
def other_place(
    empty_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[], AbstractContextManager[Command]]:
    """The command on another home and an empty database, from when it is called on."""
    return lambda: command_on(empty_dsn, tmp_path / "elsewhere", monkeypatch, capsys)
