"""The content-addressed file store: every file is named by the SHA-256 of its bytes.

Written once and atomically, verified when read, never overwritten. A local folder by default, any
fsspec file system by ``VIATIQUE_STORE_URL``.
"""

import contextlib
import errno
import functools
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from viatique.errors import NotFound, StoredFileCorrupt, StoreUnavailable
from viatique.models import Sha256
from viatique.unfinished import sweep, unfinished_file, unfinished_folder

UNFINISHED = "unfinished"
READ_TRIES = 3
"""How often a file that comes over a network with other bytes is fetched before it is damaged."""


class Kind(StrEnum):
    """What a stored file is, shown by its suffix so that people can open it."""

    SCAN = "scan.pdf"
    COPY = "copy.pdf"
    FINAL = "final.pdf"
    READING = "reading.npz"
    MARKS = "marks"
    PROBE = "probe"
    """Written and removed to see that the store works."""


class Store:
    """A folder of files by content; safe for any number of processes.

    Args:
        url: fsspec URL or local path of the folder; it is made when absent.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._fs, self._root = fsspec.url_to_fs(url)
        self._is_local = isinstance(self._fs, LocalFileSystem)
        self._tries = 1 if self._is_local else READ_TRIES

    def path(self, sha256: Sha256, kind: Kind) -> str:
        """Where the file lies: an absolute path for a local store, else its key with protocol."""
        key = f"{self._root}/{sha256[:2]}/{sha256}.{kind}"
        return key if self._is_local else self._fs.unstrip_protocol(key)

    def put(self, data: bytes, kind: Kind) -> Sha256:
        """Stores bytes; storing the same bytes again changes nothing.

        Raises:
            StoreUnavailable: the store cannot be written now (disk full, no right, no network).
        """
        sha256 = Sha256(hashlib.sha256(data).hexdigest())
        self._keep(sha256, kind, data)
        return sha256

    def put_path(self, path: Path, kind: Kind) -> Sha256:
        """Stores a local file's bytes, however many; the file itself is only read."""
        if not self._is_local:
            sha256 = Sha256(_digest_now(path))
            self._keep(sha256, kind, path)
            return sha256
        with self.workshop() as folder:
            copy = folder / kind
            with _translated():
                shutil.copyfile(path, copy)
                sha256 = Sha256(_digest_now(copy))  # of what is kept, whatever becomes of the other
            self.take(copy, sha256, kind)
        return sha256

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """A folder of this machine to make files in that ``take`` then stores."""
        parent = self._unfinished if self._is_local else None
        with ExitStack() as stack:
            with _translated():
                if parent:
                    parent.mkdir(parents=True, exist_ok=True)
                folder = stack.enter_context(unfinished_folder(parent))
            yield folder

    def take(self, path: Path, sha256: Sha256, kind: Kind) -> None:
        """Stores what was made in a workshop: moved where the store is a folder."""
        with _translated(sha256):
            if self._is_local and not self._has(sha256, kind, path.stat().st_size):
                _settle(path, Path(self.path(sha256, kind)))
                return
        self._keep(sha256, kind, path)

    def get(self, sha256: Sha256, kind: Kind) -> bytes:
        """The file's bytes, checked against their name.

        Raises:
            StoredFileCorrupt: the file is gone or its bytes changed.
            StoreUnavailable: the store cannot be read now.
        """
        for _ in range(self._tries):
            with _translated(sha256):
                data: bytes = self._fs.cat_file(self.path(sha256, kind))
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
        raise _corrupt(sha256, "its bytes changed")

    def probe(self) -> None:
        """Writes, reads and removes a file of its own.

        Raises:
            StoreUnavailable, StoredFileCorrupt: the store cannot be used now.
        """
        self.now()

    def now(self) -> float:
        """The time by the store's own clock, which its files are dated by (s since the epoch).

        A killed process leaves its file to the next command's sweep, in a folder; elsewhere for as
        long as any file that nobody needs.

        Raises:
            StoreUnavailable, StoredFileCorrupt: the store cannot be used now.
        """
        if self._is_local:
            with self.workshop() as folder:
                return _now_in(folder)
        sha256 = self.put(secrets.token_bytes(16), Kind.PROBE)
        self.get(sha256, Kind.PROBE)
        with _translated(sha256):
            written = _written_at(self._fs.info(self.path(sha256, Kind.PROBE)))
            self._fs.rm_file(self.path(sha256, Kind.PROBE))
        return written

    def remove(self, sha256: Sha256, kind: Kind) -> None:
        """Removes a file nothing points to any more; one that is gone already is gone."""
        with _translated(sha256), contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self.path(sha256, kind))

    def list_names(self) -> Iterator[tuple[str, float]]:
        """Names and times of writing (seconds since the epoch) of all files, temporary ones too."""
        with _translated():
            is_there = self._fs.exists(self._root)
            found = self._fs.find(self._root, detail=True) if is_there else {}
        for path, details in found.items():
            yield path.removeprefix(self._root).lstrip("/"), _written_at(details)

    def remove_name(self, name: str) -> None:
        """Removes a file by the name ``list_names`` gave."""
        with _translated(), contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(f"{self._root}/{name}")

    @contextmanager
    def local(self, sha256: Sha256, kind: Kind) -> Iterator[Path]:
        """The file as a local path for as long as the block lasts, checked against its name."""
        if self._is_local:
            path = Path(self.path(sha256, kind))
            with _translated(sha256):
                found = _digest_now(path)
            if found != sha256:
                raise _corrupt(sha256, "its bytes changed")
            yield path
            return
        with unfinished_folder() as folder:
            path = folder / f"{sha256}.{kind}"
            self._fetch(sha256, kind, path)
            yield path

    def _fetch(self, sha256: Sha256, kind: Kind, target: Path) -> None:
        for _ in range(self._tries):
            with _translated(sha256):
                self._fs.get_file(self.path(sha256, kind), str(target))
                found = _digest_now(target)
            if found == sha256:
                return
        raise _corrupt(sha256, "its bytes changed")

    def sweep(self) -> None:
        """Removes the temporary files of processes that were killed, here and for remote files."""
        if self._is_local:
            sweep(self._unfinished)
        sweep()

    @property
    def _unfinished(self) -> Path:
        """One folder for all files on their way: looked through in no time."""
        return Path(self._root) / UNFINISHED

    def _has(self, sha256: Sha256, kind: Kind, size: int) -> bool:
        """Whether the file is there whole; one over a network is known by its size."""
        path = self.path(sha256, kind)
        try:
            is_whole: bool = self._fs.info(path)["size"] == size
        except FileNotFoundError:
            return False
        return is_whole and (not self._is_local or _digest_now(Path(path)) == sha256)

    def _keep(self, sha256: Sha256, kind: Kind, source: bytes | Path) -> None:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        with _translated(sha256):
            if not self._has(sha256, kind, size):
                self._write(self.path(sha256, kind), source)
            elif self._is_local:
                # young again: whoever removes orphans leaves it alone until its row is written
                os.utime(self.path(sha256, kind))
            is_whole = self._is_local or self._has(sha256, kind, size)
        if not is_whole:
            raise _unusable("not all was written", sha256)

    def _write(self, path: str, source: bytes | Path) -> None:
        if isinstance(source, Path):
            self._fs.put_file(str(source), path)
        elif self._is_local:
            write_atomically(Path(path), source, by=self._unfinished)
        else:
            self._fs.pipe_file(path, source)


def _now_in(folder: Path) -> float:
    path, data = folder / Kind.PROBE, secrets.token_bytes(16)
    sha256 = make_here(path, data)
    if read_here(path, sha256) != data:
        raise _corrupt(sha256, "its bytes changed")
    with _translated(sha256):
        return path.stat().st_mtime


def read_here(path: Path, sha256: Sha256) -> bytes:
    """The bytes of a file that ``Store.local`` gave, maybe to another process.

    Raises:
        StoredFileCorrupt: it is gone by now, as what is erased is.
        StoreUnavailable: it cannot be read now.
    """
    with _translated(sha256):
        return path.read_bytes()


@dataclass(frozen=True, slots=True)
class _LocalFile:
    """A file as long as it stays as it is, wherever it is moved."""

    path: Path = field(compare=False)
    device: int
    inode: int
    size: int
    mtime_ns: int


def _digest_now(path: Path) -> str:
    facts = path.stat()
    file = _LocalFile(path, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    return _digest_of(file)


@functools.lru_cache(maxsize=64)
def _digest_of(file: _LocalFile) -> str:
    """Hashed once a process: a scan is opened for every job."""
    with file.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _written_at(details: dict[str, Any]) -> float:
    """When a file was written, as the file system at hand tells it; now when it does not."""
    found = next(
        (details[key] for key in ("mtime", "LastModified", "created") if key in details), None
    )
    return found.timestamp() if isinstance(found, datetime) else float(found or time.time())


def make_here(path: Path, data: bytes) -> Sha256:
    """Writes a file on this machine that ``Store.take`` is to store; returns its content's name.

    Raises:
        StoreUnavailable: it cannot be written now.
    """
    sha256 = Sha256(hashlib.sha256(data).hexdigest())
    with _translated(sha256):
        path.write_bytes(data)
    return sha256


def _settle(path: Path, target: Path) -> None:
    """Moves a whole file to where it is to be, so that it is there also after a power cut.

    It is for its user alone from then on, whatever the process says of new files.
    """
    path.chmod(0o600)
    _sync(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, data: bytes, *, by: Path | None = None) -> None:
    """Writes a file so that it is there whole or not at all, also after a power cut.

    Args:
        path: where it is to be.
        data: its bytes.
        by: a folder of the same file system that it is on its way in; by default its own.
    """
    folder = by or path.parent
    for needed in {path.parent, folder}:
        needed.mkdir(parents=True, exist_ok=True)
    handle, unfinished = unfinished_file(folder)
    with os.fdopen(handle, "wb") as stream:
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    _sync(path.parent)


def read_given(path: Path, what: str) -> bytes:
    """The bytes of a file somebody named.

    Raises:
        NotFound: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError:
        raise NotFound(f"The {what} cannot be read.", next_step="Check its path.") from None


@contextmanager
def _translated(sha256: Sha256 | None = None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise _corrupt(sha256, "it is gone") if sha256 else _unusable(error_code(error)) from None
    except Exception as error:  # noqa: BLE001  # each file system has errors of its own
        raise _unusable(error_code(error), sha256) from None


def error_code(error: Exception) -> str:
    """What is wrong, by the system's name for it: an error's text may hold paths."""
    number = error.errno if isinstance(error, OSError) else None
    return errno.errorcode.get(number or 0, type(error).__name__)


def _unusable(why: str, sha256: Sha256 | None = None) -> StoreUnavailable:
    next_step = "Check its space, rights and network, then run again; what was done is kept."
    if sha256 is None:
        return StoreUnavailable(f"The file store cannot be used now ({why}).", next_step=next_step)
    return StoreUnavailable(
        f"The file store cannot be used now ({why}, file {sha256[:12]}).", next_step=next_step
    )


def _corrupt(sha256: Sha256, why: str) -> StoredFileCorrupt:
    return StoredFileCorrupt(
        f"Stored file {sha256[:12]} cannot be trusted: {why}.",
        next_step="Restore it from a backup, or import its source again.",
    )
