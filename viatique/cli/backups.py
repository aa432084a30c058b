"""``viatique backup`` and ``viatique restore``."""

from pathlib import Path

from cyclopts import App

from viatique.cli import running
from viatique.cli.terminal import messages, say
from viatique.seal_files import seal_files_of
from viatique.services.local import ensure
from viatique.settings import load_settings
from viatique.steps.backup import Backup, back_up, restore
from viatique.steps.verify_audit import verify_audit
from viatique.texts import CLI_LANGUAGE, text


def register(app: App) -> None:
    """Adds the commands."""
    app.command(backup)
    app.command(restore_, name="restore")


def backup(folder: Path, /) -> int:
    """Write database, files and seals into a new folder, and check it."""
    with running.workbench() as bench:
        made = back_up(bench, folder)
    say(_told(made))
    return 0


def restore_(folder: Path, /) -> int:
    """Put a backup into an empty VIATIQUE_HOME and an empty database, and check the trail."""
    settings = load_settings()
    with (
        messages.status("…") as status,
        ensure(settings, prefect=False, on_progress=status.update) as services,
    ):
        restored = restore(settings, services.database_dsn, folder)
    with running.workbench() as bench:
        problems = len(verify_audit(bench.database, seal_files_of(bench.settings)).findings)
    say(_told(restored))
    if problems:
        say(f"viatique audit verify: {problems}")
    return 3 if problems else 0


def _told(made: Backup) -> str:
    mib = f"{made.byte_size / 2**20:.1f}"
    return text("backed_up", CLI_LANGUAGE, at=made.created_at, files=made.files, mib=mib)
