"""A Postgres of one's own goes back to a point in time as ``infra/backup.md`` says; Debian's."""

import getpass
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.steps.benches import bench_on, list_copies, mark_exam
from viatique.db.exams import find_exam
from viatique.db.migrate import migrate
from viatique.db.pool import Connection, Database
from viatique.errors import TrailBroken
from viatique.inline import run_finalize
from viatique.models import ExamId
from viatique.run import new_run
from viatique.seal_files import ANCHOR, seal_files_of
from viatique.services.processes import free_port
from viatique.steps.log_trail import log_trail
from viatique.steps.release_results import release_results
from viatique.steps.seal_trail import seal_trail
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench
from viatique.workers import WorkerPool

pytestmark = pytest.mark.slow

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parts[-2]))
AS_POSTGRES = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
PATIENCE_S = 60.0
PAGE = (Path(__file__).parents[2] / "infra" / "backup.md").read_text("utf-8")
PAGE = PAGE.partition("## A Postgres of your own")[2]
ARCHIVING = ("wal_level", "archive_mode", "archive_timeout", "archive_command")
RECOVERING = ("restore_command", "recovery_target_time", "recovery_target_action")


def _settings(names: tuple[str, ...], folder: Path, **changed: str) -> str:
    """Lines of the page for postgresql.conf, in the test's own folder."""
    written = dict(re.findall(r"^    ([a-z_]+) = (.*)$", PAGE, re.MULTILINE)) | changed
    lines = [f"{name} = {written[name]}\n" for name in names]
    return "".join(lines).replace("/archive", f"{folder}/archive")


@dataclass
class Server:
    """Debian's Postgres in a folder, run as nobody in particular."""

    folder: Path
    data: Path
    port: int

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres:ci-only@127.0.0.1:{self.port}/viatique"

    def run(self, program: str, *arguments: str | Path) -> None:
        environment = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres"}
        done = subprocess.run(
            [*AS_POSTGRES, BINARIES[-1] / program, *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, **environment, "PGPASSWORD": "ci-only"},
            # the server that pg_ctl starts would hold a pipe open
            stdout=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, program

    def start(self, settings: str) -> None:
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as stream:
            stream.write(settings)
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off"
        options += f" -c unix_socket_directories={self.folder}"
        log = self.folder / "log"
        self.run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-w", "-m", "fast", "stop")

    def asked(self, query: str, database: str = "viatique") -> str:
        dsn = psycopg.conninfo.make_conninfo(self.dsn, dbname=database)
        with psycopg.connect(dsn, autocommit=True) as connection:
            (answer,) = connection.execute(query.encode()).fetchone() or (None,)
        return str(answer)


@pytest.fixture
def server() -> Iterator[Server]:
    if not BINARIES:
        pytest.skip("Debian's postgresql is not installed")
    folder = Path(tempfile.mkdtemp(prefix="viatique-pitr-"))
    found = Server(folder=folder, data=folder / "data", port=free_port())
    (folder / "password").write_text("ci-only")
    (folder / "archive").mkdir()
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, "postgres" if AS_POSTGRES else getpass.getuser())
    found.run(
        "initdb", "-D", found.data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8",
        "--locale=C.UTF-8", f"--pwfile={folder}/password",
    )  # fmt: skip
    found.start(_settings(ARCHIVING, folder))
    with psycopg.connect(
        psycopg.conninfo.make_conninfo(found.dsn, dbname="postgres"), autocommit=True
    ) as connection:
        connection.execute("CREATE DATABASE viatique")
    yield found
    found.stop()
    shutil.rmtree(folder)


@pytest.fixture
def house(server: Server, pool: WorkerPool, tmp_path: Path) -> Iterator[Workbench]:
    database = Database(server.dsn).open()
    migrate(database)
    with bench_on(database, tmp_path / "home", pool) as bench:
        yield bench
    database.close()


def _base_backup(server: Server) -> None:
    """The page's own command, into the test's folder."""
    (command,) = re.findall(r"^    pg_basebackup (.*)$", PAGE, re.MULTILINE)
    arguments = re.sub(r"--pgdata=\S+", f"--pgdata={server.folder}/base", command).split()
    server.run("pg_basebackup", *arguments)


def _wait_until_archived(server: Server) -> None:
    segment = server.asked("SELECT pg_walfile_name(pg_switch_wal())")
    deadline = time.monotonic() + PATIENCE_S
    while not (server.folder / "archive" / segment).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _go_back(server: Server, moment: str) -> None:
    """What the page says, step by step."""
    server.stop()
    shutil.rmtree(server.data)
    for folder, name in (("", "base"), ("pg_wal", "pg_wal")):
        target = server.data / folder
        target.mkdir(mode=0o700, exist_ok=True)
        shutil.unpack_archive(server.folder / "base" / f"{name}.tar.gz", target, filter="data")
    (server.data / "recovery.signal").touch()
    if AS_POSTGRES:
        subprocess.run(["chown", "-R", "postgres", server.data], check=True)
    server.start(_settings(RECOVERING, server.folder, recovery_target_time=f"'{moment}'"))
    deadline = time.monotonic() + PATIENCE_S
    while server.asked("SELECT pg_is_in_recovery()") != "False":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_released(connection: Connection, exam_id: ExamId) -> bool:
    return find_exam(connection, exam_id).released_at is not None


def _findings(bench: Workbench) -> list[tuple[int | None, str]]:
    found = verify_audit(bench.database, seal_files_of(bench.settings)).findings
    return [(finding.seal_id, finding.message) for finding in found]


def test_a_postgres_goes_back_between_two_changes(
    server: Server, house: Workbench, tmp_path: Path
) -> None:
    files, logs = seal_files_of(house.settings), house.settings.home_path / "logs"
    exam_id = mark_exam(house, tmp_path)
    seal_trail(house.database, files)
    _base_backup(server)
    run_finalize(house, exam_id)
    release_results(house.database, new_run(), exam_id, is_released=True)
    seal_trail(house.database, files)
    copies, moment = list_copies(house, exam_id), server.asked("SELECT clock_timestamp()")
    release_results(house.database, new_run(), exam_id, is_released=False)
    sealed_after = seal_trail(house.database, files)
    log_trail(house.database, logs)
    _wait_until_archived(server)
    house.database.close()

    _go_back(server, moment)

    again = Database(server.dsn).open()
    with bench_on(again, house.settings.home_path, house.pool) as bench:
        assert list_copies(bench, exam_id) == copies
        with again.transaction() as connection:
            assert _is_released(connection, exam_id)
        assert sealed_after == 1
        assert _findings(bench) == [(3, "it is gone, but anchored in seal")]
        with pytest.raises(TrailBroken, match="Seal 3"):
            seal_trail(again, files)
        (files.folder / ANCHOR).rename(files.folder / "anchor.before")
        release_results(again, new_run(), exam_id, is_released=False)
        assert seal_trail(again, files) == 1
        assert _findings(bench) == []
        # the log's last event is gone: it is written anew, the new event with it
        assert log_trail(again, logs) == verify_audit(again, files).events
    again.close()
