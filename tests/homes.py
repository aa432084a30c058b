"""Homes that tests made, and all that was started on them, are removed."""

import shutil
from pathlib import Path

from viatique.services.local import stop
from viatique.settings import Settings


def remove_home(home: Path) -> None:
    """Stops the home's services; root's database has a folder elsewhere, which goes too."""
    stop(Settings(home=home, DATABASE_URL=None, PREFECT_API_URL=None), force=True)
    note = home / "run" / "postgres.location"
    if note.exists():
        shutil.rmtree(note.read_text("utf-8"), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
