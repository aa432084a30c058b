"""The command on a test's own home and database, run in this process."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.steps.benches import silence_logs
from viatique.cli import app

Capture = Callable[[], tuple[str, str]]


@dataclass(frozen=True)
class Printed:
    """What a command printed; lines of tables are joined by single spaces."""

    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The objects printed with ``--json``."""
        return [json.loads(line) for line in self.out.splitlines()]


class Command:
    """``viatique`` with one VIATIQUE_HOME; checks the exit code of each call."""

    def __init__(self, home: Path, environment: dict[str, str], capture: Capture) -> None:
        self.home = home
        self.environment = environment
        self._capture = capture

    def __call__(self, *arguments: str | Path, code: int = 0) -> Printed:
        self._capture()
        found = app._run([str(argument) for argument in arguments])
        out, err = self._capture()
        assert found == code, err
        return Printed(out=out, err=" ".join(err.split()))

    def log_lines(self, message: str) -> list[dict[str, Any]]:
        """The lines of the log with that message."""
        log = (self.home / "logs" / "viatique.log").read_text("utf-8")
        lines = [json.loads(line) for line in log.splitlines()]
        return [line for line in lines if line["message"] == message]


@pytest.fixture
def viatique(
    database_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Command]:
    home = tmp_path / "home"
    environment = {
        "VIATIQUE_HOME": str(home),
        "DATABASE_URL": _url(database_dsn),
        "VIATIQUE_PROCESSES": "1",
        "COLUMNS": "250",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield Command(home, environment, lambda: tuple(capsys.readouterr()))
    app._run(["down", "--force"])
    silence_logs()


def _url(dsn: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    where = "{user}:{password}@{host}:{port}/{dbname}".format(**parts)
    return f"postgresql://{where}"
