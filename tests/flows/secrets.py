"""What nobody else on the machine may see: secrets in arguments, files of a home."""

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
    inside = [path for path in home.rglob("*") if not path.is_symlink()]
    found = [str(path) for path in inside if path.stat().st_mode & OTHERS]
    return found + [str(home)] * bool(home.stat().st_mode & OTHERS & ~0o011)
