"""Two workers in folders of their own, on real parts: Prefect on Postgres and Redis, Swift's S3.

Everything goes over TLS; what the compose file tells the Prefect server is what it is told here.
"""

import subprocess
import sys

import certifi
import psycopg
import pytest

from tests.flows.secrets import arguments
from tests.scale.cluster import SECRETS, Cluster, power_off
from tests.scale.exam import Marked, finals
from tests.scale.servers import wait_until
from viatique.db.pool import Database
from viatique.errors import DatabaseUnavailable
from viatique.models import ExamId
from viatique.services.flow_runs import FlowName

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def workers(machines: Cluster) -> dict[str, subprocess.Popen[bytes]]:
    """Two workers for PDF work, started side by side."""
    return {name: machines.start_worker(name, "pdf") for name in ("one", "two")}


def holders(machines: Cluster) -> set[int]:
    """Processes that hold copies now."""
    with psycopg.connect(machines.dsn) as connection:
        rows = connection.execute(
            "SELECT DISTINCT holder FROM claim WHERE claim_is_live(holder, expires_at)"
        ).fetchall()
    return {row[0] for row in rows}


def shares(machines: Cluster, exam_id: str) -> dict[str, int]:
    """How many copies each flow run finalized."""
    with psycopg.connect(machines.dsn) as connection:
        rows = connection.execute(
            """
            SELECT correlation_id, count(*) FROM audit_event
            WHERE action = 'FINALIZE' AND exam_id = %s GROUP BY correlation_id
            """,
            (exam_id,),
        ).fetchall()
    return dict(rows)


def states(machines: Cluster) -> list[str]:
    """States of the flow runs the Prefect server knows, by name."""
    runs = machines.ask("POST", "flow_runs/filter", {"limit": 50})
    return sorted(run["state"]["type"] for run in runs if run["name"].startswith("finalize"))


@pytest.fixture(scope="session")
def finalized(
    machines: Cluster, workers: dict[str, subprocess.Popen[bytes]], marked: Marked
) -> dict[str, int]:
    """Both workers finalize one exam; the power of one is cut while both hold copies."""
    machines.expect(len(workers))
    machines.runs(per_exam=len(workers)).start(FlowName.FINALIZE, ExamId(marked.exam_id))
    wait_until(lambda: len(shares(machines, marked.exam_id)) == len(workers))
    wait_until(lambda: len(holders(machines)) == len(workers))
    power_off(workers["two"])
    wait_until(lambda: "COMPLETED" in states(machines))
    return shares(machines, marked.exam_id)


def test_workers_share_an_exam_and_lose_nothing_when_one_dies(
    machines: Cluster, finalized: dict[str, int], marked: Marked
) -> None:
    assert finals(machines.dsn, marked.exam_id) == marked.finals
    assert sum(finalized.values()) == len(marked.finals) == 14
    assert min(finalized.values()) > 0
    assert len(finalized) == 2
    assert holders(machines) == set()
    assert states(machines) == ["COMPLETED", "RUNNING"]  # the silent one: tests/flows
    assert "0 problem(s)" in machines.run("audit", "verify")


def test_prefect_talks_over_redis(machines: Cluster, finalized: dict[str, int]) -> None:
    assert finalized
    said = subprocess.run(
        ["redis-cli", "-p", str(machines.redis_port), "--scan"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "events" in said.stdout.split()


def test_nothing_secret_is_in_an_argument_or_a_log(
    machines: Cluster, finalized: dict[str, int]
) -> None:
    assert finalized
    seen = list(arguments().values())
    assert any("flows.worker" in one for one in seen)
    logs = [path.read_text("utf-8") for path in machines.folder.rglob("*.log*") if path.is_file()]
    assert len(logs) > 5
    assert [secret for secret in SECRETS for text in seen + logs if secret in text] == []


def test_servers_of_an_unknown_authority_are_not_spoken_to(machines: Cluster) -> None:
    stranger = Database(f"{machines.dsn}&sslrootcert=system").open()
    with pytest.raises(DatabaseUnavailable):
        stranger.ping(timeout_s=3)
    stranger.close()
    code = "import sys; from viatique.files import Store; Store(sys.argv[1]).probe()"
    probe = [sys.executable, "-c", code, machines.environment["VIATIQUE_STORE_URL"]]
    subprocess.run(probe, env=dict(machines.environment), check=True)
    strange = {**machines.environment, "AWS_CA_BUNDLE": certifi.where()}
    said = subprocess.run(probe, env=strange, capture_output=True, text=True, check=False)
    assert "StoreUnavailable" in said.stderr


def test_what_has_a_schedule_is_scheduled(machines: Cluster) -> None:
    def scheduled() -> set[str]:
        runs = machines.ask("POST", "flow_runs/filter", {"limit": 200})
        return {run["deployment_id"] for run in runs if run["auto_scheduled"]}

    deployments = machines.ask("POST", "deployments/filter", {"limit": 50})
    wait_until(lambda: scheduled() == {one["id"] for one in deployments if one["schedules"]})
