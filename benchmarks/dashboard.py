"""How long a page of the dashboard takes while many people use it, seen by their websockets.

Serves the dashboard in a home of its own with a made-up exam, opens a session for each user and
reruns pages with a pause after each, as people do. A rerun ends when the script has finished and
all it shows has arrived.

    python -m benchmarks.dashboard [--users 25] [--seconds 30] [--pause 2]
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from viatique.access import Role
from viatique.demo.exam import generate_exam
from viatique.demo.plan import NO_TRAPS
from viatique.inline import run_import
from viatique.services.local import stop
from viatique.services.processes import free_port
from viatique.settings import Settings
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.steps.sign_in import create_account
from viatique.workbench import open_workbench

PAGES = ("todo", "copies", "copy", "results", "marking", "audit", "exams")
START_S = 60.0
LARGEST = 64 * 1024 * 1024


@dataclass
class Timings:
    """Milliseconds of each rerun, by page; the first of a session is not among them."""

    reruns: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PAGES})
    failures: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pause", type=float, default=2)
    parser.add_argument("--copies", type=int, default=40)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "var"
        exam_id, passwords = _prepare(Path(folder), home, copies=wish.copies, users=wish.users)
        with _served(home) as address:
            timings = asyncio.run(_use(address, exam_id, passwords, wish.seconds, wish.pause))
        _report(timings, wish.users, wish.pause)
        stop(Settings(home=home), force=True)


def _prepare(folder: Path, home: Path, *, copies: int, users: int) -> tuple[str, dict[str, str]]:
    exam = generate_exam(folder / "exam", copies=copies, traps=NO_TRAPS, dpi=100)
    with open_workbench(Settings(home=home, processes=1)) as bench:
        exam_id = create_exam(bench, exam.exam_toml)
        receive_scan(bench, exam_id, exam.scan_pdf)
        run_import(bench, exam_id)
        logins = [f"user{number}" for number in range(users)]
        return exam_id, {
            login: create_account(bench.database, login, Role.COORDINATOR) for login in logins
        }


@contextmanager
def _served(home: Path) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [sys.executable, "-m", "dashboard.server", *address.split(":")],
        env={**os.environ, "VIATIQUE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + START_S
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the dashboard did not start")
            time.sleep(0.2)
        yield address
        process.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/_stcore/health").is_success
    except httpx.TransportError:
        return False


async def _use(
    address: str, exam_id: str, passwords: dict[str, str], seconds: float, pause: float
) -> Timings:
    timings = Timings()
    cookies = [await _sign_in(address, *account) for account in passwords.items()]
    until = time.monotonic() + seconds
    await asyncio.gather(
        *(
            _visit(address, cookie, exam_id, until=until, pause=pause, timings=timings)
            for cookie in cookies
        )
    )
    return timings


async def _sign_in(address: str, login: str, password: str) -> str:
    async with httpx.AsyncClient() as client:
        form = {"login": login, "password": password}
        answer = await client.post(f"http://{address}/sign-in", data=form)
    return answer.headers["set-cookie"].partition(";")[0]


async def _visit(
    address: str, cookie: str, exam_id: str, *, until: float, pause: float, timings: Timings
) -> None:
    """One person: a session that goes from page to page."""
    dice = random.Random(cookie)  # noqa: S311  # pauses, no secret
    await asyncio.sleep(dice.uniform(0, pause))
    async with connect(
        f"ws://{address}/_stcore/stream",
        origin=f"http://{address}",
        additional_headers={"Cookie": cookie},
        subprotocols=["streamlit"],
        max_size=LARGEST,
    ) as socket:
        await _rerun(socket, "todo", exam_id)
        while time.monotonic() < until:
            await asyncio.sleep(dice.uniform(0.5, 1.5) * pause)
            name = dice.choice(PAGES)
            took_ms, is_fine = await _rerun(socket, name, exam_id)
            timings.reruns[name].append(took_ms)
            timings.failures += not is_fine


async def _rerun(socket: ClientConnection, name: str, exam_id: str) -> tuple[float, bool]:
    """Asks for a page; milliseconds until all of it is there, and whether it came without error."""
    message = BackMsg()
    message.rerun_script.page_name = name
    message.rerun_script.query_string = f"exam={exam_id}" + (
        f"&copy={exam_id}-0001" if name in {"copy", "marking"} else ""
    )
    started = time.perf_counter()
    await socket.send(message.SerializeToString())
    is_fine = True
    while True:
        part = ForwardMsg.FromString(bytes(await socket.recv()))
        kind = part.WhichOneof("type")
        if kind == "delta" and part.delta.new_element.WhichOneof("type") == "exception":
            is_fine = False
        if kind == "script_finished":
            return 1000 * (time.perf_counter() - started), is_fine


def _report(timings: Timings, users: int, pause: float) -> None:
    every = [took for found in timings.reruns.values() for took in found]
    print(f"{users} users, about {pause:g} s between their clicks: {len(every)} reruns", end="")
    print(f", {timings.failures} with an error")
    for name, found in {**timings.reruns, "all": every}.items():
        if len(found) > 1:
            late = statistics.quantiles(found, n=20)[-1]
            print(f"{name:9} median {statistics.median(found):6.0f} ms   p95 {late:6.0f} ms")


if __name__ == "__main__":
    main()
