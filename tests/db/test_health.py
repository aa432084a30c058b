"""Ready means: every part that work needs can be used now, and the answer says which cannot."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from viatique.db.pool import Database
from viatique.exporter import health_routes
from viatique.files import Store
from viatique.services.processes import free_port
from viatique.steps.health import Health


def client(database: Database, store: Store, prefect: str | None) -> TestClient:
    health = Health(database=database, store=store, prefect_api_url=lambda: prefect)
    return TestClient(Starlette(routes=health_routes(health)))


def test_all_is_well_without_prefect_where_nobody_needs_it(
    database: Database, tmp_path: Path
) -> None:
    answer = client(database, Store(str(tmp_path)), None).get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "store": True})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("broken", ["database", "store", "prefect"])
def test_what_cannot_be_used_is_named_and_the_process_lives_on(
    database: Database, tmp_path: Path, broken: str
) -> None:
    nowhere = tmp_path / "file"
    nowhere.touch()
    if broken == "database":
        database.close()
    prefect = f"http://127.0.0.1:{free_port()}/api" if broken == "prefect" else None
    asked = client(database, Store(str(nowhere if broken == "store" else tmp_path)), prefect)
    answer = asked.get("/health/ready")
    assert answer.status_code == 503
    assert [name for name, works in answer.json().items() if not works] == [broken]
    assert asked.get("/health/live").json() == {"live": True}
