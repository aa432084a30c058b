"""Metrics are what the database says, whoever measured it and however often they are asked."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.db.marking import store_account, store_ready, take
from tests.db.stored import store_copies, store_exam
from viatique.db.audit import list_events
from viatique.db.exams import find_exam
from viatique.db.observations import insert_observation
from viatique.db.pool import Database
from viatique.exporter import LIMIT, create_exporter, metrics_token
from viatique.files import Store
from viatique.lifecycle import Action, CopyStatus
from viatique.measured import OcrError
from viatique.metrics import DomainCollector
from viatique.models import IdentityState
from viatique.run import Run
from viatique.seal_files import SealFiles
from viatique.steps.health import Health
from viatique.steps.reset_metrics import reset_metrics
from viatique.steps.seal_state import is_seal_sound, seal_age_s
from viatique.steps.seal_trail import seal_trail

TOKEN = "t" * 43
FINALIZE = "grading_finalize_duration_seconds"


def exporter(database: Database) -> Starlette:
    health = Health(database=database, store=Store("memory://"), prefect_api_url=lambda: None)
    domain = DomainCollector(
        database,
        retry_limit=3,
        seal_files=SealFiles(folder=Path("/none")),
        log_folder=Path("/none"),
    )
    return create_exporter(domain, TOKEN, health)


def scrape(database: Database) -> dict[str, list[Sample]]:
    client = TestClient(exporter(database))
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
            if (sample.labels["status"], sample.labels["retry_attempt"]) == ("success", "1")
        }
        assert (success["0.1"], success["0.5"], success["120.0"], success["+Inf"]) == (2, 3, 3, 4)
        sums = {
            (sample.labels["status"], sample.labels["retry_attempt"]): sample.value
            for sample in found[f"{FINALIZE}_sum"]
        }
        assert sums.keys() == {(s, n) for s in ("success", "failed") for n in ("1", "2", "3+")}
        assert {labels: value for labels, value in sums.items() if value} == {
            ("success", "1"): pytest.approx(500.45),
            ("failed", "3+"): 2.0,
        }


def test_every_status_and_identity_is_there_zero_included(database: Database) -> None:
    store_copies(database, store_exam(database), 1)
    found = scrape(database)
    statuses = {s.labels["status"]: s.value for s in found["grading_copies_by_status"]}
    assert statuses.keys() == {*CopyStatus, "LOCKED"}
    assert sum(statuses.values()) == 1
    states = {s.labels["state"]: s.value for s in found["grading_identities"]}
    assert states == {str(s): float(s is IdentityState.PENDING) for s in IdentityState}
    waiting = {s.labels["stage"]: s.value for s in found["grading_oldest_waiting_seconds"]}
    assert max(waiting.values()) > 0
    assert waiting["review"] == 0


def test_events_are_counted_by_type(database: Database) -> None:
    for _ in range(3):
        observe(database, "grading_ocr_errors_total", 1.0, error_type="engine")
    samples = scrape(database)["grading_ocr_errors_total"]
    counted = {sample.labels["error_type"]: sample.value for sample in samples}
    assert counted == {str(error): 3.0 * (error is OcrError.ENGINE) for error in OcrError}


def test_a_copy_that_a_marker_holds_is_locked_and_not_ready(database: Database) -> None:
    (copy_id,) = store_ready(database)
    take(database, store_account(database, "U1"), copy_id)
    counted = {s.labels["status"]: s.value for s in scrape(database)["grading_copies_by_status"]}
    assert (counted["LOCKED"], counted["READY"]) == (1, 0)


def test_a_measurement_that_cannot_be_written_costs_the_work_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.transaction() as connection:
        connection.execute("ALTER TABLE observation ADD CONSTRAINT full_up CHECK (value < 1)")
    exam_id = store_exam(database)
    with caplog.at_level("WARNING", "metrics"), database.transaction() as connection:
        connection.execute("UPDATE exam SET name = 'changed'")
        insert_observation(
            connection, metric=FINALIZE, value=9.0, labels={}, run=Run(correlation_id="run-1")
        )
    assert [record.message for record in caplog.records] == ["observation_lost"]
    with database.transaction() as connection:
        assert find_exam(connection, exam_id).name == "changed"


def test_a_reset_starts_all_counts_at_zero_and_is_audited(database: Database) -> None:
    observe(database, "grading_ocr_errors_total", 1.0, error_type="engine")
    assert reset_metrics(database, Run(correlation_id="run-2", actor="operator")) == 1
    assert {s.value for s in scrape(database)["grading_ocr_errors_total"]} == {0.0}
    with database.transaction() as connection:
        (event,) = list_events(connection, action=Action.RESET_METRICS)
    assert (event.actor, event.exam_id, event.details) == ("operator", None, {"observations": 1})


def test_the_flow_run_is_the_exemplar_in_open_metrics(database: Database) -> None:
    observe(database, FINALIZE, 0.3, status="success", retry_attempt="1")
    client = TestClient(exporter(database))
    headers = {
        "authorization": f"Bearer {TOKEN}",
        "accept": "application/openmetrics-text; version=1.0.0",
    }
    text = client.get("/metrics", headers=headers).text
    (line,) = [line for line in text.splitlines() if "flow_run_id" in line]
    assert '# {flow_run_id="run-1"} 0.3' in line


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer x", TOKEN, f"Basic {TOKEN}"])
def test_without_the_token_nothing_is_said(database: Database, header: str) -> None:
    client = TestClient(exporter(database))
    answer = client.get("/metrics", headers={"authorization": header})
    assert answer.status_code == 401
    assert "grading" not in answer.text


def test_who_asks_too_often_is_told_when_to_come_again(database: Database) -> None:
    client = TestClient(exporter(database))
    codes = [client.get("/metrics").status_code for _ in range(LIMIT)]
    assert set(codes) == {401}
    refused = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60


def test_a_database_that_is_gone_is_said_and_breaks_nothing(database: Database) -> None:
    database.close()
    found = scrape(database)
    assert [sample.value for sample in found["viatique_database_up"]] == [0.0]
    assert "process_cpu_seconds_total" in found


def test_the_token_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.token").touch()  # by a process that was killed before it wrote
    with ThreadPoolExecutor(4) as threads:
        (token,) = set(threads.map(metrics_token, [tmp_path] * 4))
    assert len(token) > 40
    assert token == metrics_token(tmp_path)
    assert (tmp_path / "run" / "metrics.token").stat().st_mode & 0o077 == 0


def test_the_trails_seal_is_watched(database: Database, tmp_path: Path) -> None:
    files = SealFiles(folder=tmp_path)
    store_copies(database, store_exam(database), 1)

    def told() -> tuple[bool, bool]:
        with database.transaction() as connection:
            return seal_age_s(connection) > 0, is_seal_sound(connection, files)

    assert told() == (True, True)
    seal_trail(database, files)
    assert told() == (False, True)
    anchor = tmp_path / "anchor.jsonl"
    anchor.write_text(anchor.read_text().replace("digest", "gone"))
    assert told() == (False, False)


def test_a_guard_that_is_off_is_watched(database: Database, tmp_path: Path) -> None:
    with database.transaction() as connection:
        connection.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_row_change")
        assert not is_seal_sound(connection, SealFiles(folder=tmp_path))
