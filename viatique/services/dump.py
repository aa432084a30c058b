"""A database dumped and loaded by Postgres's own programs, those of the embedded Postgres.

They are of the newest version we know, so they take any server that Viatique takes. Passwords go
through the environment, never through arguments, which everybody on the machine can read.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from viatique.db.admin import connection_parts
from viatique.errors import ServiceUnavailable
from viatique.services.postgres import package_folder


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
    _run(
        dsn,
        "pg_restore",
        ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(path)],
    )


def _run(dsn: str, program: str, arguments: Sequence[str]) -> None:
    address, password = connection_parts(dsn)
    done = subprocess.run(  # noqa: S603  # Postgres's own programs, no shell
        [
            str(package_folder() / "pginstall" / "bin" / program),
            f"--dbname={address}",
            "--no-password",
            *arguments,
        ],
        env={"PATH": os.environ.get("PATH", ""), "PGPASSWORD": password, "LC_ALL": "C.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        # its messages may hold rows
        raise ServiceUnavailable(
            f"{program} ended with code {done.returncode}.",
            next_step="The log of the database server says why.",
        )
