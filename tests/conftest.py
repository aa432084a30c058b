"""Real parts for tests: a Postgres (DATABASE_URL, else embedded), a database for each test.

On it: a workbench, and the command.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as examples

from tests.cli.commands import Command, command_on
from tests.homes import remove_home
from tests.steps.benches import bench_on
from viatique.db.migrate import migrate
from viatique.db.pool import Database
from viatique.services.local import ensure
from viatique.settings import Settings
from viatique.workbench import Workbench
from viatique.workers import WorkerPool, worker_pool

SHARED = Path(os.environ.get("VIATIQUE_SHARED", Path(__file__).parents[2] / "shared"))

examples.register_profile("viatique", deadline=None)
examples.load_profile("viatique")  # on a busy machine a deadline fails what is right


@pytest.fixture(scope="session")
def server_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server DATABASE_URL names, else an embedded one that lasts as long as the tests."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    settings = Settings(home=tmp_path_factory.mktemp("server"))
    with ensure(settings, prefect=False, on_progress=lambda _message: None) as services:
        yield services.database_dsn
    remove_home(settings.home)


def with_database(dsn: str, name: str) -> str:
    """The DSN with another database name."""
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    return psycopg.conninfo.make_conninfo(**{**parts, "dbname": name})


@pytest.fixture(scope="session")
def template_database(server_dsn: str) -> Iterator[str]:
    """A migrated database that each test's own is cloned from."""
    name = f"template_{secrets.token_hex(4)}"
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = Database(with_database(server_dsn, name)).open()
    migrate(database)
    database.close()
    yield name
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_dsn(server_dsn: str, template_database: str) -> Iterator[str]:
    """A database of the test's own."""
    name = f"test_{secrets.token_hex(4)}"
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    yield with_database(server_dsn, name)
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_dsn: str) -> Iterator[Database]:
    """The test's database, open."""
    database = Database(database_dsn).open()
    yield database
    database.close()


@pytest.fixture
def empty_dsn(server_dsn: str) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"empty_{secrets.token_hex(4)}"
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield with_database(server_dsn, name)
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    folder = tmp_path_factory.mktemp("worker-logs")
    with worker_pool(2, log_folder=folder, log_format="json") as pool:
        yield pool


@pytest.fixture
def bench(database: Database, pool: WorkerPool, tmp_path: Path) -> Iterator[Workbench]:
    with bench_on(database, tmp_path / "home", pool) as bench:
        yield bench


@pytest.fixture
def viatique(
    database_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Command]:
    with command_on(database_dsn, tmp_path / "home", monkeypatch, capsys) as command:
        yield command


@pytest.fixture
def other_place(
    empty_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[], AbstractContextManager[Command]]:
    """The command on another home and an empty database, from when it is called on."""
    return lambda: command_on(empty_dsn, tmp_path / "elsewhere", monkeypatch, capsys)
