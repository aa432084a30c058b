"""The small alphabets names and numbers are matched in; how the recogniser's classes fold to them.

Column 0 is the CTC blank; then A-Z for names or 0-9 for dates and numbers. Accents, case and
look-alikes are summed; separators count as blank; a class that is none of these is spread as
smoothing, so that no letter is ever impossible.
"""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viatique.models import FieldName

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
DIGIT_FIELDS = frozenset({FieldName.BIRTH_DATE, FieldName.STUDENT_NUMBER})
FLOOR = 1e-4
"""Least probability of a column: one wrong stroke costs about 9 nats, not everything."""

LETTER_LOOKALIKES = {
    "0": "OD", "1": "IL", "2": "Z", "3": "EB", "4": "AY", "5": "SJ", "6": "GB", "7": "TZ",
    "8": "B", "9": "GQ", "|": "IL", "!": "IL", "l": "LI", "i": "I", "j": "J", "(": "CL", "[": "CL",
    "<": "C", ")": "DJ", "]": "IJ", "/": "I", "\\": "I", "×": "X", "+": "T", "*": "X", ">": "D",
    "$": "S", "&": "S", "@": "A", "^": "A", "#": "H", "∈": "E", "€": "E", "£": "EL", "∪": "UV",
    "∩": "N", "∂": "AD", "¥": "Y", "ß": "B", "°": "O", "○": "O", "〇": "O", "し": "LC", "レ": "LV",
    "ん": "N", "イ": "AI", "ト": "T", "ル": "LU", "ン": "I", "乙": "Z", "丫": "Y", "工": "I",
    "口": "O", "日": "B", "人": "A", "几": "N", "匚": "C", "广": "T", "ㄥ": "L", "下": "F",
    "丁": "T", "十": "T", "山": "W", "木": "K", "又": "X", "八": "AN", "入": "A", "丨": "IL",
    "Д": "A", "И": "N", "Я": "R", "П": "N", "У": "Y", "Ч": "Y", "а": "A", "е": "E", "о": "O",
    "р": "P", "с": "C", "х": "X", "у": "Y", "к": "K", "м": "M", "т": "T", "н": "H", "в": "B",
    "г": "R", "п": "N", "и": "U", "л": "A", "А": "A", "В": "B", "Е": "E", "К": "K", "М": "M",
    "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T", "Х": "X", "Λ": "A", "Σ": "E", "Δ": "A",
    "Ω": "O", "Φ": "O", "Γ": "T", "α": "A", "β": "B", "ε": "E", "η": "N", "ι": "I", "κ": "K",
    "μ": "U", "ν": "V", "ο": "O", "π": "RN", "ρ": "P", "τ": "T", "υ": "U", "χ": "X", "ω": "W",
    "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N",
    "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "Œ": "O", "œ": "O", "Æ": "A", "æ": "A",
    "Ø": "O", "ø": "O", "Ł": "L", "ł": "L",
}  # fmt: skip
"""What the model writes for poor capitals, and plain homoglyphs; several letters share a class
(identification.md; 97 headers and 497 names of the shared data, 2026-11-24)."""

DIGIT_LOOKALIKES = {
    "O": "0", "o": "0", "D": "0", "Q": "0", "C": "0", "U": "0", "口": "0", "〇": "0", "○": "0",
    "°": "0", "I": "1", "l": "1", "i": "1", "!": "1", "J": "1", "j": "1", "L": "1", "Z": "2",
    "z": "2", "乙": "2", "又": "2", "R": "2", "E": "3", "ε": "3", "з": "3", "З": "3", "A": "4",
    "Y": "4", "y": "4", "h": "4", "H": "4", "S": "5", "s": "5", "$": "5", "b": "6", "G": "6",
    "T": "7", "F": "7", "?": "72", ">": "7", "ク": "7", "フ": "7", "B": "8", "&": "8", "g": "9",
    "q": "9", "a": "29", "∂": "2", "e": "2", "d": "2",
}  # fmt: skip
"""The same for digits."""
SEPARATORS = frozenset(" -'’.,_·/\\|:;~–—、。")


def alphabet_of(field: FieldName) -> str:
    """The characters of columns 1 and up for a field."""
    return DIGITS if field in DIGIT_FIELDS else LETTERS


def columns_of(character: str, alphabet: str) -> tuple[int, ...]:
    """The columns a class of the recogniser folds to: (0,) for a separator, () for none."""
    plain = unicodedata.normalize("NFKD", character)[:1]
    lookalikes = DIGIT_LOOKALIKES if alphabet == DIGITS else LETTER_LOOKALIKES
    for meant in (lookalikes.get(character), plain, plain.upper(), lookalikes.get(plain)):
        if meant and all(letter in alphabet for letter in meant):
            return tuple(alphabet.index(letter) + 1 for letter in meant)
    return (0,) if character in SEPARATORS else ()


def fold_weights(characters: Sequence[str], alphabet: str) -> "csr_array":
    """How each class shares its probability between columns.

    Args:
        characters: of the V classes; class 0 is the recogniser's blank.
        alphabet: the characters of columns 1 and up.

    Returns:
        float32 (1 + len(alphabet), V); what a class gives sums to 1, or to 0 when it is spread.
        Sparse: a dense product of this size would set all cores spinning.
    """
    weights = np.zeros((len(alphabet) + 1, len(characters)), np.float32)
    weights[0, 0] = 1.0
    for index, character in enumerate(characters[1:], start=1):
        for column in (columns := columns_of(character, alphabet)):
            weights[column, index] = 1.0 / len(columns)
    from scipy.sparse import csr_array  # noqa: PLC0415  # slow to load, needed where OCR is

    return csr_array(weights)


def fold_posteriors(probs: NDArray[np.float32], weights: "csr_array") -> NDArray[np.float32]:
    """Natural-log posteriors of the small alphabet.

    Args:
        probs: (T, V) posteriors of the recogniser's classes, class 0 = blank.
        weights: (K, V) as ``fold_weights`` gives.

    Returns:
        float32 (T, K); the exponentials of each row sum to 1.
    """
    folded = np.asarray(weights @ probs.T, np.float64).T
    spread = np.clip(1.0 - folded.sum(axis=1, keepdims=True), 0.0, 1.0)
    folded = np.maximum(folded + spread / folded.shape[1], FLOOR)
    return np.log(folded / folded.sum(axis=1, keepdims=True)).astype(np.float32)
