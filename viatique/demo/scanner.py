"""Makes a clean page look scanned: a little skewed and shifted, on grey grainy paper, as a JPEG."""

import cv2
import numpy as np
from numpy.typing import NDArray

from viatique.demo.forms import Picture

SKEW_DEG = 1.5
SHIFT_PX = 8
JPEG_QUALITY = 60
GRAINS = 3


class Scanner:
    """Scans pages of one size; its few sheets of grain are made once and shifted about."""

    def __init__(self, shape: tuple[int, int], rng: np.random.Generator) -> None:
        self._rng = rng
        self._grains = [_grain(shape, rng) for _ in range(GRAINS)]

    def scan(self, page: Picture) -> Picture:
        """The same page, skewed by at most SKEW_DEG, with paper that is not white."""
        height, width = page.shape
        angle = float(np.clip(self._rng.normal(0, 0.6), -SKEW_DEG, SKEW_DEG))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        matrix[:, 2] += self._rng.uniform(-SHIFT_PX, SHIFT_PX, 2)
        skewed = cv2.warpAffine(page, matrix, (width, height), borderValue=(255.0,))
        grain = self._grains[int(self._rng.integers(GRAINS))]
        shade = float(self._rng.uniform(0, 18))
        paper = cv2.convertScaleAbs(grain, alpha=1.0, beta=shade)
        return np.asarray(cv2.subtract(skewed, paper), dtype=np.uint8)


def encode_jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Grey JPEG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    is_done, data = cv2.imencode(".jpg", picture, options)
    assert is_done  # noqa: S101 - only an unknown extension or an empty picture fails
    return data.tobytes()


def _grain(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What paper and lamp take from white: fine grain, and a slow change over the sheet."""
    fine = rng.normal(0, 2.0, shape).astype(np.float32)
    slow = rng.normal(0, 4.0, (7, 5)).astype(np.float32)
    shade = cv2.resize(slow, shape[::-1], interpolation=cv2.INTER_CUBIC)
    grain = 9.0 + cv2.GaussianBlur(fine, (0, 0), 1.2) + shade
    return np.clip(grain, 0, 255).astype(np.uint8)
