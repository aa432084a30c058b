"""Simulated recogniser posteriors: a peak per letter, blanks between, confusions on demand."""

import numpy as np
from numpy.typing import NDArray

from viatique.identity.matching import encode


def posteriors(
    word: str, *, width: int = 27, gap: int = 2, noise: float = 0.0, seed: int = 0
) -> NDArray[np.float32]:
    """Simulates the (T, width) natural-log posteriors of a written word.

    Args:
        gap: blank frames between letters.
        noise: chance that a letter is read mostly as another one.
    """
    rng = np.random.default_rng(seed)
    rows = [_frame(0, width, 0.999)] * gap
    for column in encode(word):
        seen = int(rng.integers(1, width)) if rng.random() < noise else int(column)
        row = _frame(seen, width, 0.8 if seen != column else 0.97)
        row[column] += 0.1
        rows += [row] + [_frame(0, width, 0.999)] * gap
    probs = np.array(rows)
    return np.log(probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)


def _frame(column: int, width: int, peak: float) -> NDArray[np.float64]:
    row = np.full(width, (1 - peak) / (width - 1))
    row[column] = peak
    return row
