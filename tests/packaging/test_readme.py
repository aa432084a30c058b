"""The README is true: its examples work, and it names every command and setting."""

import re
from pathlib import Path

import pytest
from cyclopts import App

from viatique.api.measures import DURATIONS, REQUESTS
from viatique.cli.app import app
from viatique.exam_file import read_exam_file
from viatique.lifecycle import CopyStatus
from viatique.marking.marks_file import read_marks
from viatique.measured import METRICS
from viatique.models import AnnotationKind, IdentityState
from viatique.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def commands(of: App, name: str) -> list[str]:
    found = []
    for word in of:
        if word.startswith("-"):
            continue
        nested = commands(of[word], f"{name} {word}")
        found += nested or [f"{name} {word}"]
    return found


def test_the_exam_file_of_the_readme_is_one() -> None:
    exam = read_exam_file(example("toml"))
    assert exam.scheme.total == 20


def test_the_marks_of_the_readme_are_marks() -> None:
    (marks,) = read_marks(example("json").encode())
    assert marks.scores
    assert marks.annotations


def test_every_command_is_in_the_readme() -> None:
    found = commands(app, "viatique")
    assert len(found) > 12
    assert [command for command in found if f"`{command}" not in README] == []


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    names = {
        str(field.validation_alias or f"VIATIQUE_{name.upper()}")
        for name, field in Settings.model_fields.items()
    }
    written = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    assert written == names | {"VIATIQUE_LANGUAGE"}


@pytest.mark.parametrize("value", [*CopyStatus, *IdentityState, *AnnotationKind])
def test_every_value_of_the_contract_is_in_the_readme(value: str) -> None:
    assert f"`{value}`" in README


def test_every_metric_is_in_the_readme() -> None:
    names = [*(one.name for one in METRICS), REQUESTS, DURATIONS]
    assert [name for name in names if f"`{name}`" not in README] == []


def test_every_path_in_the_readme_exists() -> None:
    paths = re.findall(r"`((?:viatique|flows|tasks|tests|infra|benchmarks)/[\w/.]+)`", README)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_picture_of_the_readme_exists_and_is_small() -> None:
    pictures = re.findall(r"\((docs/screens/\w+\.png)\)", README)
    assert pictures
    kept = {str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "screens").iterdir()}
    assert set(pictures) == kept
    assert [path for path in kept if (ROOT / path).stat().st_size > 200_000] == []
