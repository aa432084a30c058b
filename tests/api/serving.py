"""The API as it is served: a process of its own, on a test's database, killed when it must be."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.cli.commands import url_of

START_S = 120.0


class Served:
    """``viatique api`` at ``url``; the same port after a restart."""

    def __init__(self, dsn: str, home: Path) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ,
            "DATABASE_URL": url_of(dsn),
            "VIATIQUE_HOME": str(home),
            "VIATIQUE_PROCESSES": "1",
            "VIATIQUE_REQUESTS_PER_MINUTE": "1000000",
        }
        self._clients: list[httpx.Client] = []
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-m", "viatique.cli", "api", "--port", str(self.port)]
        process = subprocess.Popen(
            arguments, env=self._environment, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert process.poll() is None, "the API ended by itself"
            assert time.monotonic() < deadline, "the API did not start"
        return process

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/live", timeout=5).status_code == 200
        except httpx.TransportError:
            time.sleep(0.05)
            return False

    def kill(self) -> None:
        """As a power cut does it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        self.process = self._start()

    def client(self, token: str) -> httpx.Client:
        """A client signed in with a service token."""
        headers = {"authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60)
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.kill()


@contextmanager
def served(dsn: str, home: Path) -> Iterator[Served]:
    """The API for as long as the block lasts."""
    api = Served(dsn, home)
    try:
        yield api
    finally:
        api.close()
