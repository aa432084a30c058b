"""What a student may write for one line of the roster, each with how likely that is.

People drop particles, second first names and one half of a double name; a matcher that knew only
the roster's spelling would send them all to review. It must not invent spellings: letters the hand
got wrong are the reader's business, and every hypothesis here costs some safety.
"""

import re
import unicodedata
from datetime import date

Variant = tuple[str, float]
"""A folded word (A-Z, or 0-9) and its natural-log prior, at most 0."""

_PARTICLES = "DE DU DES D LE LA LES L VAN VON DER DEN DI DA DO DOS DEL DELLA EL AL BEN SAINT ST"
PARTICLES = frozenset(_PARTICLES.split())
"""French, Iberian, Dutch, German and Arabic particles seen in French class lists."""

# Natural-log priors, set by judgement: nobody has counted how French candidates shorten their
# names; the order matters more than the values, and all are small next to one wrong letter (~7).
LOG_DROPPED_PARTICLE = -3.0
LOG_ONE_PART_OF_LAST_NAME = -4.0
LOG_OTHER_DOUBLES = -4.0
"""Elliot for Eliott: which consonant is doubled is what rosters and hands get wrong most."""
LOG_FIRST_OF_SEVERAL = -0.7
LOG_FIRST_OF_COMPOUND = -4.0
LOG_INITIALS = -7.0
LOG_SHORT_YEAR = -2.0
LOG_NO_LEADING_ZEROS = -3.0
LOG_YEAR_FIRST = -5.0
LOG_SLASHES_AS_ONES = 0.0
LOG_SLASH_AS_ONE = -0.7
"""The engine reads a handwritten slash as 1 in two dates of three (100 forms, 2026-11-24), so that
speaks against nobody."""

MIN_PART_LETTERS = 3
"""Half of a double name shorter than this says too little to identify anyone."""

_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O"}
)
DOUBLING = frozenset("CFLMNPRST")
"""Consonants French doubles."""
_DOUBLED = re.compile(r"([A-Z])\1")
_BREAKS = re.compile(r"[\s\-'’.,·/]+")


def fold_letters(text: str) -> str:
    """Folds a name to A-Z: accents, ligatures, hyphens, apostrophes and spaces are gone."""
    plain = unicodedata.normalize("NFKD", text.translate(_LIGATURES)).upper()
    return "".join(letter for letter in plain if "A" <= letter <= "Z")


def fold_digits(text: str) -> str:
    """Keeps the ASCII digits of a number."""
    return "".join(digit for digit in text if "0" <= digit <= "9")


def other_doubles(word: str) -> list[str]:
    """Returns the word without doubled letters, and with one other consonant doubled instead."""
    single = _DOUBLED.sub(r"\1", word)
    if single == word or len(single) < MIN_PART_LETTERS:
        return []
    doubled = [
        single[: place + 1] + single[place:]
        for place, letter in enumerate(single)
        if letter in DOUBLING
    ]
    return [other for other in (single, *doubled) if other != word]


def last_name_variants(last_name: str) -> tuple[Variant, ...]:
    """Returns the last name in full, without particles, and either part of a double name."""
    parts = _folded_parts(last_name)
    strong = [part for part in parts if part not in PARTICLES]
    full = "".join(parts)
    variants = [(full, 0.0), *((word, LOG_OTHER_DOUBLES) for word in other_doubles(full))]
    if strong and len(strong) < len(parts):
        variants.append(("".join(strong), LOG_DROPPED_PARTICLE))
    if len(strong) > 1:
        long_enough = [part for part in strong if len(part) >= MIN_PART_LETTERS]
        variants.extend((part, LOG_ONE_PART_OF_LAST_NAME) for part in long_enough)
    return _best_of_each(variants)


def first_name_variants(first_name: str) -> tuple[Variant, ...]:
    """Returns all first names, the first alone, other doubles in it, half of it, and initials."""
    names = [_folded_parts(name) for name in first_name.split()]
    names = [name for name in names if name]
    if not names:
        return ()
    variants = [("".join(part for name in names for part in name), 0.0)]
    first = "".join(names[0])
    variants.append((first, LOG_FIRST_OF_SEVERAL))
    variants.extend((word, LOG_OTHER_DOUBLES) for word in other_doubles(first))
    variants.append((names[0][0], LOG_FIRST_OF_COMPOUND))
    variants.append(("".join(part[0] for part in names[0]), LOG_INITIALS))
    return _best_of_each(variants)


def date_variants(day: date | None) -> tuple[Variant, ...]:
    """Returns the ways French candidates write a date, as digits; none without a date."""
    if day is None:
        return ()
    full = f"{day:%d%m%Y}"
    variants = [
        (full, 0.0),
        (full[:4] + full[6:], LOG_SHORT_YEAR),
        (f"{day.day}{day.month}{day:%Y}", LOG_NO_LEADING_ZEROS),
        (f"{day:%Y%m%d}", LOG_YEAR_FIRST),
        (f"{day:%d1%m1%Y}", LOG_SLASHES_AS_ONES),
        (f"{day:%d1%m%Y}", LOG_SLASH_AS_ONE),
        (f"{day:%d%m1%Y}", LOG_SLASH_AS_ONE),
        (f"{day:%d1%m1%y}", LOG_SHORT_YEAR + LOG_SLASHES_AS_ONES),
    ]
    return _best_of_each(variants)


def number_variants(student_number: str, student_id: str) -> tuple[Variant, ...]:
    """Returns the digits of the student's number, or of the roster id when there is none."""
    digits = fold_digits(student_number or student_id)
    return ((digits, 0.0),) if digits else ()


def _folded_parts(name: str) -> list[str]:
    parts = (fold_letters(part) for part in _BREAKS.split(name))
    return [part for part in parts if part]


def _best_of_each(variants: list[Variant]) -> tuple[Variant, ...]:
    best: dict[str, float] = {}
    for word, log_prior in variants:
        if word:
            best[word] = max(log_prior, best.get(word, log_prior))
    return tuple(best.items())
