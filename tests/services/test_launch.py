"""Commands started for a request run as processes of their own, one of a kind at a time."""

import os
from pathlib import Path

from viatique.services.launch import Launcher


def wait(launcher: Launcher, *arguments: str) -> None:
    (child,) = [child for key, child in launcher._running.items() if key == arguments]
    child.wait(60)


def test_a_command_is_started_once_at_a_time(tmp_path: Path) -> None:
    environment = {**os.environ, "VIATIQUE_HOME": str(tmp_path / "home")}
    launcher = Launcher(environment, options=["--force"])
    assert not launcher.is_running("down")
    assert launcher.start("down")
    assert launcher.is_running("down")
    assert not launcher.start("down")
    wait(launcher, "down")
    assert not launcher.is_running("down")
    assert launcher.start("down")
    wait(launcher, "down")
