"""How commands end where their settings, places, ports and outputs cannot be used."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import PROGRAM, Command
from tests.steps.benches import write_exam
from viatique.services.processes import LOOPBACK


def test_database_that_does_not_answer_is_exit_code_3(
    viatique: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://x:y@127.0.0.1:1/x")
    printed = viatique("exam", "list", code=3)
    assert "DATABASE_URL does not answer" in printed.err
    assert "Traceback" not in printed.err


def test_setting_that_cannot_be_used_is_exit_code_2_with_its_name(
    viatique: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIATIQUE_PROCESSES", "many")
    printed = viatique("exam", "list", code=2)
    assert "processes" in printed.err
    assert "Traceback" not in printed.err


def test_home_that_can_be_no_folder_is_exit_code_2(
    viatique: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VIATIQUE_HOME", str(tmp_path / "file" / "home"))
    assert "VIATIQUE_HOME" in viatique("exam", "list", code=2).err


def test_place_that_cannot_be_written_is_exit_code_2(viatique: Command, tmp_path: Path) -> None:
    printed = viatique("support-bundle", tmp_path / "no" / "help.zip", code=2)
    assert "cannot be written" in printed.err


@pytest.mark.parametrize("command", ["api", "metrics"])
def test_port_that_cannot_be_had_is_told(viatique: Command, command: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in viatique(command, "--port", str(port), code=3).err.partition("✗")[2]
    viatique(command, "--port", "70000", code=2)


def test_output_that_is_closed_or_knows_few_characters_changes_no_exit_code(
    viatique: Command, tmp_path: Path
) -> None:
    path = write_exam(tmp_path)
    path.write_text(path.read_text("utf-8").replace("Bac blanc", "Épreuve n° 1"), "utf-8")
    viatique("exam", "create", path)
    listed = [PROGRAM, "exam", "list"]
    ascii_only = os.environ | viatique.environment | {"PYTHONIOENCODING": "ascii"}

    def run(*command: str) -> str:
        done = subprocess.run(command, env=ascii_only, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    assert json.loads(run(*listed, "--json"))["name"] == "Épreuve n° 1"
    assert "?preuve n? 1" in run(*listed)
    assert run("sh", "-c", '"$0" exam list >&- 2>&-', PROGRAM) == ""
