"""The first command of all, where there is nothing: database, schema and roles are made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.homes import remove_home
from tests.kills.ground import Ground
from tests.kills.trials import Field, Stage

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
        remove_home(self.home)

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
