"""A line to a server that can be cut, at once or at the moment when certain words go over it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo

BLOCK_BYTES = 1 << 16
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """When a line is cut.

    Attributes:
        word: what a client says.
        nth: the how manieth time it is said, 1-based.
        is_after: the server hears it, its answer is lost. Otherwise it never hears it.
    """

    word: bytes
    nth: int
    is_after: bool


@dataclass(kw_only=True)
class Line:
    """Connections to a server through a port of its own.

    Attributes:
        dsn: leads through the line.
        is_down: who calls is hung up on.
        hang_ups: so many callers still are.
        was_cut: the planned cut has happened.
    """

    dsn: str
    target: tuple[str, int]
    plan: Cut | None = None
    is_down: bool = False
    hang_ups: int = 0
    was_cut: bool = False
    _heard: int = 0
    _calls: set["_Call"] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def plan_cut(self, cut: Cut | None) -> None:
        """Cuts all calls once, later."""
        self.plan, self.was_cut, self._heard = cut, False, 0

    def cut(self, last: "_Call | None" = None) -> None:
        """Ends all calls; whoever makes the last one then finds no other that still stands."""
        with self._turn:
            calls, self._calls = self._calls, set()
        for call in sorted(calls, key=lambda call: call is last):
            call.end()

    def serve(self, listener: socket.socket) -> None:
        """Takes calls until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if self.is_down or self.hang_ups:
                    self.hang_ups = max(0, self.hang_ups - 1)
                    client.close()
                else:
                    self._take(client)

    def is_fatal(self, data: bytes) -> bool:
        """Whether this is what the line is to be cut at."""
        if self.plan is None or self.was_cut or self.plan.word not in data:
            return False
        self._heard += 1
        self.was_cut = self._heard == self.plan.nth
        return self.was_cut

    def _take(self, client: socket.socket) -> None:
        call = _Call(self, client, socket.create_connection(self.target))
        with self._turn:
            self._calls.add(call)
        for pump in (call.ask, call.answer):
            threading.Thread(target=pump, daemon=True).start()


class _Call:
    """One connection of a client, and its own to the server."""

    def __init__(self, line: Line, client: socket.socket, server: socket.socket) -> None:
        self._line, self._client, self._server = line, client, server
        self._is_unanswered = False

    def ask(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(BLOCK_BYTES):
                is_fatal = self._line.is_fatal(data)
                self._is_unanswered = is_fatal
                if not is_fatal or (self._line.plan and self._line.plan.is_after):
                    self._server.sendall(data)
                else:
                    self._line.cut(last=self)
        self.end()

    def answer(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(BLOCK_BYTES):
                if self._is_unanswered:
                    self._line.cut(last=self)
                else:
                    self._client.sendall(data)
        self.end()

    def end(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def line_to(dsn: str) -> Iterator[Line]:
    """A line to the server of a DSN for as long as the block lasts."""
    parts = conninfo_to_dict(dsn)
    target = (str(parts["host"]), int(str(parts["port"])))
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        there = make_conninfo(**{**parts, "host": LOOPBACK, "port": port})
        line = Line(dsn=there, target=target)
        server = threading.Thread(target=line.serve, args=(listener,), daemon=True)
        server.start()
        yield line
        line.is_down = True
        line.cut()
        listener.shutdown(socket.SHUT_RDWR)
        server.join()
