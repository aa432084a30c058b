"""A proxy before an object store that is slow, cuts bodies in the middle and says 503."""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from viatique.services.processes import LOOPBACK

HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}
DELAY_S = 0.4


class Fault(StrEnum):
    """What happens to a request."""

    SLOW = "slow"
    UNHEARD = "cut off in the middle of what is sent"
    CUT = "cut off in the middle of the answer"
    UNAVAILABLE = "503"


class BadStore(ThreadingHTTPServer):
    """The store through a port of its own, as good as the store itself until told otherwise.

    Attributes:
        endpoint: leads through it.
        share: the part of the requests that something happens to.
        struck: what happened how often; the first request of all is struck.
    """

    daemon_threads = True

    def __init__(self, store: str, seed: int) -> None:
        super().__init__((LOOPBACK, 0), _Request)
        self.store = urlsplit(store)
        self.endpoint = f"http://{LOOPBACK}:{self.server_address[1]}"
        self.share = 0.0
        self.struck: Counter[Fault] = Counter()
        self._chance = random.Random(seed)  # noqa: S311
        self._turn = threading.Lock()

    def fault(self, *faults: Fault) -> Fault | None:
        """What happens to the next request, of what may."""
        with self._turn:
            if not self.share or (self.struck and self._chance.random() >= self.share):
                return None
            found = self._chance.choice(faults)
            self.struck[found] += 1
            return found

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what this is about."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BadStore

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.fault(*(one for one in Fault if body or one is not Fault.UNHEARD))
        match fault:
            case Fault.UNAVAILABLE:
                self._answer(503, {}, b"")
                return
            case Fault.UNHEARD:
                self._forward(body[: len(body) // 2], len(body))
                self._hang_up()
                return
            case Fault.SLOW:
                time.sleep(DELAY_S)
        answer = self._forward(body, len(body))
        assert answer is not None
        status, headers, content = answer
        self._answer(status, headers, content, is_cut=fault is Fault.CUT)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = relay  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is told."""

    def _forward(self, body: bytes, length: int) -> tuple[int, dict[str, str], bytes] | None:
        """What the store answers; nothing when it does not hear the whole."""
        store = self.server.store
        connection = http.client.HTTPConnection(str(store.hostname), store.port, timeout=30)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in HOP_HEADERS:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(length))
            connection.endheaders(body)
            if len(body) < length:
                return None
            answer = connection.getresponse()
            headers = {
                name: value
                for name, value in answer.getheaders()
                if name.lower() not in HOP_HEADERS or self.command == "HEAD"
            }
            return answer.status, headers, answer.read()
        finally:
            connection.close()

    def _answer(
        self, status: int, headers: dict[str, str], content: bytes, *, is_cut: bool = False
    ) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.command != "HEAD" or not headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if is_cut:
            self.wfile.write(content[: len(content) // 2])
            self._hang_up()
        else:
            self.wfile.write(content)

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True


@contextmanager
def before(store: str, *, seed: int) -> Iterator[BadStore]:
    """A proxy before the store for as long as the block lasts."""
    server: Any = BadStore(store, seed)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
