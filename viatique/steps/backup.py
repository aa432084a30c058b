"""Everything that cannot be made again, in one folder: database, stored files, seals.

A backup is consistent: the dump and the list of files are of one snapshot, and stored files are
never overwritten. It is checked when it is written, and again before anything is restored.
Prefect's database is not in it: losing that loses no exam data.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from viatique.antivirus import check_file
from viatique.db import admin, housekeeping
from viatique.db.migrate import list_migrations
from viatique.db.pool import Connection
from viatique.errors import Conflict, FinalError, InvalidInput, StoredFileCorrupt, StoreUnavailable
from viatique.files import Kind, Store, error_code, write_atomically
from viatique.models import Sha256
from viatique.seal_files import seal_files_of
from viatique.services.dump import dump_database, load_database
from viatique.settings import Settings
from viatique.unfinished import sweep, unfinished_folder
from viatique.workbench import Workbench

logger = logging.getLogger("viatique")

FORM = 1
"""Version of the folder's form."""
MANIFEST, DUMP, FILES, SEAL = "manifest.json", "database.dump", "files", "seal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds."""

    created_at: str
    schema: int
    files: int
    byte_size: int
    dump_sha256: str


def back_up(bench: Workbench, folder: Path) -> Backup:
    """Writes a backup into a new folder that only its owner can read, and checks it.

    The folder is there when the backup is whole; what a killed run left beside it is removed.

    Raises:
        InvalidInput: the folder is there already, or cannot be written.
        Conflict: something was erased meanwhile: what is in the dump is no longer in the store.
        StoredFileCorrupt: a stored file is damaged; nothing was backed up.
        StoreUnavailable, ServiceUnavailable: it could not be written or dumped; nothing is left.
    """
    _check_place(folder)
    sweep(folder.parent)
    with unfinished_folder(folder.parent) as unfinished:
        _fill(bench, unfinished)
        backup = check_backup(unfinished)
        unfinished.rename(folder)
    logger.info("backup_written", extra={"files": backup.files, "bytes": backup.byte_size})
    return backup


def _fill(bench: Workbench, folder: Path) -> None:
    seal_folder = seal_files_of(bench.settings).folder
    if seal_folder.is_dir():
        # before the snapshot: an anchored seal is then in the dump
        with _writing():
            shutil.copytree(seal_folder, folder / SEAL)
    with bench.owner.transaction() as connection:
        snapshot = housekeeping.export_snapshot(connection)
        dump_database(bench.owner.dsn, folder / DUMP, snapshot=snapshot)
        count, size = _copy_files(bench, connection, folder / FILES)
    backup = Backup(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        schema=max(one.number for one in list_migrations()),
        files=count,
        byte_size=size + (folder / DUMP).stat().st_size,
        dump_sha256=_digest(folder / DUMP),
    )
    manifest = {"form": FORM, **{name: getattr(backup, name) for name in Backup.__slots__}}
    with _writing():
        write_atomically(folder / MANIFEST, json.dumps(manifest, indent=2).encode())


@contextmanager
def _writing() -> Iterator[None]:
    """What cannot be written into the backup's folder is told as such."""
    try:
        yield
    except (OSError, shutil.Error) as error:
        raise StoreUnavailable(
            f"The backup cannot be written ({error_code(error)}); nothing of it is left.",
            next_step="Make room there, or name a folder on another disk.",
        ) from None


def check_backup(folder: Path) -> Backup:
    """What a backup holds, every byte of it compared with its name.

    Raises:
        InvalidInput: it is no backup, or not a whole one.
        StoredFileCorrupt: a file in it is damaged.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest.pop("form") != FORM:
            raise InvalidInput("The backup was made by a newer Viatique.")
        backup = Backup(**manifest)
    except (OSError, ValueError, TypeError, KeyError):
        raise InvalidInput(
            "There is no whole backup in this folder.", next_step="Give the folder it was put in."
        ) from None
    if _digest(folder / DUMP) != backup.dump_sha256:
        raise StoredFileCorrupt("The dump of the backup is damaged.")
    store = Store(str(folder / FILES))
    found = sum(1 for name in _stored(store) if store.get(*name))
    if found != backup.files:
        raise StoredFileCorrupt(f"The backup has {found} files, {backup.files} were put in it.")
    return backup


def restore(settings: Settings, dsn: str, folder: Path) -> Backup:
    """Puts a backup where nothing is yet: database, store and seals; again after it was killed.

    Args:
        settings: where the store and the seals are to be.
        dsn: an empty database, by a role that may make tables in it.
        folder: the backup.

    Raises:
        InvalidInput: it is no whole backup.
        Conflict: the database, the store or the seals' folder is not empty.
        StoredFileCorrupt: a file in it is damaged; nothing was restored.
        InfectedFile, AntivirusUnavailable: clamd refused one, or cannot be asked; the same.
    """
    store = Store(settings.store_url or str(settings.home_path / "store"))
    seal_folder = seal_files_of(settings).folder
    _check_free(dsn, store, seal_folder, folder)
    backup = check_backup(folder)
    source = Store(str(folder / FILES))
    for name in _stored(source):
        check_file(settings.clamd, Path(source.path(*name)))
    for sha256, kind in _stored(source):
        store.put(source.get(sha256, kind), kind)
    if (folder / SEAL).is_dir():
        shutil.copytree(folder / SEAL, seal_folder, dirs_exist_ok=True)
    # last, so that a restore that was cut off can be seen to be one: its database is empty
    load_database(dsn, folder / DUMP)
    logger.info("backup_restored", extra={"files": backup.files})
    return backup


def _check_free(dsn: str, store: Store, seal_folder: Path, folder: Path) -> None:
    """Nothing is there but what a restore of this very backup, that was killed, has put there."""
    store.sweep()
    files = {name for name, _ in store.list_names()}
    ours = {name for name, _ in Store(str(folder / FILES)).list_names()}
    seals = seal_folder.rglob("*")
    found = {
        "database": not admin.is_empty(dsn),
        "file store": not files <= ours,
        "folder of the seals": not all(
            _is_same(path, folder / SEAL / path.relative_to(seal_folder)) for path in seals
        ),
    }
    taken = [name for name, is_taken in found.items() if is_taken]
    if taken:
        raise Conflict(
            f"Not empty: {', '.join(taken)}.",
            next_step="Restore into a new VIATIQUE_HOME (and a new database), then change over.",
        )


def _is_same(path: Path, other: Path) -> bool:
    """Whether both are folders, or files that begin alike: one may have been cut off."""
    if path.is_dir() or not other.is_file():
        return path.is_dir() and other.is_dir()
    return other.read_bytes().startswith(path.read_bytes())


def _check_place(folder: Path) -> None:
    if folder.exists():
        raise InvalidInput("The folder is there already.", next_step="Name a new one.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(folder.parent):
            return
    except OSError as error:
        raise InvalidInput(
            f"The folder cannot be made (errno {error.errno}).", next_step="Choose another place."
        ) from None


def _copy_files(bench: Workbench, connection: Connection, folder: Path) -> tuple[int, int]:
    """Copies every file the snapshot knows; returns how many, and their bytes."""
    target = Store(str(folder))
    count = size = 0
    for sha256, kind in housekeeping.iterate_stored_files(connection):
        data = _data(bench, sha256, kind)
        with _writing():
            write_atomically(Path(target.path(sha256, kind)), data)
        count, size = count + 1, size + len(data)
    return count, size


def _data(bench: Workbench, sha256: Sha256, kind: Kind) -> bytes:
    try:
        return bench.store.get(sha256, kind)
    except FinalError:
        with bench.database.transaction() as connection:
            is_needed = housekeeping.list_needed(connection, [f"{sha256}.{kind}"])
        if is_needed:
            raise
        raise Conflict(
            "Something was erased while the backup was written.", next_step="Run it again."
        ) from None


def _stored(store: Store) -> Iterator[tuple[Sha256, Kind]]:
    for name, _ in store.list_names():
        sha256, _, kind = name.rpartition("/")[2].partition(".")
        yield Sha256(sha256), Kind(kind)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        raise InvalidInput("The backup has no dump of the database.") from None
