"""A scan that stays open in a worker process from one job to the next.

Opening a scan and finding the first page in it takes as long as its page tree is: 45 ms of 20,000
pages (2026-11-25), where a job looks at 25 of them. It is mapped into memory: MuPDF reads a file
in pieces of a few KiB.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from mmap import ACCESS_READ, MADV_DONTNEED, mmap
from pathlib import Path

import pymupdf

from viatique.errors import UnreadablePdf
from viatique.pdf.document import open_pdf

Key = tuple[Path, int, int, int]

_held: tuple[Key, mmap, pymupdf.Document] | None = None
_closing = ExitStack()


@contextmanager
def held_scan(path: Path) -> Iterator[pymupdf.Document]:
    """A scan, open; what goes wrong with it closes it.

    Raises:
        UnreadablePdf: it is gone, cannot be opened or worked on.
    """
    try:
        mapped, document = _opened(path)
        yield document
        mapped.madvise(MADV_DONTNEED)  # else a worker has as much memory as a scan has bytes
    except BaseException:
        close_held()
        raise


def close_held() -> None:
    """Closes the scan that this process holds, if any."""
    global _held  # noqa: PLW0603
    _held = None
    _closing.close()


def _opened(path: Path) -> tuple[mmap, pymupdf.Document]:
    global _held  # noqa: PLW0603  # one for each process, which does one job at a time
    key = _key(path)
    if _held is None or _held[0] != key:
        close_held()
        mapped = _mapped(path)
        _held = key, mapped, _closing.enter_context(open_pdf(memoryview(mapped)))
    return _held[1:]


def _mapped(path: Path) -> mmap:
    with path.open("rb") as stream:
        return mmap(stream.fileno(), 0, access=ACCESS_READ)


def _key(path: Path) -> Key:
    """As long as it stays the same, so does the file."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise UnreadablePdf("A scan to be worked on is gone.") from None
    return path, facts.st_ino, facts.st_size, facts.st_mtime_ns
