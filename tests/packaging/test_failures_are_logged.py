"""Every `except` that logs tells which exception it was: a walk over the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for folder in ("viatique", "flows", "tasks", "dashboard")
    for path in (ROOT / folder).rglob("*.py")
)  # fmt: skip
LEVELS = {"debug", "info", "warning", "error", "critical", "log"}
FAILURES = {"error", "critical"}


def log_calls(tree: ast.AST, methods: set[str]) -> Iterator[ast.Call]:
    """Calls of these methods of something named like a logger."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = ast.unparse(node.func.value)
        if node.func.attr in methods and ("logger" in owner.lower() or owner == "security"):
            yield node


def tells_the_exception(call: ast.Call) -> bool:
    return any(keyword.arg == "exc_info" for keyword in call.keywords)


def silent_lines(source: str) -> list[int]:
    """Lines of logging calls in an `except`, or at level ERROR or above, without exc_info."""
    tree = ast.parse(source)
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    calls = [call for handler in handlers for call in log_calls(handler, LEVELS)]
    calls += log_calls(tree, FAILURES)
    return sorted({call.lineno for call in calls if not tells_the_exception(call)})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_failure_is_logged_without_its_exception(path: Path) -> None:
    assert silent_lines(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("try:\n    f()\nexcept E:\n    logger.warning('x')\n", [4]),
        ("try:\n    f()\nexcept E as e:\n    if e:\n        logger.info('x', exc_info=e)\n", []),
        ("try:\n    f()\nexcept E:\n    logger.exception('x')\n", []),
        ("try:\n    f()\nexcept E:\n    logging.getLogger('a').error('x')\n", [4]),
        ("logger.critical('x')\n", [1]),
        ("logger.info('x')\n", []),
    ],
)
def test_the_walk_sees_what_it_looks_for(source: str, lines: list[int]) -> None:
    assert silent_lines(source) == lines
