"""A small disk of its own that fills up, or takes nothing any more."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

SIZE = "8m"
BLOCK = bytes(4096)


@dataclass(frozen=True)
class Disk:
    """What is mounted at a folder."""

    folder: Path

    def fill(self) -> None:
        """Leaves no room for another block."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as stream:
            while True:
                stream.write(BLOCK)

    def leave(self, byte_size: int) -> None:
        """Makes so much room on a full disk."""
        with self._ballast.open("r+b") as stream:
            stream.truncate(self._ballast.stat().st_size - byte_size)

    def refuse(self) -> None:
        """Makes it read-only."""
        _run("mount", "-o", "remount,ro", self.folder)

    def mend(self) -> None:
        """There is room again, and it can be written."""
        _run("mount", "-o", "remount,rw", self.folder)
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk in memory for as long as the block lasts; the test is skipped where none may be."""
    folder.mkdir(parents=True)
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a disk in memory cannot be mounted here: that needs root")
    try:
        yield Disk(folder)
    finally:
        _run("umount", "--lazy", folder)  # worker processes may still have files open


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)
