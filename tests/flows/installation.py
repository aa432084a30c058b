"""A whole Viatique in a folder, used as people do: by its command."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = [str(Path(sys.executable).with_name("viatique"))]
PATIENCE_S = 120.0


class Installation:
    """One VIATIQUE_HOME with its own database and Prefect server."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "PREFECT_API_URL"}
        }
        self.environment = {**kept, "VIATIQUE_HOME": str(home), **settings}

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """What a command prints on stdout; it must end with the code."""
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done.stderr[-3000:]
        return done.stdout

    def lines(self, *arguments: str | Path) -> list[dict[str, Any]]:
        """The objects a command prints with ``--json``."""
        return [json.loads(line) for line in self.run(*arguments, "--json").splitlines()]

    def log_events(self, name: str) -> list[dict[str, Any]]:
        """The lines of the log with that message."""
        log = self.home / "logs" / "viatique.log"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return [event for line in lines if (event := json.loads(line))["message"] == name]
