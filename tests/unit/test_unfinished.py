"""Temporary files: those of the living stay, those of the dead are swept."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from viatique import unfinished
from viatique.files import Store
from viatique.unfinished import sweep, unfinished_file, unfinished_folder

WRITER = """
import sys, time
from pathlib import Path
from viatique.unfinished import unfinished_file, unfinished_folder

folder = Path(sys.argv[1])
handle, _ = unfinished_file(folder)
with unfinished_folder(folder) as made:
    (made / "part").write_bytes(b"x")
    print("writing", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_was_writing_is_swept(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert sweep(tmp_path) == 0, "it lives"
        writer.send_signal(signal.SIGKILL)
    assert sweep(tmp_path) == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    handle, path = unfinished_file(tmp_path)
    with unfinished_folder(tmp_path) as folder:
        assert sweep(tmp_path) == 0
        assert path.exists()
        assert folder.exists()
    os.close(handle)
    assert not folder.exists()


def test_a_file_swept_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, swept = unfinished.fcntl.flock, []

    def late(handle: int, operation: int) -> None:
        if not swept:
            swept.extend(tmp_path.glob(f"{unfinished.PREFIX}*"))
            swept[0].unlink()
        lock(handle, operation)

    monkeypatch.setattr(unfinished.fcntl, "flock", late)
    handle, path = unfinished_file(tmp_path)
    os.close(handle)
    assert path.exists()
    assert path not in swept


KILLED_AT_CLEARING_UP = """
import os, sys
from viatique.files import Store
store = Store(sys.argv[1])
clearing = {"os.remove", "shutil.rmtree"}
sys.addaudithook(lambda event, _: os._exit(9) if event in clearing else None)
store.probe()
"""


def test_what_a_killed_probe_left_in_the_store_is_swept(tmp_path: Path) -> None:
    script = [sys.executable, "-c", KILLED_AT_CLEARING_UP, str(tmp_path)]
    assert subprocess.run(script, check=False).returncode == 9
    store = Store(str(tmp_path))
    assert list(store.list_names())
    store.sweep()
    assert list(store.list_names()) == []
