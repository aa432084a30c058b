"""A database dumped and loaded by Postgres's own programs, those of the embedded Postgres.

They are of the newest version we know, so they take any server that Viatique takes. Passwords go
through the environment, never through arguments, which everybody on the machine can read.
"""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from viatique.db.admin import FILLING_KEY, connection_parts
from viatique.errors import ServiceUnavailable
from viatique.services.postgres import package_folder

BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({FILLING_KEY});\n".encode()
COMMIT = b"COMMIT;\n"
"""``psql --single-transaction`` commits what it was given when whoever gives is killed."""
TOO_NEW, HEAD = {b"SET transaction_timeout = 0;\n"}, 40
"""What programs of Postgres 18 write among the first lines and servers before 17 do not know."""


def dump_database(dsn: str, path: Path, *, snapshot: str) -> None:
    """Writes all of a database, as one snapshot sees it, into a file in Postgres's custom format.

    Raises:
        ServiceUnavailable: it could not be dumped.
    """
    _run(
        dsn,
        "pg_dump",
        ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
         f"--file={path}"],
    )  # fmt: skip


def load_database(dsn: str, path: Path) -> None:
    """Loads a dump into an empty database, all of it or nothing.

    Raises:
        ServiceUnavailable: it could not be loaded.
    """
    address, password = connection_parts(dsn)
    restore = [_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(path)]
    load = [
        _program("psql"), f"--dbname={address}", "--no-password", "--no-psqlrc",
        "--output=/dev/null", "--set=ON_ERROR_STOP=1",
    ]  # fmt: skip
    environment = _environment(password)
    source, target = _started(restore, environment), _started(load, environment)
    with suppress(BrokenPipeError), source, target:
        _feed(source, target)
    _check("pg_restore", source.returncode)
    _check("psql", target.returncode)


def _started(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # Postgres's own programs, no shell
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _feed(source: subprocess.Popen[bytes], target: subprocess.Popen[bytes]) -> None:
    """Gives one program what the other writes; it commits when that was all, and only then."""
    if source.stdout and target.stdin:
        target.stdin.write(BEGIN)
        for number, line in enumerate(source.stdout):
            if number > HEAD or line not in TOO_NEW:
                target.stdin.write(line)
        target.communicate(None if source.wait() else COMMIT)


def _run(dsn: str, program: str, arguments: Sequence[str]) -> None:
    address, password = connection_parts(dsn)
    done = subprocess.run(  # noqa: S603  # Postgres's own programs, no shell
        [
            _program(program),
            f"--dbname={address}",
            "--no-password",
            *arguments,
        ],
        env=_environment(password),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    _check(program, done.returncode)


def _program(name: str) -> str:
    return str(package_folder() / "pginstall" / "bin" / name)


def _environment(password: str) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "PGPASSWORD": password, "LC_ALL": "C.UTF-8"}


def _check(program: str, code: int) -> None:
    if code:
        # its messages may hold rows
        raise ServiceUnavailable(
            f"{program} ended with code {code}.",
            next_step="See the log of the database server, and the room on the disk.",
        )
