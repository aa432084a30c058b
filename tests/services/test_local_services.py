"""The embedded Postgres as commands meet it: started, shared, found again, stopped."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import psycopg
import pytest

from viatique.errors import Conflict
from viatique.services.local import ensure, living_users, stop
from viatique.services.postgres import find_server, locate
from viatique.services.prefect_server import is_healthy
from viatique.services.processes import read_record, running
from viatique.settings import Settings

HOLD = """
import sys, time
from pathlib import Path
from viatique.services.local import ensure
from viatique.settings import Settings
with ensure(Settings(home=Path(sys.argv[1])), prefect=False, on_progress=print) as services:
    print("dsn", services.database_dsn, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def embedded_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    settings = Settings(home=tmp_path / "home")
    yield settings
    stop(settings, force=True)


def _dsn(settings: Settings) -> str:
    with ensure(settings, prefect=False, on_progress=lambda _message: None) as services:
        return services.database_dsn


def _server(settings: Settings) -> psutil.Process | None:
    return find_server(locate(settings.home_path))


def _wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def _start_holder(settings: Settings) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(settings.home_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    for line in holder.stdout:
        if line.startswith("dsn"):
            break
    return holder


def _kill(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.communicate()


def test_second_command_uses_the_same_server(settings: Settings) -> None:
    first = _dsn(settings)
    server = _server(settings)
    assert _dsn(settings) == first
    assert _server(settings) == server


def test_two_commands_at_once_share_one_server(settings: Settings) -> None:
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(settings.home_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    found = []
    for holder in holders:
        assert holder.stdout is not None
        found.append(next(line for line in holder.stdout if line.startswith("dsn")))
    assert found[0] == found[1]
    assert len(living_users(settings.home_path)) == 2
    for holder in holders:
        _kill(holder)


def test_server_killed_hard_is_mended_by_the_next_command(settings: Settings) -> None:
    with psycopg.connect(_dsn(settings)) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
    server = _server(settings)
    assert server is not None
    server.kill()
    server.wait(30)
    with psycopg.connect(_dsn(settings)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_connections_need_the_password(settings: Settings) -> None:
    dsn = _dsn(settings)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(dsn.replace(dsn.split(":")[2].split("@")[0], "wrong"))
    rules = (locate(settings.home_path).data / "pg_hba.conf").read_text()
    methods = [line.split()[-1] for line in rules.splitlines() if line and line[0] != "#"]
    assert set(methods) == {"scram-sha-256"}
    password = settings.home_path / "run" / "postgres.password"
    assert password.stat().st_mode & 0o077 == 0


def test_folders_above_the_home_are_left_alone(tmp_path: Path) -> None:
    above = tmp_path / "closed"
    above.mkdir(mode=0o700)
    settings = Settings(home=above / "home")
    before = (above.stat().st_mode, above.stat().st_uid)
    _dsn(settings)
    server = _server(settings)
    assert server is not None
    assert (above.stat().st_mode, above.stat().st_uid) == before
    assert server.uids().effective != 0
    stop(settings)


def test_stop_leaves_no_process(settings: Settings) -> None:
    _dsn(settings)
    server = _server(settings)
    assert server is not None
    processes = [server, *server.children(recursive=True)]
    assert stop(settings) == ["keeper", "database"]
    assert not psutil.wait_procs(processes, timeout=30)[1]
    assert stop(settings) == []


def test_stop_refuses_while_a_command_works(settings: Settings) -> None:
    holder = _start_holder(settings)
    with pytest.raises(Conflict, match=str(holder.pid)):
        stop(settings)
    _kill(holder)
    assert "database" in stop(settings)


def test_idle_services_stop_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIATIQUE_IDLE_MINUTES", "0.01")
    settings = Settings(home=tmp_path / "home", idle_minutes=0.01)
    holder = _start_holder(settings)
    server = _server(settings)
    keeper = running(read_record(settings.home_path / "run" / "keeper.json"))
    assert server is not None
    assert keeper is not None
    # a user that was killed does not count as one
    _kill(holder)
    psutil.wait_procs([server, keeper], timeout=60)
    _wait_until(lambda: not server.is_running())
    assert _dsn(settings)
    stop(settings, force=True)


def test_a_killed_keeper_is_replaced(settings: Settings) -> None:
    _dsn(settings)
    path = settings.home_path / "run" / "keeper.json"
    keeper = running(read_record(path))
    assert keeper is not None
    os.kill(keeper.pid, signal.SIGKILL)
    keeper.wait(30)
    _dsn(settings)
    replaced = running(read_record(path))
    assert replaced is not None
    assert replaced.pid != keeper.pid


@pytest.mark.slow
def test_a_server_killed_while_whoever_started_it_lives_is_started_again(
    settings: Settings,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, settings.home_path], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        assert any(line.startswith("dsn") for line in starter.stdout)
        server = _server(settings)
        assert server is not None
        server.kill()
        psycopg.connect(_dsn(settings)).close()
        starter.kill()


def test_what_a_killed_first_command_left_is_removed(settings: Settings) -> None:
    settings.home_path.mkdir()
    place = locate(settings.home_path).data
    place.with_name("postgres.0badcafe").mkdir()
    place.with_name("postgres.0badcafe.password").write_text("secret")
    psycopg.connect(_dsn(settings)).close()
    assert list(place.parent.glob("postgres.*")) == []


def test_a_server_that_recovers_from_a_crash_is_waited_for(settings: Settings) -> None:
    _dsn(settings)
    server = _server(settings)
    assert server is not None
    server.children()[0].kill()  # they all go down then, and come up again
    psycopg.connect(_dsn(settings)).close()
    assert _server(settings) == server


def test_prefect_server_is_started_once_and_stopped(settings: Settings) -> None:
    with ensure(settings, prefect=True, on_progress=lambda _message: None) as first:
        pass
    with ensure(settings, prefect=True, on_progress=lambda _message: None) as second:
        assert first == second
    record = read_record(settings.home_path / "run" / "prefect-server.json")
    server = running(record)
    assert server is not None
    assert stop(settings) == ["keeper", "Prefect server", "database"]
    assert not server.is_running()


def test_a_server_named_by_database_url_is_used_as_it_is(
    settings: Settings, server_dsn: str, tmp_path: Path
) -> None:
    given = Settings.model_validate({"home": tmp_path / "other", "database_url": server_dsn})
    assert _dsn(given) == str(given.database_url)
    assert _server(given) is None
    stop(given)


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


def test_a_server_that_took_the_port_first_is_not_taken_for_ours() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Healthy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
            assert is_healthy(os.getpid(), server.server_port)
            assert not is_healthy(other.pid, server.server_port)
            other.kill()
        server.shutdown()
        thread.join()
