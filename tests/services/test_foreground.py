"""What ``viatique up`` holds: noted, so that the next one ends what a killed one left behind."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from viatique.services.foreground import HOLDER, note_programs, stop_programs_of_the_dead
from viatique.services.processes import read_record, write_record


@contextmanager
def _programs(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    with ExitStack() as stack:
        arguments = [sys.executable, "-c", "import time; time.sleep(600)"]
        programs = [stack.enter_context(subprocess.Popen(arguments)) for _ in range(count)]
        yield programs
        for program in programs:
            program.kill()


def test_programs_of_a_killed_up_are_stopped(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with _programs(2) as programs:
        folder = note_programs(tmp_path, [program.pid for program in programs])
        stop_programs_of_the_dead(tmp_path)
        assert [program.poll() for program in programs] == [None, None], "it lives"
        _kill_holder(folder)
        stop_programs_of_the_dead(tmp_path)
        assert None not in [program.wait(30) for program in programs]
    assert list((tmp_path / "run").iterdir()) == []


def _kill_holder(folder: Path) -> None:
    """The noted holder is one that is gone: the pid is somebody else's."""
    note = folder / f"{HOLDER}.json"
    record = read_record(note)
    assert record is not None
    write_record(note, replace(record, created=0.0))
