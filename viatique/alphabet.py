"""The small alphabets names and numbers are matched in; how the recogniser's classes fold to them.

Column 0 is the CTC blank; then A-Z for names or 0-9 for dates and numbers. Accents, case and
look-alikes are summed; separators count as blank; a class that is none of these is spread as
smoothing, so that no letter is ever impossible.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viatique.models import FieldName

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
DIGIT_FIELDS = frozenset({FieldName.BIRTH_DATE, FieldName.STUDENT_NUMBER})
FLOOR = 1e-4
"""Least probability of a column: one wrong stroke costs about 9 nats, not everything."""

LETTER_LOOKALIKES = {
    "0": "O", "1": "I", "2": "Z", "3": "E", "4": "A", "5": "S", "6": "G", "7": "T", "8": "B",
    "9": "G", "|": "I", "!": "I", "l": "L", "∈": "E", "∪": "U", "し": "L", "€": "E", "£": "E",
    "ß": "B", "¥": "Y", "乙": "Z", "丫": "Y", "工": "I", "口": "O", "日": "B",
    "人": "A", "几": "N", "匚": "C", "广": "T", "ㄥ": "L", "Д": "A", "И": "N", "Я": "R", "П": "N",
    "Λ": "A", "Σ": "E", "Δ": "A", "Ω": "O", "Φ": "O", "Γ": "T", "У": "Y", "Ч": "Y",
    "а": "A", "е": "E", "о": "O", "р": "P", "с": "C", "х": "X", "у": "Y", "к": "K", "м": "M",
    "т": "T", "н": "H", "в": "B", "г": "R", "п": "N", "и": "U", "л": "A", "А": "A", "В": "B",
    "Е": "E", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T", "Х": "X",
    "α": "A", "β": "B", "ε": "E", "η": "N", "ι": "I", "κ": "K", "μ": "U", "ν": "V", "ο": "O",
    "ρ": "P", "τ": "T", "υ": "U", "χ": "X", "ω": "W", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z",
    "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y",
    "Χ": "X", "Œ": "O", "œ": "O", "Æ": "A", "æ": "A", "Ø": "O", "ø": "O", "Ł": "L", "ł": "L",
}  # fmt: skip
"""What the model writes for poor capitals (identification.md, 2026-11) and plain homoglyphs."""

DIGIT_LOOKALIKES = {
    "O": "0", "o": "0", "D": "0", "Q": "0", "C": "0", "U": "0", "口": "0", "〇": "0",
    "I": "1", "l": "1", "i": "1", "!": "1", "Z": "2", "z": "2", "乙": "2", "E": "3", "ε": "3",
    "з": "3", "З": "3", "A": "4", "Y": "4", "y": "4", "h": "4", "S": "5", "s": "5", "$": "5",
    "b": "6", "G": "6", "T": "7", "F": "7", "?": "7", "B": "8", "&": "8", "g": "9", "q": "9",
    "a": "9",
}  # fmt: skip
SEPARATORS = frozenset(" -'’.,_·/\\|:;~–—、。")


def alphabet_of(field: FieldName) -> str:
    """The characters of columns 1 and up for a field."""
    return DIGITS if field in DIGIT_FIELDS else LETTERS


def column_of(character: str, alphabet: str) -> int | None:
    """The column a class of the recogniser folds to: 0 for a separator, None for none."""
    plain = unicodedata.normalize("NFKD", character)[:1]
    lookalikes = DIGIT_LOOKALIKES if alphabet == DIGITS else LETTER_LOOKALIKES
    for candidate in (plain, plain.upper(), lookalikes.get(character), lookalikes.get(plain)):
        if candidate and candidate in alphabet:
            return alphabet.index(candidate) + 1
    return 0 if character in SEPARATORS else None


def fold_columns(characters: Sequence[str], alphabet: str) -> NDArray[np.int64]:
    """For each class its column, -1 for those that are spread; class 0 is the blank."""
    columns = [column_of(character, alphabet) for character in characters[1:]]
    return np.array([0, *(-1 if column is None else column for column in columns)], np.int64)


def fold_posteriors(
    probs: NDArray[np.float32], columns: NDArray[np.int64], alphabet: str
) -> NDArray[np.float32]:
    """Natural-log posteriors of the small alphabet.

    Args:
        probs: (T, V) posteriors of the recogniser's classes, class 0 = blank.
        columns: (V,) as ``fold_columns`` gives.
        alphabet: the characters of columns 1 and up.

    Returns:
        float32 (T, 1 + len(alphabet)); the exponentials of each row sum to 1.
    """
    width = len(alphabet) + 1
    folded = np.zeros((probs.shape[0], width), np.float64)
    for column in range(width):
        folded[:, column] = probs[:, columns == column].sum(axis=1)
    spread = np.clip(1.0 - folded.sum(axis=1, keepdims=True), 0.0, 1.0)
    folded += spread / width
    folded = np.maximum(folded, FLOOR)
    return np.log(folded / folded.sum(axis=1, keepdims=True)).astype(np.float32)
