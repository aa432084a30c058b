"""One home with everything in it, put back to where a stage begins as often as it takes.

Its Postgres is the embedded one, found and mended by the commands themselves; the states to go
back to are template databases of it and copies of the home's folders.
"""

import functools
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tests.conftest import with_database
from tests.factories import make_readable_exam
from tests.flows.ways import QUESTIONS
from tests.homes import remove_home
from viatique.db.admin import answers
from viatique.demo.exam import DemoExam
from viatique.files import Kind, Store
from viatique.services.local import ensure
from viatique.services.postgres import Location, find_server, locate
from viatique.settings import Settings

COPIES = 4
DATABASE = "viatique"
BACKUPS = "backups"
KEPT = ("store", "seal", "inbox", "checks", "passing", BACKUPS)
"""Folders of the home that a stage begins with."""
YEARS_AGO = 3


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where runs take place.

    Attributes:
        folder: holds the home, the exam's files and the states; the runs' folders as well.
        recorded: what the OCR read of each copy, by the copy's file.
    """

    folder: Path
    exam: DemoExam
    variables: dict[str, str] = field(default_factory=dict)

    @functools.cached_property
    def _last_dsn(self) -> list[str]:
        return []

    @property
    def dsn(self) -> str:
        """Of the home's database, which runs then, whatever was done to it."""
        if not (self._last_dsn and answers(self._last_dsn[0])):
            with ensure(self.settings, prefect=False, on_progress=lambda _message: None) as found:
                self._last_dsn[:] = [found.database_dsn]
        return self._last_dsn[0]

    @property
    def home(self) -> Path:
        return self.folder / "var"

    @property
    def temporary(self) -> Path:
        """Where all runs make temporary files."""
        return self.folder / "tmp"

    @property
    def recorded(self) -> Path:
        return self.folder / "recorded"

    @property
    def marks(self) -> Path:
        return self.folder / "marks.json"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "VIATIQUE_HOME": str(self.home),
            "VIATIQUE_PROCESSES": "2",
            "VIATIQUE_CHUNK_SIZE": "2",
            "VIATIQUE_RETENTION_DAYS": "365",
            "VIATIQUE_LANGUAGE": "en",
            **self.variables,
        }

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, DATABASE_URL=None, PREFECT_API_URL=None)

    def save(self, name: str) -> None:
        """Keeps the present state under a name."""
        self._clone(DATABASE, name)
        _copy_folders(self.home, self.folder / "states" / name)

    def load(self, name: str) -> None:
        """Goes back to a state."""
        self._clone(name, DATABASE)
        _copy_folders(self.folder / "states" / name, self.home)

    @functools.cached_property
    def _location(self) -> Location:
        return locate(self.home)

    def service_pids(self) -> tuple[int, ...]:
        """Whom to kill when Postgres is the victim; nobody when only the run can find it."""
        return (self.postgres_pid(),)

    def postgres_pid(self) -> int:
        assert self.dsn, "it may have been killed a moment ago"
        server = find_server(self._location)
        assert server is not None
        return server.pid

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.dsn)

    def destroy(self) -> None:
        """All that a backup holds is gone; the backups are there."""
        self._clone("template0", DATABASE)
        for name in set(KEPT) - {BACKUPS}:
            shutil.rmtree(self.home / name, ignore_errors=True)

    def _clone(self, source: str, target: str) -> None:
        with psycopg.connect(with_database(self.dsn, "postgres"), autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(target)))
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
                (source,),
            )
            clone = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(clone.format(sql.Identifier(target), sql.Identifier(source)))
            # what a sequence gives next is in the log for the template only: after a crash it
            # would give the same again, unless it was last written before a checkpoint
            connection.execute("CHECKPOINT")


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A ground for as long as the block lasts, with an exam that is not created yet."""
    folder.chmod(0o755)  # an embedded Postgres started by root runs as somebody else
    exam = make_readable_exam(folder / "exam", copies=COPIES)
    settings = Settings(home=folder / "var", DATABASE_URL=None, PREFECT_API_URL=None)
    try:
        with ensure(settings, prefect=False, on_progress=lambda _message: None) as services:
            _spare_the_disk(services.database_dsn)
            yield Ground(folder=folder, exam=exam)
    finally:
        remove_home(settings.home)


def write_marks(ground: Ground, copy_ids: list[str]) -> None:
    """Marks for all copies; remarks and annotations too."""
    given = [
        {
            "copy": copy_id,
            "scores": {question: float(points) for question, points in QUESTIONS.items()},
            "remarks": {"2": "À rédiger."},
            "appreciation": "Ensemble solide.",
            "annotations": [
                {
                    "page": 0,
                    "kind": "COMMENT",
                    "text": "Oui",
                    "x": 0.1,
                    "y": 0.5,
                    "w": 0.3,
                    "h": 0.05,
                },
                {"page": 0, "kind": "TICK", "x": 0.6, "y": 0.6},
            ],
        }
        for copy_id in copy_ids
    ]
    ground.marks.write_text(json.dumps(given), "utf-8")


def record_readings(ground: Ground) -> None:
    """Keeps what the OCR read of each copy, for runs that are not about the OCR."""
    store = Store(str(ground.home / "store"))
    ground.recorded.mkdir()
    with ground.connect() as connection:
        for file, reading in connection.execute(
            "SELECT file_sha256, reading_sha256 FROM copy JOIN header_reading USING (copy_id)"
        ):
            (ground.recorded / file).write_bytes(store.get(reading, Kind.READING))


def lay_chores(ground: Ground, old_exam: str) -> None:
    """Work for every chore: what is old, what nobody needs, what the dead left."""
    with ground.connect() as connection:
        connection.execute(
            "UPDATE exam SET created_at = now() - make_interval(years => %s),"
            " exam_date = now() - make_interval(years => %s) WHERE exam_id = %s",
            (YEARS_AGO, YEARS_AGO, old_exam),
        )
        connection.execute(
            "INSERT INTO claim (stage, subject, correlation_id, holder, expires_at)"
            " VALUES ('cut', 'E00000-0001', 'gone', 1, now())"
        )
    for name in ("store/00/.writing-gone", "store/00/nobody.final.pdf", "passing/gone/scan.pdf"):
        path = ground.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        for old in (path, path.parent):
            os.utime(old, (0, 0))


def _spare_the_disk(dsn: str) -> None:
    """What a killed process wrote, the kernel has: only a power cut needs it to be on the disk."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            change = sql.SQL("ALTER SYSTEM SET {} = off")
            connection.execute(change.format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")


def _copy_folders(source: Path, target: Path) -> None:
    for name in KEPT:
        shutil.rmtree(target / name, ignore_errors=True)
        if (source / name).exists():
            shutil.copytree(source / name, target / name)
