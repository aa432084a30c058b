"""A small scan for benchmarks that are given none: framed headers, ruled pages, grain of paper.

Its size and speed are like those of a real scan; its contents mean nothing.
"""

from pathlib import Path

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 1654, 2338
"""A4 at 200 dpi."""


def write_scan(folder: Path, *, copies: int = 10, pages_per_copy: int = 4) -> Path:
    """Writes scan.pdf: A4 pages, each one grey JPEG of about 0.2 MB."""
    path = folder / "scan.pdf"
    with pymupdf.open() as document:
        for number in range(copies * pages_per_copy):
            page = document.new_page(width=595, height=842)
            picture = _picture(number, has_header=number % pages_per_copy == 0)
            page.insert_image(page.rect, stream=picture)
        document.save(path)
    return path


def _picture(seed: int, *, has_header: bool) -> bytes:
    grain = np.random.default_rng(seed)
    paper: NDArray[np.uint8] = np.full((HEIGHT_PX, WIDTH_PX), 240, np.uint8)
    for row in range(560, HEIGHT_PX, 64):
        cv2.line(paper, (60, row), (WIDTH_PX - 60, row), (205,), 2)
        for column in range(200, int(grain.integers(900, 1500)), 40):
            cv2.putText(
                paper, chr(int(grain.integers(97, 123))), (column, row - 10), 0, 1.4, (60,), 3
            )
    if has_header:
        cv2.rectangle(paper, (80, 70), (WIDTH_PX - 80, 500), (50,), 4)
        cv2.putText(paper, "Nom : MADE UP", (140, 200), 0, 2, (50,), 3)
    noisy = np.clip(paper + grain.normal(0, 3, paper.shape), 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()
