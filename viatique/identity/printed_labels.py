"""Printed labels left in a field's crop ("NOM :", or what a crop leaves of it) before the writing.

One crop in ten of real forms keeps its label, whole or cut; read as letters of the name it would
cost three wrong letters. Only the frames are looked at; the whole crop always stays a hypothesis.
"""

import re

from viatique.identity.matching import Floats, emission_ends, free_reading

LABELS = ("NOM", "PRENOM", "PRENOMS")
MIN_FRAGMENT = 2
WHOLE = re.compile("[A-Z]{0,4}?NOMS?")
"""A label with its start cut or misread ("SRENOM"); it ends the same way."""
LABEL_PRICE = 1.0
FRAGMENT_PRICE = 3.0
"""Nats for reading the crop's start as a label: two letters may well begin a name."""

View = tuple[Floats, float]
"""Frames of a field and the nats it costs to look at it so."""


def views(frames: Floats) -> list[View]:
    """Returns the frames as they are, and without the label they may start with.

    Args:
        frames: (T, 27) natural-log probabilities.
    """
    found: list[View] = [(frames, 0.0)]
    text = "".join(chr(ord("A") + int(column) - 1) for column in free_reading(frames))
    ends = emission_ends(frames)
    for length in _label_lengths(text):
        price = LABEL_PRICE if length > MIN_FRAGMENT else FRAGMENT_PRICE
        found.append((frames[ends[length - 1] :], price))
    return found


def _label_lengths(text: str) -> list[int]:
    """Returns how many letters of a label the text may start with, some text being left."""
    fitting = [size for size in range(MIN_FRAGMENT, 8) if text[:size] in _FRAGMENTS]
    whole = WHOLE.match(text)
    lengths = {max(fitting, default=0)} | ({whole.end()} if whole else set())
    plural = {size - 1 for size in lengths if text[:size].endswith("MS")}
    return sorted(size for size in lengths | plural if 0 < size < len(text))


def _fragments() -> frozenset[str]:
    return frozenset(
        label[start:end]
        for label in LABELS
        for start in range(len(label))
        for end in range(start + MIN_FRAGMENT, len(label) + 1)
    )


_FRAGMENTS = _fragments()
