"""A quick look at a scanned side: small, grey, as seen. Good for finding forms, not for reading."""

import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.models import Half
from viatique.pdf.render import grey

GLANCE_DPI = 50
"""MuPDF decodes JPEG at a fraction for it: 7 ms an A4 side against 22 at 150 dpi (2026-11-24)."""


def glance(page: pymupdf.Page) -> NDArray[np.uint8]:
    """A scanned side in grey at 50 dpi: uint8, (height, width), 0 = black, /Rotate honoured."""
    return grey(page, dpi=GLANCE_DPI)


def half_of(side: NDArray[np.uint8], half: Half) -> NDArray[np.uint8]:
    """The part of a side's picture that is one page."""
    middle = side.shape[1] // 2
    match half:
        case Half.LEFT:
            return side[:, :middle]
        case Half.RIGHT:
            return side[:, middle:]
        case Half.WHOLE:
            return side
