"""Tones of a small grey picture of a page: uint8, (height, width), 0 = black."""

import cv2
import numpy as np
from numpy.typing import NDArray

NEIGHBOURHOOD_PX = 31
"""Paper is the mean of so many pixels around: 16 mm at 50 dpi."""


def darkness(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How much darker than the paper around it each pixel is."""
    paper_around = cv2.blur(page, (NEIGHBOURHOOD_PX, NEIGHBOURHOOD_PX))
    return np.asarray(cv2.subtract(paper_around, page), np.uint8)


def quantile(tones: NDArray[np.uint8], share: float) -> int:
    """The tone that so large a part of them does not exceed."""
    counts = cv2.calcHist([tones], [0], None, [256], [0, 256]).cumsum(dtype=np.float64)
    return int(np.searchsorted(counts, share * tones.size))


def steps_across(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Differences of neighbours in a row."""
    return np.asarray(cv2.absdiff(page[:, 1:], page[:, :-1]), np.uint8)
