"""The first command of all, where there is nothing: database, schema and roles are made."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kills.ground import Ground
from tests.kills.trials import Field, Stage
from viatique.services.local import stop

NAME = "first command"


class Wilderness(Ground):
    """A home that is not there when a command begins."""

    @property
    def home(self) -> Path:
        return self.folder / "wilderness"

    def save(self, name: str) -> None:
        """There is one state only."""
        self.load(name)

    def load(self, name: str) -> None:
        """Nothing runs, nothing is left."""
        assert name == NAME
        self.clear()

    def clear(self) -> None:
        stop(self.settings, force=True)
        note = self.home / "run" / "postgres.location"
        if note.exists():  # no home of "nobody" may be below that of root
            shutil.rmtree(note.read_text("utf-8"), ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def service_pids(self) -> tuple[int, ...]:
        """Its Postgres is not there yet."""
        return ()


@contextmanager
def wilderness(field: Field) -> Iterator[tuple[Field, Stage]]:
    """Where first commands are run, beside a field; and the one to be killed."""
    ground = Wilderness(folder=field.ground.folder, exam=field.ground.exam)
    try:
        there = Field(ground)
        yield there, there.stage(NAME, "audit", "verify")
    finally:
        ground.clear()
