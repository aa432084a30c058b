"""Metrics are what the database says, whoever measured it and however often they are asked."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from starlette.testclient import TestClient

from tests.db.stored import store_copies, store_exam
from viatique.db.observations import insert_observation
from viatique.db.pool import Database
from viatique.lifecycle import CopyStatus
from viatique.metrics import metrics_app, metrics_token
from viatique.models import IdentityState
from viatique.run import Run

TOKEN = "t" * 43
FINALIZE = "grading_finalize_duration_seconds"


def scrape(database: Database) -> dict[str, list[Sample]]:
    client = TestClient(metrics_app(database, TOKEN))
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    found: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def observe(database: Database, metric: str, value: float, **labels: str) -> None:
    with database.transaction() as connection:
        insert_observation(
            connection, metric=metric, value=value, labels=labels, run=Run(correlation_id="run-1")
        )


def test_durations_are_summed_into_cumulative_buckets_at_every_scrape(database: Database) -> None:
    for value in (0.05, 0.1, 0.3, 500.0):
        observe(database, FINALIZE, value, status="success", retry_attempt="1")
    observe(database, FINALIZE, 2.0, status="failed", retry_attempt="3+")
    for _ in range(2):
        found = scrape(database)
        success = {
            sample.labels["le"]: sample.value
            for sample in found[f"{FINALIZE}_bucket"]
            if sample.labels["status"] == "success"
        }
        assert (success["0.1"], success["0.5"], success["120.0"], success["+Inf"]) == (2, 3, 3, 4)
        sums = {sample.labels["status"]: sample.value for sample in found[f"{FINALIZE}_sum"]}
        assert sums == {"success": pytest.approx(500.45), "failed": 2.0}


def test_every_status_and_identity_is_there_zero_included(database: Database) -> None:
    store_copies(database, store_exam(database), 1)
    found = scrape(database)
    statuses = {s.labels["status"]: s.value for s in found["grading_copies_by_status"]}
    assert statuses.keys() == {str(status) for status in CopyStatus}
    assert sum(statuses.values()) == 1
    states = {s.labels["state"]: s.value for s in found["grading_identities"]}
    assert states == {str(s): float(s is IdentityState.PENDING) for s in IdentityState}
    waiting = {s.labels["stage"]: s.value for s in found["grading_oldest_waiting_seconds"]}
    assert max(waiting.values()) > 0
    assert waiting["review"] == 0


def test_events_are_counted_by_type(database: Database) -> None:
    for _ in range(3):
        observe(database, "grading_ocr_errors_total", 1.0, error_type="engine")
    (sample,) = scrape(database)["grading_ocr_errors_total"]
    assert (sample.labels, sample.value) == ({"error_type": "engine"}, 3.0)


def test_the_flow_run_is_the_exemplar_in_open_metrics(database: Database) -> None:
    observe(database, FINALIZE, 0.3, status="success", retry_attempt="1")
    client = TestClient(metrics_app(database, TOKEN))
    headers = {
        "authorization": f"Bearer {TOKEN}",
        "accept": "application/openmetrics-text; version=1.0.0",
    }
    text = client.get("/metrics", headers=headers).text
    (line,) = [line for line in text.splitlines() if "flow_run_id" in line]
    assert '# {flow_run_id="run-1"} 0.3' in line


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer x", f"Basic {TOKEN}"])
def test_without_the_token_nothing_is_said(database: Database, header: str) -> None:
    client = TestClient(metrics_app(database, TOKEN))
    answer = client.get("/metrics", headers={"authorization": header})
    assert answer.status_code == 401
    assert "grading" not in answer.text


def test_a_database_that_is_gone_is_said_and_breaks_nothing(database: Database) -> None:
    database.close()
    found = scrape(database)
    assert [sample.value for sample in found["viatique_database_up"]] == [0.0]
    assert "process_cpu_seconds_total" in found


def test_the_token_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    token = metrics_token(tmp_path)
    assert token == metrics_token(tmp_path)
    assert (tmp_path / "run" / "metrics.token").stat().st_mode & 0o077 == 0
