"""The API on a test's database and store, and clients signed in as each role."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.db.marking import TTL_S, store_account, store_ready
from tests.unit.pdf_factories import scan
from viatique.access import Role
from viatique.api.app import create_app
from viatique.api.parts import Parts
from viatique.db.pool import Database
from viatique.files import Kind, Store
from viatique.models import CopyId
from viatique.services.launch import Launcher
from viatique.steps.sign_in import create_service_token

ClientOf = Callable[[Role], TestClient]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


class Started(Launcher):
    """Stands for a launcher: notes what is started, which then runs for ever."""

    def __init__(self) -> None:
        super().__init__({})
        self.commands: list[tuple[str, ...]] = []

    def start(self, *arguments: str) -> bool:
        is_new = arguments not in self.commands
        self.commands += [arguments] if is_new else []
        return is_new

    def is_running(self, *arguments: str) -> bool:
        return arguments in self.commands


@pytest.fixture
def started() -> Started:
    return Started()


@pytest.fixture
def app(database: Database, store: Store, started: Started) -> FastAPI:
    parts = Parts(
        database=database,
        store=store,
        lock_ttl_s=TTL_S,
        launcher=started,
        requests_per_minute=1_000_000,
    )
    return create_app(parts)


@pytest.fixture
def copy_ids(database: Database, store: Store) -> list[CopyId]:
    """Three copies of two pages that may be marked."""
    return store_ready(database, 3, file=store.put(scan(2), Kind.COPY))


@pytest.fixture
def copy_id(copy_ids: list[CopyId]) -> CopyId:
    return copy_ids[0]


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """Somebody who is not signed in."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client_of(app: FastAPI, database: Database) -> ClientOf:
    """A program that acts as an account of the role; a new account each time."""
    made: list[str] = []

    def client(role: Role) -> TestClient:
        account_id = f"U{len(made):08d}"
        made.append(account_id)
        store_account(database, account_id, role)
        token = create_service_token(database, account_id, "tests")
        headers = {"authorization": f"Bearer {token}"}
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    return client


@pytest.fixture
def marker(client_of: ClientOf) -> TestClient:
    return client_of(Role.MARKER)


@pytest.fixture
def coordinator(client_of: ClientOf) -> TestClient:
    return client_of(Role.COORDINATOR)
