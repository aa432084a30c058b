"""A campaign's folder, removed by a process of its own when the campaign ends, or is killed.

What was started on its homes ends with it: services are sessions of their own and outlive whoever
started them, workers wait for a server for ever.

    python -m tests.campaigns.folders FOLDER    (ends what is there once its input ends)
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.homes import remove_home

PATIENCE_S = 10.0


@contextmanager
def campaign_folder() -> Iterator[Path]:
    """A temporary folder that everybody may pass through: root's Postgres is somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-"))
    folder.chmod(0o755)
    remover = subprocess.Popen(
        [sys.executable, "-m", __name__, str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield folder
    finally:
        remover.communicate()


def remove(folder: Path) -> None:
    """Removes the folder, its homes and every process that was started with it in mind."""
    while ended := [process for process in psutil.process_iter() if _ended(process, str(folder))]:
        psutil.wait_procs(ended, timeout=PATIENCE_S)
    for run in folder.glob("*/run"):
        remove_home(run.parent)
    shutil.rmtree(folder, ignore_errors=True)


def _ended(process: psutil.Process, word: str) -> bool:
    """Kills one whose command line or first variables hold the word; services are stopped later."""
    with suppress(psutil.Error):
        known = (*process.cmdline(), *process.environ().values())
        if process.pid != os.getpid() and any(word in text for text in known):
            process.kill()
            return True
    return False


if __name__ == "__main__":
    sys.stdin.read()
    remove(Path(sys.argv[1]))
