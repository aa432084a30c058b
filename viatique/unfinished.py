"""Files and folders on their way: whoever makes one holds a lock on it for as long as it lives.

What a killed process left is thereby told from what a living one is at, and swept by the next
command, however soon that comes.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".writing-"


def unfinished_file(folder: Path) -> tuple[int, Path]:
    """A new file in the folder, open for writing; its lock goes when it is closed."""
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=PREFIX)
        if _locked(handle):
            return handle, Path(name)
        os.close(handle)


@contextmanager
def unfinished_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder, by default where temporary ones are; gone with the block unless renamed."""
    while True:
        path = Path(tempfile.mkdtemp(dir=parent, prefix=PREFIX))
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY)
            if _locked(handle):
                break
            os.close(handle)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


def sweep(folder: Path | None = None) -> int:
    """Removes what no living process makes there any more; returns how much that was."""
    place = folder or Path(tempfile.gettempdir())
    return sum(_swept(path) for path in place.glob(f"{PREFIX}*"))


def _locked(handle: int) -> bool:
    """Locks a file; False when it was swept in the moment before."""
    with contextlib.suppress(OSError):  # a file system without locks: nothing is swept there
        fcntl.flock(handle, fcntl.LOCK_EX)
    return os.fstat(handle).st_nlink > 0


def _swept(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
