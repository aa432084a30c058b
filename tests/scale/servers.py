"""Debian's Postgres and Redis, each in a folder of its own, for as long as a block lasts."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from viatique.services.processes import LOOPBACK, free_port, is_root

PATIENCE_S = 120.0
PASSWORD = "only-known-here"  # noqa: S105
RULES = f"hostssl all all {LOOPBACK}/32 scram-sha-256\n"
"""Who does not come over TLS does not come in."""


def wait_until(condition: Callable[[], object], *, patience_s: float = PATIENCE_S) -> None:
    """Returns when the condition holds."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@contextmanager
def tls_postgres(certificates: Path) -> Iterator[str]:
    """The URL of a server that only speaks TLS, without saying how its certificate is checked."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        pytest.skip("Debian's postgresql is not installed; the embedded one knows no TLS")
    account = pwd.getpwnam("postgres") if is_root() else pwd.getpwuid(os.getuid())
    with tempfile.TemporaryDirectory(prefix="viatique-postgres-") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        for item in (folder, folder / "password"):
            os.chown(item, account.pw_uid, account.pw_gid)
        _run_as(
            account, binaries[-1] / "initdb", f"--pgdata={folder}/data", "--username=viatique",
            f"--pwfile={folder}/password", "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale=C.UTF-8",
        )  # fmt: skip
        _take_certificates(certificates, folder / "data", account)
        (folder / "data" / "pg_hba.conf").write_text(RULES)
        port = free_port()
        server = subprocess.Popen(
            [
                binaries[-1] / "postgres", "-D", folder / "data", f"-p{port}", "-cssl=on",
                f"-clisten_addresses={LOOPBACK}", "-cunix_socket_directories=", "-cfsync=off",
            ],
            user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/",
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        url = f"postgresql://viatique:{PASSWORD}@{LOOPBACK}:{port}"
        try:
            wait_until(lambda: _answers(f"{url}/postgres"))
            yield url
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(PATIENCE_S)


def _run_as(account: pwd.struct_passwd, *arguments: str | Path) -> None:
    subprocess.run(
        arguments, user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/",
        check=True, capture_output=True,
    )  # fmt: skip


def _take_certificates(source: Path, data: Path, account: pwd.struct_passwd) -> None:
    for name in ("server.crt", "server.key"):
        shutil.copy(source / name, data / name)
        (data / name).chmod(0o600)
        os.chown(data / name, account.pw_uid, account.pw_gid)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """The port of a Redis that keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Debian's redis-server is not installed")
    port = free_port()
    with subprocess.Popen(
        [program, "--port", str(port), "--bind", LOOPBACK, "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    ) as server:
        try:
            yield port
        finally:
            server.terminate()
