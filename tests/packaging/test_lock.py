"""The lock: whole, hashed, and silent about where packages come from."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNTIME, DEV, UV = (
    ROOT / name for name in ("requirements.txt", "requirements-dev.txt", "infra/ci/uv.txt")
)
LOCKS = pytest.mark.parametrize("lock", [RUNTIME, DEV, UV], ids=lambda path: path.name)
PROVIDED_BY = {
    "jwt": "pyjwt",
    "PIL": "pillow",
    "argon2": "argon2-cffi",
    "cv2": "opencv-python-headless",
    "opentelemetry": "opentelemetry-api",
    "pythonjsonlogger": "python-json-logger",
    "prometheus_client": "prometheus-client",
}
"""Modules whose distribution has another name."""


def locked(lock: Path) -> dict[str, str]:
    lines = re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", lock.read_text(encoding="utf-8"), re.M)
    return dict(lines)


def declared() -> Iterator[str]:
    """Names of all packages pyproject.toml asks for, optional ones included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (item for group in groups for item in group):
        yield re.split(r"[\[<>=!~; ]", requirement)[0].lower()


def imported_modules() -> set[str]:
    """Top-level names of everything the project's packages import that is not theirs."""
    found: set[str] = set()
    for package in ("viatique", "flows", "tasks", "dashboard"):
        for path in (ROOT / package).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            found |= set(re.findall(r"^\s*(?:from|import) ([A-Za-z_]\w*)", source, re.M))
    own = {"viatique", "flows", "tasks", "dashboard"}
    return {name for name in found - own if name not in sys.stdlib_module_names}


@LOCKS
def test_lock_has_a_hash_for_every_package(lock: Path) -> None:
    blocks = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8"))
    packages = [block for block in blocks if not block.startswith("#")]
    assert packages
    assert [block for block in packages if "==" not in block or "--hash=sha256:" not in block] == []


@LOCKS
def test_lock_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert re.findall(r"https?:|index-url|find-links|@ ", text) == []


def test_locks_agree_on_what_they_share() -> None:
    runtime, dev = locked(RUNTIME), locked(DEV)
    assert {name: dev[name] for name in dev.keys() & runtime.keys()} == {
        name: runtime[name] for name in dev.keys() & runtime.keys()
    }
    assert locked(UV) == {"uv": dev["uv"]}


def test_lock_has_every_declared_package() -> None:
    assert set(declared()) - locked(RUNTIME).keys() == set()


def test_lock_has_every_development_tool() -> None:
    lines = (ROOT / "requirements-dev.in").read_text(encoding="utf-8").splitlines()
    tools = {re.split(r"[<>=]", line)[0] for line in lines if line[:1].isalpha()}
    assert tools - locked(DEV).keys() == set()


def test_every_imported_package_is_declared() -> None:
    names = {PROVIDED_BY.get(name, name.replace("_", "-").lower()) for name in imported_modules()}
    provided = set(declared()) | {"fontpkg", "psycopg-pool"}
    assert names - provided == set()
