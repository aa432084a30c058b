"""The pages of infra/ are true: settings exist, tests that are named exist."""

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "infra" / "security.md").read_text("utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "infra").glob("*.md")), ids=lambda path: path.name)
def test_paths_named_in_a_page_exist(path: Path) -> None:
    found = re.findall(
        r"`((?:viatique|flows|tasks|tests|infra|benchmarks)/[\w/.]+)`", path.read_text("utf-8")
    )
    assert [name for name in found if not (ROOT / name).exists()] == []


def test_every_threat_names_tests_that_exist() -> None:
    rows = [line for line in SECURITY.splitlines() if line.startswith("| ")][1:]
    threats = [row.strip("| ").split(" | ") for row in rows]
    assert len(threats) > 12
    for threat, _answer, tests in threats:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", tests)
        assert named, threat
        for path, test in named:
            text = (ROOT / path).read_text("utf-8")
            assert f"def {test or 'test_'}" in text, (threat, path, test)


@pytest.fixture(scope="module")
def sbom() -> dict[str, Any]:
    script = [sys.executable, ROOT / "infra" / "ci" / "sbom", ROOT / "requirements.txt"]
    return json.loads(subprocess.run(script, capture_output=True, check=True).stdout)


def test_sbom_has_every_locked_package_with_its_hashes(sbom: dict[str, Any]) -> None:
    text = (ROOT / "requirements.txt").read_text("utf-8")
    locked = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    assert [(one["name"], one["version"]) for one in sbom["components"]] == locked
    assert all(one["externalReferences"][0]["hashes"] for one in sbom["components"])


def test_sbom_is_cyclonedx(sbom: dict[str, Any]) -> None:
    schemas = files("cyclonedx.schema") / "_res"
    bom, *others = [
        json.loads((schemas / f"{name}.SNAPSHOT.schema.json").read_text("utf-8"))
        for name in ("bom-1.6", "spdx", "jsf-0.82")
    ]
    known = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in others)
    validator = Draft7Validator(bom, registry=known, format_checker=FormatChecker())
    assert [error.message for error in validator.iter_errors(sbom)] == []
    sbom["components"][0].pop("name")
    assert not validator.is_valid(sbom)
