"""The dashboard served on a database and a store of the tests, without Prefect."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import CHROMIUM, chromium
from tests.cli.commands import url_of
from tests.conftest import with_database
from viatique.db.pool import Database
from viatique.files import Store
from viatique.services.processes import free_port

START_S = 60


@dataclass(frozen=True)
class Site:
    """Where the dashboard is, and what is behind it."""

    address: str
    database: Database
    store: Store


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium")
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(
    server_dsn: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A dashboard that lasts as long as the module's tests, on a database of their own."""
    name = f"site_{secrets.token_hex(4)}"
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    dsn = with_database(server_dsn, name)
    home = tmp_path_factory.mktemp("site")
    database = Database(dsn).open()
    with served(home, dsn) as port:
        yield Site(f"http://127.0.0.1:{port}", database, Store(str(home / "store")))
    database.close()
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def served(home: Path, dsn: str, port: int | None = None, **more: str) -> Iterator[int]:
    """The dashboard's process, and the port it listens on; ``more``: settings of its own."""
    port = port or free_port()
    settings = {
        **more,
        "VIATIQUE_HOME": str(home),
        "DATABASE_URL": url_of(dsn),
        "VIATIQUE_PROCESSES": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "dashboard.server", "127.0.0.1", str(port)],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + START_S
        while not _listens(port):
            assert process.poll() is None, "the dashboard ended"
            assert time.monotonic() < deadline, "the dashboard did not start"
            time.sleep(0.1)
        yield port
        process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
