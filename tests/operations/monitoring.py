"""Debian's Prometheus and Alertmanager with the kit's own files, only faster and on free ports."""

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from viatique.services.processes import free_port

INFRA = Path(__file__).parents[2] / "infra"
PATIENCE_S = 90.0
LOCAL = "127.0.0.1"


@dataclass
class Pager:
    """Whoever is told of alerts: what was posted to it, by path."""

    told: list[tuple[str, str]] = field(default_factory=list)

    def has(self, path: str, alert: str) -> bool:
        return (path, alert) in self.told


@dataclass(frozen=True)
class Monitoring:
    """Running parts."""

    prometheus: str
    alertmanager: str
    pager: Pager

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers; a wrong expression is an error."""
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": expression})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def alerts(self) -> set[str]:
        """Names of what Alertmanager knows to fire."""
        answer = httpx.get(f"{self.alertmanager}/api/v2/alerts").raise_for_status()
        return {alert["labels"]["alertname"] for alert in answer.json()}


@contextmanager
def monitoring(folder: Path, targets: Mapping[str, int], token: Path) -> Iterator[Monitoring]:
    """Prometheus scraping the jobs at these ports, Alertmanager behind it, a pager behind that."""
    for name in ("prometheus", "prometheus-alertmanager"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed (Debian's package of that name)")
    with ExitStack() as stack:
        pager, pager_port = stack.enter_context(_pager())
        ports = (free_port(), free_port())
        prometheus, alertmanager = (f"http://{LOCAL}:{port}" for port in ports)
        stack.enter_context(_alertmanager(folder, ports[1], pager_port))
        wait_until(lambda: _is_ready(alertmanager))
        stack.enter_context(_prometheus(folder, ports, targets, token))
        wait_until(lambda: _is_ready(prometheus))
        yield Monitoring(prometheus=prometheus, alertmanager=alertmanager, pager=pager)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def _prometheus(
    folder: Path, ports: tuple[int, int], targets: Mapping[str, int], token: Path
) -> Iterator[None]:
    config = yaml.safe_load((INFRA / "prometheus" / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [f"{LOCAL}:{ports[1]}"]
    config["scrape_configs"] = [
        job for job in config["scrape_configs"] if job["job_name"] in targets
    ]
    for job in config["scrape_configs"]:
        job["authorization"]["credentials_file"] = str(token)
        job["static_configs"][0]["targets"] = [f"{LOCAL}:{targets[job['job_name']]}"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    rules = (INFRA / "prometheus" / "rules.yml").read_text("utf-8")
    (folder / "rules.yml").write_text(re.sub(r"for: \w+", "for: 1s", rules), "utf-8")
    with _program(
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={LOCAL}:{ports[0]}",
        "--enable-feature=exemplar-storage",
    ):
        yield


@contextmanager
def _alertmanager(folder: Path, port: int, pager_port: int) -> Iterator[None]:
    text = (INFRA / "alertmanager" / "alertmanager.yml").read_text("utf-8")
    config = text.replace("alert-gateway:9000", f"{LOCAL}:{pager_port}")
    config = re.sub(r"group_(wait|interval): \w+", r"group_\1: 1s", config)
    (folder / "alertmanager.yml").write_text(config, "utf-8")
    with _program(
        "prometheus-alertmanager",
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alerts'}",
        f"--web.listen-address={LOCAL}:{port}",
        "--cluster.listen-address=",
    ):
        yield


@contextmanager
def _program(*arguments: str) -> Iterator[None]:
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.kill()


@contextmanager
def _pager() -> Iterator[tuple[Pager, int]]:
    pager = Pager()

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            for alert in body["alerts"]:
                pager.told.append((self.path, alert["labels"]["alertname"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    with ThreadingHTTPServer((LOCAL, 0), Gateway) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield pager, server.server_port
        finally:
            server.shutdown()
            thread.join()
