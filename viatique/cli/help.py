"""What ``--help`` and a mistyped command say: in groups, in the reader's language.

Docstrings are English, as the code is; their French is in ``french.toml``, line by line.
"""

import re
from collections.abc import Iterator
from types import FunctionType

from cyclopts import App, CycloptsError, Group

from viatique.errors import InvalidInput
from viatique.models import Language
from viatique.texts import CLI_LANGUAGE, sentence_text, text

GROUPS: dict[str, tuple[str, ...]] = {
    "help_exam": ("demo", "exam", "import", "identify", "marks", "finalize", "process", "results"),
    "help_people": ("status", "copies", "confirm", "merge", "release", "erase"),
    "help_marking": ("dispatch", "disagreements", "reopen", "locks"),
    "help_running": (
        "up", "down", "doctor", "account", "audit", "maintain", "backup", "restore",
        "support-bundle", "sessions", "metrics", "api",
    ),
}  # fmt: skip
"""Commands by the title above them, in the order in which they are needed."""
LINE = re.compile(r"(\s*(?:(?<=        )\w+: )?)(.+)")
"""Of a docstring; within it, a parameter and what it is."""
LIST_OF_COMMANDS = re.compile(r" Available (commands|options): .*", re.DOTALL)


def arrange(app: App) -> None:
    """Puts the app's commands into groups, and what their help says into the reader's language."""
    for place, (title, names) in enumerate(GROUPS.items()):
        group = Group(text(title, CLI_LANGUAGE), sort_key=place)
        for order, name in enumerate(names):
            app[name].group, app[name].sort_key = group, order
    options = Group(text("help_options", CLI_LANGUAGE), sort_key=len(GROUPS))
    for option in ("--help", "--version", "--install-completion"):
        app[option].group = options
    for command in commands_of(app):
        function = command.default_command
        if isinstance(function, FunctionType) and function.__doc__:
            function.__doc__ = help_in(CLI_LANGUAGE, function.__doc__)
        else:
            command.help = help_in(CLI_LANGUAGE, command.help)


def commands_of(app: App) -> Iterator[App]:
    """The app, and every command and option in it."""
    yield app
    for name in app:
        if app[name] is not app:
            yield from commands_of(app[name])


def help_in(language: Language, docstring: str) -> str:
    """A docstring in a language."""
    return "\n".join(_line_in(language, line) for line in docstring.splitlines())


def _line_in(language: Language, line: str) -> str:
    found = LINE.fullmatch(line)
    return found[1] + sentence_text(found[2], language) if found else line


def mistyped(error: CycloptsError) -> InvalidInput:
    """What is wrong with a command as it was typed, and where its help is."""
    asked = " ".join(("viatique", *(error.command_chain or ()), "--help"))
    return InvalidInput(LIST_OF_COMMANDS.sub("", str(error)), next_step=asked)
