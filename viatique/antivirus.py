"""Asks clamd whether a file is harmless, before anything reads it (``VIATIQUE_CLAMD``).

It fails closed: no answer is an error that may pass, never a yes. clamd is sent the bytes
(INSTREAM, clamd(8)), so it needs no right to read our files and may run on another machine.
"""

import io
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from viatique.errors import AntivirusUnavailable, InfectedFile, NotFound

BLOCK_BYTES = 1 << 18
TIMEOUT_S = 60.0
"""For each block, and for the answer once clamd has seen all of a file."""
CLEAN, FOUND = b": OK", b" FOUND"
"""How its answers end; all others are errors."""


def check_file(clamd: str | None, path: Path) -> None:
    """Returns when the file is clean, or no clamd is set.

    Raises:
        InfectedFile: clamd knows it as harmful.
        AntivirusUnavailable: clamd gave no clear answer.
        NotFound: the file cannot be read.
    """
    if clamd is None:
        return
    try:
        stream = path.open("rb")
    except OSError:
        raise NotFound("The file cannot be read.", next_step="Check its path.") from None
    with stream:
        _check(clamd, stream)


def check_bytes(clamd: str | None, data: bytes) -> None:
    """The same for a file that was read already."""
    if clamd is not None:
        _check(clamd, io.BytesIO(data))


def _check(clamd: str, stream: BinaryIO) -> None:
    answer = _answer(clamd, stream)
    if answer.endswith(FOUND):
        raise InfectedFile(
            "The file is refused: the virus scanner knows it as harmful.",
            next_step="Tell your operator; nothing was stored.",
        )
    if not answer.endswith(CLEAN):
        raise _unavailable("no clear answer")


def _answer(clamd: str, stream: BinaryIO) -> bytes:
    try:
        with _connected(clamd) as connection:
            connection.sendall(b"zINSTREAM\0")
            while block := stream.read(BLOCK_BYTES):
                connection.sendall(struct.pack("!I", len(block)) + block)
            connection.sendall(struct.pack("!I", 0))
            return b"".join(iter(lambda: connection.recv(4096), b"")).rstrip(b"\0\n")
    except (OSError, ValueError) as error:
        raise _unavailable(type(error).__name__) from None


@contextmanager
def _connected(clamd: str) -> Iterator[socket.socket]:
    """A connection to ``tcp://HOST:PORT`` or ``unix:///PATH``."""
    place = urlsplit(clamd)
    if place.scheme == "unix":
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(place.path)
            yield connection
    else:
        address = (place.hostname or "127.0.0.1", place.port or 3310)
        with socket.create_connection(address, timeout=TIMEOUT_S) as connection:
            yield connection


def _unavailable(why: str) -> AntivirusUnavailable:
    return AntivirusUnavailable(
        f"The virus scanner cannot be asked now ({why}); the file was not taken.",
        next_step="See that clamd runs at VIATIQUE_CLAMD and takes files as large as scans.",
    )
