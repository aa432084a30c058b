"""What vouches for the seals outside the database: the signing key, and the digest of every seal.

The key and the first anchor lie in one folder (HOME/seal unless set); a second anchor may lie where
whoever runs the database cannot write.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from viatique import seals
from viatique.errors import StoreUnavailable
from viatique.files import write_atomically
from viatique.seals import Seal
from viatique.settings import Settings

KEY = "private.key"
ANCHOR = "anchor.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealFiles:
    """Where key and anchors are.

    Attributes:
        folder: of the key and the first anchor.
        second: folder of another anchor; None: there is none.
    """

    folder: Path
    second: Path | None = None

    def private_key(self) -> bytes | None:
        """The signing key, None when it is not here."""
        path = self.folder / KEY
        return bytes.fromhex(path.read_text("ascii").strip()) if path.exists() else None

    def make_key(self) -> bytes:
        """A new signing key, kept for ever."""
        key = seals.new_key()
        with _translated():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self.folder / KEY, f"{key.hex()}\n".encode())
        return key

    def anchors(self) -> list[Path]:
        """The anchor files, there or not."""
        return [folder / ANCHOR for folder in (self.folder, self.second) if folder]


def seal_files_of(settings: Settings) -> SealFiles:
    """Where the settings put them."""
    second = settings.anchor_folder
    return SealFiles(
        folder=(settings.seal_folder or settings.home_path / "seal").expanduser().absolute(),
        second=second.expanduser().absolute() if second else None,
    )


def read_anchor(path: Path) -> dict[int, bytes]:
    """The digest of each anchored seal by its id; a line that was cut off by a crash is not one."""
    anchored: dict[int, bytes] = {}
    lines = path.read_text("ascii").splitlines() if path.exists() else []
    for line in lines:
        try:
            item = json.loads(line)
            anchored[int(item["seal"])] = bytes.fromhex(item["digest"])
        except (ValueError, KeyError, TypeError):
            continue
    return anchored


def append_anchor(path: Path, made: Iterable[Seal]) -> None:
    """Adds seals to an anchor, on the disk when this returns.

    Raises:
        StoreUnavailable: the anchor cannot be written now.
    """
    lines = [
        json.dumps(
            {
                "seal": seal.seal_id,
                "at": seal.sealed_at.isoformat(),
                "events": seal.event_count,
                "digest": seal.digest().hex(),
            }
        )
        for seal in made
    ]
    if not lines:
        return
    with _translated():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="ascii") as stream:
            # a crash may have left a line without its end
            stream.write(("\n" if stream.tell() else "") + "\n".join(lines) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(
            f"The key or the anchor of the seals cannot be written (errno {error.errno}).",
            next_step="Check VIATIQUE_SEAL_FOLDER and VIATIQUE_ANCHOR_FOLDER.",
        ) from None
