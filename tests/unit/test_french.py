"""Whoever reads French gets every error and problem in French: the code itself is walked."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest
from cyclopts import App

from viatique.cli.app import app
from viatique.cli.help import GROUPS, commands_of, help_in
from viatique.french import in_french, sentences
from viatique.models import Language

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


def test_every_line_of_the_help_has_its_french() -> None:
    said = {line for command in commands_of(app) for line in help_lines(docstring_of(command))}
    assert len(said) > 60
    assert said - sentences().keys() == set()


def docstring_of(command: App) -> str:
    """That of its function where it is one of ours."""
    function = command.default_command
    is_ours = isinstance(function, FunctionType) and function.__module__.startswith("viatique")
    return (function.__doc__ or "") if is_ours else command.help.partition("\n")[0]


def help_lines(docstring: str) -> Iterator[str]:
    """What a docstring says to people: not the titles of its sections, nor names of parameters."""
    for line in docstring.splitlines():
        words = re.sub(r"^ {8}\w+: ", "", line).strip()
        if words and words != "Args:":
            yield words


def test_every_command_has_its_place_in_the_help() -> None:
    commands = {name for name in app if not name.startswith("-")}
    assert [name for names in GROUPS.values() for name in names if name not in commands] == []
    assert commands == {name for names in GROUPS.values() for name in names}


def test_help_keeps_its_shape_in_french() -> None:
    english = "List the accounts.\n\n    Args:\n        exam: Id of the exam.\n    "
    french = "Liste les comptes.\n\n    Args:\n        exam: identifiant de l'examen.\n    "
    assert help_in(Language.FR, english) == french
    assert help_in(Language.EN, english) == english


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("There is no copy E1-0001.", "La copie E1-0001 n'existe pas."),
        (
            "The scan is refused whole: a page is broken (page 3).",
            "Le scan est refusé en entier : une page est abîmée (page 3).",
        ),
        ("Input should be a valid integer", "type attendu : integer"),
        (
            'Unknown command "stauts". Did you mean "status"?',
            "Commande inconnue : « stauts ». Vouliez-vous dire « status » ?",
        ),
        ("nobody ever said this", "nobody ever said this"),
    ],
)
def test_values_stand_where_french_wants_them(english: str, french: str) -> None:
    assert in_french(english) == french
