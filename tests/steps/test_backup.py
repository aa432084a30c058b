"""A backup brings back everything after everything was destroyed, or says that it cannot."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.steps.benches import bench_on, count_rows, list_copies, mark_exam, stored_files
from viatique.db.admin import is_empty
from viatique.db.migrate import migrate
from viatique.db.pool import Database
from viatique.errors import Conflict, FinalError, InvalidInput, ServiceUnavailable
from viatique.files import Kind, Store
from viatique.inline import run_finalize, run_maintenance
from viatique.models import ExamId
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.services.dump import dump_database, load_database
from viatique.settings import Settings
from viatique.steps.backup import back_up, restore
from viatique.steps.maintain import Chore
from viatique.steps.settle import confirm_identity
from viatique.steps.verify_audit import verify_audit
from viatique.unfinished import PREFIX
from viatique.workbench import Workbench

KILLED_HALF_WAY = """
import os, sys
from pathlib import Path
from viatique.services import dump

programs = []

def half(lines):
    for line in lines:
        yield line
        if line == b"\\\\.\\n":  # the first table is filled
            programs[1].stdin.flush()
            os._exit(9)

def started(command, environment, start=dump._started):
    programs.append(start(command, environment))
    if len(programs) == 1:
        programs[0].stdout = half(programs[0].stdout)
    return programs[-1]

dump._started = started
dump.load_database(sys.argv[1], Path(sys.argv[2]))
"""


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    """A finalized exam whose trail is sealed."""
    exam_id = mark_exam(bench, tmp_path / "exam")
    run_finalize(bench, exam_id)
    run_maintenance(bench, (Chore.SEAL,), is_whole=False)
    return exam_id


@pytest.fixture
def backup(bench: Workbench, exam_id: ExamId, tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    back_up(bench, folder)
    return folder


def test_everything_comes_back_after_everything_was_destroyed(
    bench: Workbench, exam_id: ExamId, backup: Path, empty_dsn: str, tmp_path: Path
) -> None:
    rows, files, copies = count_rows(bench), stored_files(bench), list_copies(bench, exam_id)
    shutil.rmtree(bench.settings.home_path)
    with bench.database.session() as session:
        session.execute("DROP SCHEMA public CASCADE")
    home = tmp_path / "new"
    restored = restore(Settings(home=home), empty_dsn, backup)
    assert restored.files == len(files)
    database = Database(empty_dsn).open()
    assert migrate(database) == 0
    with bench_on(database, home, bench.pool) as again:
        assert count_rows(again) == rows
        assert stored_files(again) == files
        assert list_copies(again, exam_id) == copies
        seals = seal_files_of(again.settings)
        assert verify_audit(database, seals).findings == ()
        # and life goes on: ticks are above those of the old server, the key is there
        confirm_identity(database, new_run("c"), copies[0].copy_id, None)
        run_maintenance(again, tuple(Chore), is_whole=True)
        found = verify_audit(database, seals)
        assert (found.unsealed, found.findings) == (0, ())
    database.close()


def test_backup_is_readable_by_its_owner_only(backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0


def test_backup_writes_into_a_new_folder_only(bench: Workbench, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="already"):
        back_up(bench, tmp_path)


def test_restore_refuses_what_is_not_empty(
    bench: Workbench, backup: Path, empty_dsn: str, tmp_path: Path
) -> None:
    bench.store.put(b"later than the backup", Kind.MARKS)
    (seal_files_of(bench.settings).folder / "private.key").write_text("another")
    with pytest.raises(Conflict, match="Not empty: database, file store, folder of the seals"):
        restore(bench.settings, bench.database.dsn, backup)
    with pytest.raises(Conflict, match=r"Not empty: database\."):
        restore(Settings(home=tmp_path / "new"), bench.database.dsn, backup)
    rows = count_rows(bench)
    with pytest.raises(Conflict, match="file store"):
        restore(bench.settings, empty_dsn, backup)
    assert count_rows(bench) == rows


def _spoil_file(folder: Path) -> None:
    next((folder / "files").rglob("*.final.pdf")).write_bytes(b"rotten")


def _lose_file(folder: Path) -> None:
    next((folder / "files").rglob("*.copy.pdf")).unlink()


def _spoil_dump(folder: Path) -> None:
    path = folder / "database.dump"
    path.write_bytes(path.read_bytes()[:-50])


def _lose_dump(folder: Path) -> None:
    (folder / "database.dump").unlink()


def _lose_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _newer_form(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"form": 99}))


@pytest.mark.parametrize(
    "damage",
    [_spoil_file, _lose_file, _spoil_dump, _lose_dump, _lose_manifest, _newer_form],
    ids=lambda damage: damage.__name__.strip("_"),
)
def test_nothing_is_restored_from_a_damaged_backup(
    backup: Path, empty_dsn: str, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(backup)
    home = tmp_path / "new"
    with pytest.raises(FinalError):
        restore(Settings(home=home), empty_dsn, backup)
    assert not (home / "store").exists()
    with psycopg.connect(empty_dsn) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    assert tables == (0,)


def test_restore_goes_on_where_it_was_killed(
    backup: Path, exam_id: ExamId, empty_dsn: str, tmp_path: Path
) -> None:
    home, source = tmp_path / "new", Store(str(backup / "files"))
    name = next(name for name, _ in source.list_names())
    (home / "store" / name).parent.mkdir(parents=True)
    shutil.copy(backup / "files" / name, home / "store" / name)
    (home / "seal").mkdir()
    (home / "seal" / "private.key").write_bytes((backup / "seal/private.key").read_bytes()[:3])
    restored = restore(Settings(home=home), empty_dsn, backup)
    assert len(list(Store(str(home / "store")).list_names())) == restored.files
    key = (home / "seal" / "private.key").read_bytes()
    assert key == (backup / "seal" / "private.key").read_bytes()


def test_restore_that_was_killed_half_way_leaves_the_database_empty(
    backup: Path, empty_dsn: str
) -> None:
    """``psql`` takes it for the end of what it is given."""
    command = [sys.executable, "-c", KILLED_HALF_WAY, empty_dsn, str(backup / "database.dump")]
    assert subprocess.run(command, check=False).returncode == 9
    with psycopg.connect(empty_dsn) as connection:
        others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
        while connection.execute(others, (connection.info.backend_pid,)).rowcount:
            connection.commit()
    assert is_empty(empty_dsn)


def test_backup_that_was_killed_is_written_anew(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    place = tmp_path / "backups"
    (place / f"{PREFIX}killed" / "files").mkdir(parents=True)
    back_up(bench, place / "today")
    assert [path.name for path in place.iterdir()] == ["today"]


def test_damaged_file_is_told_and_not_backed_up_as_whole(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    copy = list_copies(bench, exam_id)[0]
    assert copy.file_sha256
    Path(bench.store.path(copy.file_sha256, Kind.COPY)).write_bytes(b"rotten")
    with pytest.raises(FinalError, match=copy.file_sha256[:12]):
        back_up(bench, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_password_is_in_no_argument(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def run(arguments: list[str], **options: object) -> object:
        calls.append(arguments)
        raise ServiceUnavailable("seen enough")

    monkeypatch.setattr("viatique.services.dump.subprocess.Popen", run)
    with pytest.raises(ServiceUnavailable):
        load_database("postgresql://who:s3cret@127.0.0.1/db", tmp_path / "x")
    with pytest.raises(ServiceUnavailable):
        dump_database("postgresql://who:s3cret@127.0.0.1/db", tmp_path / "x", snapshot="1")
    assert "s3cret" not in str(calls)
    assert "who" in str(calls)
