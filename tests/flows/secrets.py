"""What nobody else on the machine may see: secrets in arguments, files of a home."""

import os
import stat
from pathlib import Path

import psutil

SECRETS = ("run/postgres.password", "run/metrics.token", "seal/private.key")
OTHERS = 0o077


def arguments() -> dict[int, str]:
    """The arguments of every process of the machine, as everybody can read them."""
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        found[process.pid] = " ".join(process.info["cmdline"] or [])
    return found


def secrets_of(home: Path) -> list[str]:
    """The secrets a home keeps in files."""
    return [
        path.read_text("ascii").strip() for path in map(home.joinpath, SECRETS) if path.exists()
    ]


def open_to_others(home: Path) -> list[str]:
    """Files and folders in a home that another user has a right on.

    Through the home itself one may pass: the database's own user does, where root runs all.
    """
    walked = ((parent, [*folders, *files]) for parent, folders, files in os.walk(home))
    inside = (Path(parent, name) for parent, names in walked for name in names)
    found = [str(path) for path in inside if _mode(path) & OTHERS]
    return found + [str(home)] * bool(home.stat().st_mode & OTHERS & ~0o011)


def _mode(path: Path) -> int:
    """What its mode lets people do; nothing for a link, nor for what is gone by now."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return 0
    return 0 if stat.S_ISLNK(mode) else stat.S_IMODE(mode)
