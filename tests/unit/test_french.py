"""Whoever reads French gets every error and problem in French: the code itself is walked."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from viatique.french import in_french, sentences

ROOT = Path(__file__).parents[2]
ERRORS = {
    node.name
    for node in ast.parse((ROOT / "viatique" / "errors.py").read_text()).body
    if isinstance(node, ast.ClassDef)
}
MAKERS = ERRORS | {"Finding", "_refused", "_corrupt", "_unavailable", "_invalid"}
"""What is called with sentences for people: errors, problems, and functions that make them."""


def _sentences(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in MAKERS:
                named = [one.value for one in node.keywords if one.arg in {"message", "next_step"}]
                yield from map(_template, [*node.args, *named])
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"message", "why"}:
            yield _template(node.value)


def _template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
        return "".join(map(str, parts))
    return ""


def _said() -> set[str]:
    paths = (path for root in ("viatique", "flows", "tasks", "dashboard")
             for path in (ROOT / root).rglob("*.py"))  # fmt: skip
    return {one for path in paths for one in _sentences(path) if " " in re.sub(r"`.*?`", "", one)}


def test_every_sentence_of_an_error_has_its_french() -> None:
    commands = re.compile(r"viatique [a-z ]+")
    lacking = {one for one in _said() - sentences().keys() if not commands.fullmatch(one)}

    assert len(_said()) > 200
    assert not lacking


def test_every_translation_puts_in_values_that_are_there() -> None:
    for english, french in sentences().items():
        places = {int(place) for place in re.findall(r"\{(\d)\}", french)}
        assert places <= set(range(english.count("{}"))), english


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("There is no copy E1-0001.", "La copie E1-0001 n'existe pas."),
        (
            "The scan is refused whole: a page is broken (page 3).",
            "Le scan est refusé en entier : une page est abîmée (page 3).",
        ),
        ("Input should be a valid integer", "type attendu : integer"),
        ("nobody ever said this", "nobody ever said this"),
    ],
)
def test_values_stand_where_french_wants_them(english: str, french: str) -> None:
    assert in_french(english) == french
