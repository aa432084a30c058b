"""Several machines' worth of Viatique: what they share, and workers in homes of their own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import yaml

from tests.flows.installation import COMMAND
from tests.scale.certificates import make_certificates
from tests.scale.object_store import ObjectStore, object_store
from tests.scale.servers import PASSWORD, redis, tls_postgres, wait_until
from tests.scale.waiting import MEETING, WAIT
from viatique.services.environment import QUIET, SERVER
from viatique.services.flow_runs import PrefectRuns
from viatique.services.local import stop
from viatique.services.prefect_database import postgres_variables
from viatique.services.processes import LOOPBACK, free_port
from viatique.settings import Settings

ROOT = Path(__file__).parents[2]
AUTH = "operator:a-phrase-of-the-tests"
BUCKET = "viatique"
WAITING = "tests.scale.waiting_flow.finalize_copies"
SECRETS = (PASSWORD, AUTH.partition(":")[2], "a-secret-of-the-tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What every machine is told, and where each has its own folder."""

    folder: Path
    ca: Path
    dsn: str
    api_url: str
    redis_port: int
    client: httpx.Client
    environment: Mapping[str, str]
    logs: ExitStack = field(repr=False)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def machine(self, name: str, **settings: str) -> dict[str, str]:
        """The environment of one machine: a home of its own."""
        home = self.folder / name
        return {
            **self.environment,
            "VIATIQUE_HOME": str(home),
            "PREFECT_HOME": str(home / "prefect"),
            **settings,
        }

    def run(self, *arguments: str | Path, code: int = 0, **settings: str) -> str:
        """What a command prints on the machine where people work."""
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env=self.machine("desk", **settings),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr[-3000:]
        return done.stdout + (done.stderr if code else "")

    def expect(self, runs: int) -> None:
        """Has so many runs of the waiting flow begin at the same time."""
        meeting = self.folder / "meeting"
        shutil.rmtree(meeting, ignore_errors=True)
        meeting.mkdir()
        for number in range(runs):
            (meeting / f"free-{number}").touch()

    def places(self) -> list[Path]:
        """Of those that are expected, the ones that did not come yet."""
        return list((self.folder / "meeting").glob("free-*"))

    def start_worker(self, name: str, *pools: str) -> subprocess.Popen[bytes]:
        """A worker on a machine of its own, in its own folder."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        log = self.logs.enter_context((folder / "worker.log").open("ab"))
        worker = subprocess.Popen(
            [sys.executable, "-m", "flows.worker", *pools],
            env=self.machine(name),
            cwd=folder,
            stdout=log,
            stderr=log,
        )
        self.workers.append(worker)
        return worker

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
        """What the Prefect server answers."""
        return self.runs()._ask(method, path, body)

    def runs(self, *, per_exam: int = 1) -> PrefectRuns:
        """The server's runs as the dashboard sees and starts them."""
        return PrefectRuns(self.api_url, runs_per_exam=per_exam, client=self.client)


def power_off(worker: subprocess.Popen[bytes]) -> None:
    """Kills a worker with all it started, as a power cut does."""
    family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
    for process in family:
        process.kill()
    worker.wait(30)


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[Cluster]:
    """Postgres and Swift over TLS, Redis, a Prefect server; the flows deployed, no worker yet."""
    ca = make_certificates(folder)
    with ExitStack() as stack:
        url = stack.enter_context(tls_postgres(folder))
        redis_port = stack.enter_context(redis(folder))
        store = stack.enter_context(object_store(folder / "swift", folder))
        dsn = f"{url}/viatique?sslmode=verify-full&sslrootcert={ca}"
        for name in ("viatique", "prefect"):
            with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        api_url = f"http://{LOOPBACK}:{free_port()}/api"
        made = Cluster(
            folder=folder,
            ca=ca,
            dsn=dsn,
            api_url=api_url,
            redis_port=redis_port,
            client=stack.enter_context(_client(api_url)),
            environment=_environment(folder, dsn, api_url, store, ca) | settings,
            logs=stack,
        )
        _make_bucket(made)
        server = _start_server(made, stack)
        stack.callback(_stop, made, server)
        _deploy(made)
        yield made


def _client(api_url: str) -> httpx.Client:
    user, _, phrase = AUTH.partition(":")
    return httpx.Client(base_url=api_url, auth=(user, phrase), timeout=30, trust_env=False)


def _environment(
    folder: Path, dsn: str, api_url: str, store: ObjectStore, ca: Path
) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "VIATIQUE_", "AWS_"))
    }
    return {
        **kept,
        **QUIET,
        **store.environment(ca),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": dsn,
        "PREFECT_API_URL": api_url,
        "PREFECT_API_AUTH_STRING": AUTH,
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "VIATIQUE_PROCESSES": "1",
        "VIATIQUE_CHUNK_SIZE": "2",
        MEETING: str(folder / "meeting"),
        WAIT: "0.5",
        "VIATIQUE_STORE_URL": f"s3://{BUCKET}/store",
    }


def _make_bucket(made: Cluster) -> None:
    code = f"import s3fs; s3fs.S3FileSystem().mkdir({BUCKET!r})"
    subprocess.run([sys.executable, "-c", code], env=dict(made.environment), check=True)


def compose_settings() -> dict[str, str]:
    """What infra/compose.yaml tells the Prefect server of messaging and safety."""
    services = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text("utf-8"))["services"]
    written: dict[str, str] = services["prefect"]["environment"]
    return {name: value for name, value in written.items() if "${" not in value}


def _start_server(made: Cluster, stack: ExitStack) -> subprocess.Popen[bytes]:
    port = made.api_url.split(":")[2].partition("/")[0]
    prefect_dsn = re.sub(r"/viatique\?", "/prefect?", made.dsn)
    log = stack.enter_context((made.folder / "prefect.log").open("ab"))
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", port],
        env={
            **made.machine("server"),
            **compose_settings(),
            **SERVER,
            **postgres_variables(prefect_dsn),
            "PREFECT_HOME": str(made.folder / "server" / "prefect"),
            "PREFECT_SERVER_API_AUTH_STRING": AUTH,
            "PREFECT_REDIS_MESSAGING_HOST": LOOPBACK,
            "PREFECT_REDIS_MESSAGING_PORT": str(made.redis_port),
            "PREFECT_SERVER_DOCKET_URL": f"redis://{LOOPBACK}:{made.redis_port}/1",
        },
        stdout=log,
        stderr=log,
    )
    wait_until(lambda: server.poll() is not None or _is_healthy(made.api_url), patience_s=120)
    assert server.poll() is None, (made.folder / "prefect.log").read_text("utf-8")[-3000:]
    return server


def _is_healthy(api_url: str) -> bool:
    try:
        return httpx.get(f"{api_url}/health", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _deploy(made: Cluster) -> None:
    subprocess.run([sys.executable, "-m", "flows.deploy"], env=made.machine("desk"), check=True)
    deployment = made.ask("GET", "deployments/name/finalize-copies/default")
    made.ask("PATCH", f"deployments/{deployment['id']}", {"entrypoint": WAITING})


def _stop(made: Cluster, server: subprocess.Popen[bytes]) -> None:
    for worker in made.workers:
        if worker.poll() is None:
            power_off(worker)
    power_off(server)
    for keeper in made.folder.glob("*/run/keeper.json"):
        stop(Settings(home=keeper.parents[1]), force=True)
