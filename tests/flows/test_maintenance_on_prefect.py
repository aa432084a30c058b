"""Maintenance, silent runs and erasure on a real Prefect server and the embedded Postgres."""

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest
import yaml
from psycopg import sql

from flows.deploy import FLOWS
from flows.maintenance import maintain
from flows.silence import OURS, SIGN
from tests.flows.installation import Installation
from tests.flows.ways import api, services, texts, with_database
from tests.privacy.searches import files_under, files_with
from viatique.demo.exam import DemoExam
from viatique.services.environment import prefect_environment
from viatique.services.postgres import locate
from viatique.steps.maintain import Chore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NAME = "Zorglubmarquant"
PATIENCE_S = 90.0
RUN_TABLES = ("task_run", "artifact")
"""Tables of Prefect that hold what runs left."""
SLEEPER = """
import time
from flows.maintenance import maintain
from prefect import task
from prefect.runtime import flow_run
import flows.maintenance

@task
def stuck(chore, *, is_whole):
    print("stuck", flow_run.id, flush=True)
    time.sleep(600)

flows.maintenance.chore_task = stuck
maintain()
"""
DEPLOY = """
from datetime import timedelta
from flows.deploy import deploy_all, ensure_crash_automation
deploy_all()
deploy_all()
print(ensure_crash_automation(name="quick", silence=timedelta(seconds=10)))
"""


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def prefect(installation: Installation) -> dict[str, str]:
    """What a process needs to use the installation's Prefect server."""
    installation.run("maintain", "--only", "seal")  # whoever starts the server is to be gone
    with services(installation) as found:
        return {
            **installation.environment,
            **prefect_environment(installation.home, found.prefect_api_url or ""),
        }


@pytest.fixture(scope="module")
def automation(prefect: dict[str, str]) -> str:
    """Everything is deployed, twice; the id of an automation that waits for 10 s only."""
    done = subprocess.run(
        [sys.executable, "-c", DEPLOY], env=prefect, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()[-1]


def test_deployments_are_those_of_prefect_yaml(installation: Installation, automation: str) -> None:
    written = yaml.safe_load((Path(__file__).parents[2] / "prefect.yaml").read_text("utf-8"))
    expected = {
        (one["entrypoint"], one["name"], json.dumps(one.get("parameters", {}))): (
            one["work_pool"]["name"],
            [
                schedule.get("cron", schedule.get("interval"))
                for schedule in one.get("schedules", [])
            ],
        )
        for one in written["deployments"]
    }
    found = {
        (one["entrypoint"], one["name"], json.dumps(one["parameters"])): (
            one["work_pool_name"],
            [
                item["schedule"].get("cron", item["schedule"].get("interval"))
                for item in one["schedules"]
            ],
        )
        for one in api(installation, "deployments/filter")
    }
    assert found == expected
    automations = [one["name"] for one in api(installation, "automations/filter")]
    assert sorted(automations) == ["quick", "viatique-silent-runs"]


def test_a_run_that_fell_silent_becomes_crashed(
    installation: Installation, prefect: dict[str, str], automation: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER], env=prefect, stdout=subprocess.PIPE, text=True
    ) as sleeper:
        assert sleeper.stdout is not None
        assert any("stuck" in line for line in sleeper.stdout)
        sleeper.send_signal(signal.SIGKILL)

    def states() -> list[str]:
        return [
            run["state"]["type"]
            for run in api(installation, "flow_runs/filter")
            if run["name"] == "maintain" and run["state"]["type"] != "COMPLETED"
        ]

    assert states() == ["RUNNING"]
    _wait_until(lambda: states() == ["CRASHED"])
    with services(installation) as found:
        httpx.delete(f"{found.prefect_api_url}/automations/{automation}").raise_for_status()


def test_a_run_that_was_killed_is_crashed_by_maintenance_and_no_other_is(
    installation: Installation, prefect: dict[str, str], run_without_signs: str
) -> None:
    """Where nothing is deployed, there is no automation; who never gave a sign may live."""
    assert {flow.name for flow in (*FLOWS, maintain)} == set(OURS)
    with _sleeping(prefect) as killed, _sleeping(prefect) as living:
        with services(installation) as found:
            prefect_dsn = with_database(found.database_dsn, "prefect")
        _wait_until(lambda: all(_signs(prefect_dsn, one.run_id) for one in (killed, living)))
        killed.process.send_signal(signal.SIGKILL)
        with psycopg.connect(prefect_dsn) as connection:
            connection.execute(
                "UPDATE flow_run SET updated = updated - interval '10 minutes' WHERE id = ANY(%s)",
                ([killed.run_id, living.run_id, run_without_signs],),
            )
            connection.execute(
                "UPDATE events SET received = received - interval '10 minutes'"
                " WHERE resource_id = %s",
                (f"prefect.flow-run.{killed.run_id}",),
            )
        installation.run("maintain", "--only", "claims")
        runs = {run["id"]: run["state"] for run in api(installation, "flow_runs/filter")}
        assert runs[killed.run_id]["type"] == "CRASHED"
        assert "maintenance found" in runs[killed.run_id]["message"]
        assert runs[living.run_id]["type"] == "RUNNING"
        assert runs[run_without_signs]["type"] == "RUNNING"
        assert _signs(prefect_dsn, run_without_signs) == 0


@pytest.fixture
def run_without_signs(installation: Installation) -> Iterator[str]:
    """One whose worker was not told to send heartbeats, as the server knows it."""
    with services(installation) as found, httpx.Client(base_url=found.prefect_api_url or "") as to:
        flow = to.post("flows/", json={"name": maintain.name}).raise_for_status().json()
        given = {"flow_id": flow["id"], "state": {"type": "RUNNING"}}
        run = to.post("flow_runs/", json=given).raise_for_status().json()
        yield run["id"]
        to.delete(f"flow_runs/{run['id']}").raise_for_status()


@dataclass(frozen=True)
class _Sleeper:
    process: subprocess.Popen[str]
    run_id: str


@contextmanager
def _sleeping(prefect: dict[str, str]) -> Iterator[_Sleeper]:
    """A run in the middle of its work."""
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER], env=prefect, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        words = next(line.split() for line in process.stdout if "stuck" in line)
        try:
            yield _Sleeper(process, words[-1])
        finally:
            process.kill()


def _signs(prefect_dsn: str, run_id: str) -> int:
    with psycopg.connect(prefect_dsn) as connection:
        return connection.execute(
            "SELECT FROM events WHERE resource_id = %s AND event = %s",
            (f"prefect.flow-run.{run_id}", SIGN),
        ).rowcount


def test_maintenance_runs_as_a_flow(installation: Installation, undisturbed: str) -> None:
    shown = installation.run("maintain", "--whole")
    assert [chore for chore in Chore if chore not in shown] == []
    assert "0 not sealed yet, 0 problem(s)" in installation.run("audit", "verify")
    tables = [one for one in api(installation, "artifacts/filter") if one["key"] == "maintenance"]
    assert set(Chore) in [{row["chore"] for row in json.loads(one["data"])} for one in tables]


def test_old_runs_are_forgotten_with_all_they_left_and_those_of_others_are_not(
    installation: Installation, old_run_of_others: str
) -> None:
    installation.run("maintain", "--only", "claims")
    with services(installation) as found:
        prefect_dsn = with_database(found.database_dsn, "prefect")
    with psycopg.connect(prefect_dsn) as connection:
        (old,) = connection.execute(
            """
            UPDATE flow_run SET end_time = end_time - interval '91 days' WHERE id = (
                SELECT id FROM flow_run WHERE name = 'maintain' AND state_type = 'COMPLETED'
                ORDER BY end_time DESC LIMIT 1
            ) RETURNING id
            """
        ).fetchone() or (None,)
    before = _left_by_runs(prefect_dsn)
    assert {table for table, run in before if run == old} == {"flow_run", *RUN_TABLES}
    installation.run("maintain", "--only", "retention")
    _wait_until(lambda: not [table for table, run in _left_by_runs(prefect_dsn) if run == old])
    assert {one for one in before if one[1] != old} <= _left_by_runs(prefect_dsn)
    assert ("flow_run", UUID(old_run_of_others)) in before


@pytest.fixture
def old_run_of_others(installation: Installation) -> Iterator[str]:
    """A run of another flow on the same server that ended long ago."""
    with services(installation) as found, httpx.Client(base_url=found.prefect_api_url or "") as to:
        flow = to.post("flows/", json={"name": "somebody-elses"}).raise_for_status().json()
        given = {"flow_id": flow["id"], "state": {"type": "COMPLETED"}}
        run = to.post("flow_runs/", json=given).raise_for_status().json()
        with psycopg.connect(with_database(found.database_dsn, "prefect")) as connection:
            connection.execute(
                "UPDATE flow_run SET end_time = now() - interval '900 days' WHERE id = %s",
                (run["id"],),
            )
        yield run["id"]
        to.delete(f"flow_runs/{run['id']}").raise_for_status()


def _left_by_runs(prefect_dsn: str) -> set[tuple[str, UUID]]:
    """Every run, and each table that holds something of it."""
    with psycopg.connect(prefect_dsn) as connection:
        found = {("flow_run", run) for (run,) in connection.execute("SELECT id FROM flow_run")}
        for table in RUN_TABLES:
            query = sql.SQL("SELECT DISTINCT flow_run_id FROM {}").format(sql.Identifier(table))
            found |= {(table, run) for (run,) in connection.execute(query) if run}
    return found


def _exam_with_a_marked_name(folder: Path, exam: DemoExam) -> tuple[Path, str]:
    """The exam's file with another name on the roster; whose it is."""
    shutil.copytree(exam.exam_toml.parent, folder)
    roster = folder / "roster.csv"
    lines = list(csv.reader(roster.read_text("utf-8").splitlines(), delimiter=_delimiter(roster)))
    student = lines[1][0]
    old = exam.plan.roster[0]
    assert str(old.student_id) == student
    text = roster.read_text("utf-8")
    roster.write_text(text.replace(lines[1][1], NAME, 1), "utf-8")
    assert NAME in roster.read_text("utf-8").splitlines()[1]
    return folder / exam.exam_toml.name, student


def _delimiter(roster: Path) -> str:
    return csv.Sniffer().sniff(roster.read_text("utf-8").splitlines()[0]).delimiter


def _files_with_name(installation: Installation) -> set[str]:
    """Every file of the home and of the database with the name in its bytes."""
    return files_with(files_under(installation.home, locate(installation.home).data), [NAME])


def _rows_with_name(installation: Installation) -> list[str]:
    with services(installation) as found:
        cells = [
            cell
            for database in ("viatique", "prefect")
            for cell in texts(with_database(found.database_dsn, database))
        ]
    assert len(cells) > 100
    return [cell for cell in cells if NAME.lower() in cell.lower()]


def test_an_erased_name_is_on_no_disk_and_in_no_table(
    installation: Installation, demo_exam: DemoExam, tmp_path: Path
) -> None:
    exam_toml, student = _exam_with_a_marked_name(tmp_path / "exam", demo_exam)
    exam_id = installation.run("exam", "create", exam_toml).strip()
    inbox = installation.home / "inbox" / exam_id
    inbox.mkdir(parents=True)
    shutil.copy(demo_exam.scan_pdf, inbox / f"{NAME}.pdf")
    installation.run("import", exam_id)
    copy = f"{exam_id}-0001"
    installation.run("confirm", copy, student)
    marks = tmp_path / "marks.json"
    marks.write_text(
        json.dumps(
            [{"copy": copy, "scores": {"1.a": 2.5, "1.b": 3, "2": 10}, "remarks": {"2": NAME}}]
        )
    )
    installation.run("marks", exam_id, marks)
    installation.run("finalize", exam_id, "--inline")
    assert _rows_with_name(installation)
    assert len(_files_with_name(installation)) > 1, "the search finds what is there"
    installation.run("erase", exam_id, student)
    assert _rows_with_name(installation), "nothing goes without --yes"
    installation.run("erase", exam_id, student, "--yes")
    assert _rows_with_name(installation) == []
    assert _files_with_name(installation) == set()
    assert installation.run("audit", "verify")
    assert f"{exam_id}-0001" not in [row["copy"] for row in installation.lines("copies", exam_id)]
