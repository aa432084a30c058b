"""How many markers one API carries: requests a second and their 95th percentile.

Each marker holds one copy over HTTP as the marking page does: autosaves of the draft, heartbeats,
scores, annotations made, moved and deleted, the page of marks. First at a person's pace, then as
fast as answers come. Clients, API and Postgres share the machine, so the processor time of the API
itself is told too: that does not depend on what else runs.

    python -m benchmarks.marking [--markers 50] [--seconds 30] [--pace 1.0]
"""

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from viatique.access import Role
from viatique.cli.running import workbench
from viatique.demo.exam import generate_exam
from viatique.demo.plan import NO_TRAPS
from viatique.steps.sign_in import create_account, create_service_token

COMMAND = (sys.executable, "-m", "viatique.cli")
NOTE = {"page": 0, "x": 0.2, "y": 0.4, "w": 0.3, "h": 0.05, "text": "à justifier"}
Durations = dict[str, list[float]]


class Marker(threading.Thread):
    """One marker on one copy until the end; ``pace_s``: mean pause between two requests."""

    def __init__(self, client: httpx.Client, copy_id: str, *, pace_s: float, end: float) -> None:
        super().__init__()
        self._client, self._copy, self._pace_s, self._end = client, copy_id, pace_s, end
        self._headers: dict[str, str] = {}
        self.durations: Durations = defaultdict(list)

    def run(self) -> None:
        lock = self._ask("lock", "POST", "/lock", {"take_over": True})
        self._headers = {"x-lock-token": lock["token"]}
        draft = self._ask("draft read", "GET", "/draft")["version"]
        scores = self._ask("marks", "GET", "/marks")["scores"]
        score = scores[0]["version"] if scores else 0
        while time.perf_counter() < self._end:
            for _ in range(6):
                content = {"text": "x" * 400, "n": draft}
                saved = {"content": content, "version": draft}
                draft = self._ask("autosave", "PUT", "/draft", saved)["version"]
            self._ask("heartbeat", "POST", "/lock/heartbeat")
            given = {"points": 1, "remark": "", "version": score}
            score = self._ask("score", "PUT", "/scores/1.a", given)["version"]
            self._annotate()
            self._ask("marks", "GET", "/marks")

    def _annotate(self) -> None:
        made = self._ask("annotation", "POST", "/annotations", NOTE)
        moved = {**NOTE, "x": 0.3, "version": made["version"]}
        path = f"/annotations/{made['id']}"
        version = self._ask("annotation", "PUT", path, moved)["version"]
        self._ask("annotation", "DELETE", f"{path}?version={version}")

    def _ask(self, kind: str, method: str, path: str, body: object = None) -> dict:
        if self._pace_s:
            time.sleep(random.expovariate(1 / self._pace_s))  # no secret
        started = time.perf_counter()
        answer = self._client.request(
            method, f"/copies/{self._copy}{path}", json=body, headers=self._headers
        )
        self.durations[kind].append(time.perf_counter() - started)
        answer.raise_for_status()
        return answer.json() if answer.content else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pace", type=float, default=1.0, help="seconds between two requests")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VIATIQUE_HOME"] = f"{folder}/var"
        os.environ["VIATIQUE_REQUESTS_PER_MINUTE"] = "1000000"
        exam_id, tokens = _prepare(Path(folder), given.markers)
        try:
            with _served() as (url, process):
                for pace_s in (given.pace, 0.0):
                    _measure(url, process, exam_id, tokens, pace_s=pace_s, seconds=given.seconds)
        finally:
            _viatique("down", "--force")


def _prepare(folder: Path, markers: int) -> tuple[str, list[str]]:
    """An exam with a copy for each marker, and their tokens."""
    made = generate_exam(folder / "exam", copies=markers, pages_per_copy=1, traps=NO_TRAPS, dpi=75)
    exam_id = _viatique("exam", "create", str(made.exam_toml)).strip()
    _viatique("import", exam_id, str(made.scan_pdf), "--inline")
    with workbench() as bench:
        tokens = []
        for number in range(markers):
            create_account(bench.database, f"marker{number}", Role.MARKER)
            tokens.append(create_service_token(bench.database, f"marker{number}", "benchmark"))
    return exam_id, tokens


def _viatique(*arguments: str) -> str:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@contextmanager
def _served() -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*COMMAND, "api", "--port", str(port)], stderr=subprocess.DEVNULL) as api:
        while not _answers(url):
            time.sleep(0.1)
        try:
            yield url, psutil.Process(api.pid)
        finally:
            api.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").status_code == 200
    except httpx.TransportError:
        return False


def _measure(
    url: str,
    process: psutil.Process,
    exam_id: str,
    tokens: list[str],
    *,
    pace_s: float,
    seconds: float,
) -> None:
    cpu, started = sum(process.cpu_times()[:2]), time.perf_counter()
    markers = [
        Marker(
            httpx.Client(
                base_url=f"{url}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=60
            ),
            f"{exam_id}-{number:04}",
            pace_s=pace_s,
            end=started + seconds,
        )
        for number, token in enumerate(tokens, start=1)
    ]
    for marker in markers:
        marker.start()
    for marker in markers:
        marker.join()
    elapsed = time.perf_counter() - started
    used = sum(process.cpu_times()[:2]) - cpu
    _report(markers, elapsed, used, pace_s=pace_s)


def _report(markers: list[Marker], elapsed: float, cpu_s: float, *, pace_s: float) -> None:
    durations: Durations = defaultdict(list)
    for marker in markers:
        for kind, found in marker.durations.items():
            durations[kind] += found
    everything = [one for found in durations.values() for one in found]
    how = f"a request every {pace_s:g} s each" if pace_s else "as fast as answers come"
    print(f"{len(markers)} markers, {how}:")
    print(
        f"  {len(everything) / elapsed:.0f} requests/s over {elapsed:.0f} s, "
        f"{1000 * cpu_s / len(everything):.1f} ms of the API's processor time each"
    )
    for kind, found in [("all", everything), *sorted(durations.items())]:
        print(
            f"  {kind:12} {len(found):6}  median {_percentile(found, 50):6.1f} ms   "
            f"95 % {_percentile(found, 95):6.1f} ms"
        )


def _percentile(found: list[float], percent: int) -> float:
    ordered = sorted(found)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    main()
