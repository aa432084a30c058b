"""Stages as flows on a real Prefect server: what is killed may be the server, or the worker too."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import psutil

from tests.kills import runs
from tests.kills.points import Victim
from tests.kills.trials import Field, Stage, Strike, Trial
from viatique.models import ExamId
from viatique.services import prefect_server
from viatique.services.environment import prefect_environment
from viatique.services.flow_runs import ACTIVE, FlowName, PrefectRuns
from viatique.services.local import ensure
from viatique.services.prefect_server import current_api_url

START_S = 120.0
PORTS = range(20_000, 32_000)
"""Below those the system gives out: while the server is dead nobody else takes its port, which the
processes forked after its first start go on using."""


def on_prefect(stage: Stage) -> Stage:
    """The same stage as a flow run that Prefect knows of."""
    arguments = tuple(word for word in stage.command.arguments if word != "--inline")
    return replace(
        stage,
        name=f"{stage.name} (Prefect)",
        command=replace(stage.command, arguments=arguments),
        # start, heartbeat and report take Prefect some seconds more
        duration_s=stage.duration_s + 3,
    )


def prefect_variables(field: Field) -> dict[str, str]:
    """Starts the home's Prefect server; what a process needs to use it."""
    prefect_server.WANTED_PORT = random.choice(PORTS)  # noqa: S311
    with ensure(field.ground.settings, prefect=True, on_progress=lambda _message: None) as found:
        return {
            **prefect_environment(field.ground.home, found.prefect_api_url or ""),
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        }


class Worker:
    """A worker of all pools, and the flow runs it is given."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._environment = {
            **os.environ,
            **prefect_variables(field),
            **field.ground.environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        url = current_api_url(field.ground.settings)
        assert url is not None
        self.client = httpx.Client(base_url=url, timeout=30)
        self.runs = PrefectRuns(url, client=self.client)

    def start(self) -> None:
        """Starts it; Prefect takes some seconds to hear of it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.worker"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def deploy(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "flows.deploy"], env=self._environment, check=False
        )
        assert done.returncode == 0

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def state(self, run_id: str) -> str:
        answer = self.client.get(f"flow_runs/{run_id}")
        return str(answer.raise_for_status().json()["state_type"])

    def kill_once(self, stage: Stage, name: FlowName, victim: Victim, after_s: float) -> Trial:
        """Has the worker run a flow, kills one of the two, and has it run the flow again."""
        field = self._field
        field.ground.load(stage.state)
        exam = ExamId(stage.command.arguments[1])
        first = self.runs.start(name, exam)
        assert runs.wait_until(lambda: self.state(first) == "RUNNING" and self.flow_processes())
        runs.wait_until(lambda: False, patience_s=after_s)
        engines = self.flow_processes()
        if victim is Victim.WORKER:
            self.kill()
        else:
            for process in engines:
                process.kill()
        assert runs.wait_until(lambda: not self.flow_processes()), "a flow run never ends"
        if victim is Victim.WORKER:
            self.start()
        again = self.runs.start(name, exam)
        assert runs.wait_until(lambda: self.state(again) not in ACTIVE), "the second run never ends"
        wrong = [f"ended as {state}" for state in [self.state(again)] if state != "COMPLETED"]
        assert runs.wait_until(lambda: self.state(first) not in ACTIVE), "the first run never ends"
        wrong += field.compare(stage, {victim})
        wrong += field.leftovers()
        return Trial(
            stage=f"{stage.name} (Prefect)",
            strikes=(Strike(victim=victim, after_s=after_s),) if engines else (),
            wrong=tuple(wrong),
        )

    def flow_processes(self) -> list[psutil.Process]:
        """Processes of flow runs on this home, whoever started them."""
        home = str(self._field.ground.home)
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            words = process.info["cmdline"] or []
            environment = process.info["environ"] or {}
            if "prefect.engine" in " ".join(words) and environment.get("VIATIQUE_HOME") == home:
                found.append(process)
        return found


@contextmanager
def worker_of(field: Field) -> Iterator[Worker]:
    """A worker with every flow deployed, for as long as the block lasts."""
    worker = Worker(field)
    worker.deploy()
    worker.start()
    try:
        yield worker
    finally:
        worker.kill()
        worker.client.close()
