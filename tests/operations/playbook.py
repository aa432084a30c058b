"""The playbook as data: the commands of each incident, and a shell that runs them."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / "infra" / "playbook.md"
PATIENCE_S = 120


def chapters() -> dict[str, str]:
    """The text of each incident, by its name."""
    _, *parts = re.split(r"^## ", PLAYBOOK.read_text("utf-8"), flags=re.MULTILINE)
    return {part.partition("\n")[0]: part for part in parts}


def commands(chapter: str, section: str) -> str:
    """The shell commands under a heading of the chapter."""
    found = re.search(rf"^### {section}\n.*?```sh\n(.*?)```", chapter, re.DOTALL | re.MULTILINE)
    assert found, f"no commands under {section}"
    return found[1]


@dataclass(frozen=True)
class Operator:
    """Somebody who follows the playbook in a shell."""

    environment: dict[str, str]

    def follow(self, incident: str, section: str, *, code: int = 0, **known: str) -> str:
        """What the commands under a heading print; the last of them must end with the code."""
        return self.run(commands(chapters()[incident], section), known, code=code)

    def run(self, script: str, known: Mapping[str, str] | None = None, *, code: int = 0) -> str:
        """What a script prints; it goes on after a command that says something is wrong."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-u", "-c", script],
            env={**os.environ, **self.environment, "PATH": path, **(known or {})},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr
