"""The command on a home and a database of a test's own, run in this process."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.steps.benches import silence_logs
from viatique.cli import app
from viatique.services.local import stop
from viatique.settings import Settings

PROGRAM = str(Path(sys.executable).with_name("viatique"))
"""The installed command, for a process of its own."""


@dataclass(frozen=True)
class Printed:
    """What a command printed: results as they are, messages with single spaces."""

    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The objects printed with ``--json``."""
        return [json.loads(line) for line in self.out.splitlines()]


class Command:
    """``viatique`` with one VIATIQUE_HOME; checks the exit code of each call."""

    def __init__(
        self, home: Path, environment: dict[str, str], printed: Callable[[], tuple[str, str]]
    ) -> None:
        self.home = home
        self.environment = environment
        self._printed = printed

    def __call__(self, *arguments: str | Path, code: int = 0) -> Printed:
        self._printed()
        found = app._run([str(argument) for argument in arguments])
        out, err = self._printed()
        assert found == code, err
        return Printed(out=out, err=" ".join(err.split()))

    def log_lines(self, message: str) -> list[dict[str, Any]]:
        """The lines of the log with that message."""
        log = (self.home / "logs" / "viatique.log").read_text("utf-8")
        lines = [json.loads(line) for line in log.splitlines()]
        return [line for line in lines if line["message"] == message]


@contextmanager
def command_on(
    dsn: str, home: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """The command for as long as the block lasts; nothing it started outlives it."""
    environment = {
        "VIATIQUE_HOME": str(home),
        "DATABASE_URL": url_of(dsn),
        "VIATIQUE_PROCESSES": "1",
        "COLUMNS": "250",
    }
    for name, value in environment.items():
        patch.setenv(name, value)
    settings = Settings(home=home)
    yield Command(home, environment, lambda: tuple(capture.readouterr()))
    stop(settings, force=True)
    silence_logs()


def url_of(dsn: str) -> str:
    """The DSN as people write one in DATABASE_URL."""
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    where = "{user}:{password}@{host}:{port}/{dbname}".format(**parts)
    return f"postgresql://{where}"
