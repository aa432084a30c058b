"""The pages of infra/ are true: settings exist, tests that are named exist."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_sbom_has_every_locked_package_with_its_hashes() -> None:
    lock = ROOT / "requirements.txt"
    done = subprocess.run(
        [sys.executable, ROOT / "infra" / "ci" / "sbom", lock], capture_output=True, check=True
    )
    bom = json.loads(done.stdout)
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    locked = re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock.read_text("utf-8"), re.MULTILINE)
    assert [(one["name"], one["version"]) for one in bom["components"]] == locked
    assert all(one["externalReferences"][0]["hashes"] for one in bom["components"])
