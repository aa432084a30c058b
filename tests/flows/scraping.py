"""The exporter of an installation as a program, and its numbers."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.flows.installation import COMMAND, PATIENCE_S, Installation
from viatique.services.processes import free_port

Numbers = dict[tuple[str, ...], float]
"""Values by sample name and the values of its labels, in the order of the labels' names."""


@contextmanager
def serving(environment: Mapping[str, str], *arguments: str, ready: str) -> Iterator[int]:
    """A serving command as a process of its own, killed at the end; gives its port."""
    port = free_port()
    with subprocess.Popen(
        [*COMMAND, *arguments, "--port", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}{ready}", process)
            yield port
        finally:
            process.kill()


def scrape(installation: Installation, port: int) -> Numbers:
    """What the exporter says now, but the buckets."""
    token = (installation.home / "run" / "metrics.token").read_text("utf-8").strip()
    answer = httpx.get(
        f"http://127.0.0.1:{port}/metrics", headers={"authorization": f"Bearer {token}"}, timeout=30
    )
    answer.raise_for_status()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, "the program ended by itself"
        assert time.monotonic() < deadline, "the program does not answer"
        try:
            httpx.get(url, timeout=5)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
