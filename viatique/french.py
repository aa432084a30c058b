"""The French of what errors and problems say: they carry English, which logs and programs read."""

import re
import tomllib
from functools import cache
from importlib.resources import files


@cache
def sentences() -> dict[str, str]:
    """French by English, both with ``{}`` where a value stands; in French ``{0}``, ``{1}``..."""
    return tomllib.loads(files("viatique").joinpath("french.toml").read_text(encoding="utf-8"))


def in_french(sentence: str) -> str:
    """The French of a sentence, its values put in; one nobody translated stands for itself."""
    for pattern, french in _patterns():
        if found := pattern.fullmatch(sentence):
            return french.format(*map(in_french, found.groups()))
    return sentence


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences with the most words of their own first, so that the closest one is found."""
    ordered = sorted(sentences().items(), key=lambda item: -len(item[0].replace("{}", "")))
    return tuple((_pattern(english), french) for english, french in ordered)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL)
