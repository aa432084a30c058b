"""Small PDFs for tests: scans of JPEG pages with marks that tell their corners apart."""

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

A4_PT = (595, 842)
A3_PT = (1190, 842)
"""Points; pictures made here have one pixel a point."""


def paper(width: int, height: int, *, number: int = 0) -> Picture:
    """A pale page whose four corners and number can be told apart."""
    page = np.full((height, width), 240, np.uint8)
    page[:60, :60] = 0
    page[:30, -90:] = 90
    page[-40:, :120] = 160
    page[height // 2 :, width // 2 : width // 2 + 10 + 12 * number] = 40
    return page


def jpeg(picture: Picture) -> bytes:
    """The picture as a JPEG file."""
    return cv2.imencode(".jpg", picture)[1].tobytes()


def scan_of(
    pictures: list[Picture],
    *,
    rotate: int = 0,
    mediabox: str | None = None,
    cropbox: str | None = None,
) -> bytes:
    """A PDF with one page a picture; boxes as PDF writes them, for every page."""
    with pymupdf.open() as document:
        for picture in pictures:
            height, width = picture.shape
            page = document.new_page(width=width, height=height)
            page.insert_image(page.rect, stream=jpeg(picture))
            for key, value in (("MediaBox", mediabox), ("CropBox", cropbox)):
                if value:
                    document.xref_set_key(page.xref, key, value)
            document.xref_set_key(page.xref, "Rotate", str(rotate))
        return document.tobytes()


def scan(
    pages: int = 4, *, width: int = A4_PT[0], height: int = A4_PT[1], rotate: int = 0
) -> bytes:
    """A scan of numbered pages."""
    return scan_of([paper(width, height, number=number) for number in range(pages)], rotate=rotate)


def framed_page(
    *,
    top: float = 0.03,
    height: float = 0.2,
    left: float = 0.05,
    right: float = 0.95,
    grey: int = 60,
) -> Picture:
    """A ruled A4 page at 150 dpi with a framed block no line touches; fractions of the page."""
    page = ruled_page()
    rows, columns = page.shape
    corners = (
        (int(left * columns), int(top * rows)),
        (int(right * columns), int((top + height) * rows)),
    )
    room = ((corners[0][0] - 20, corners[0][1] - 20), (corners[1][0] + 20, corners[1][1] + 20))
    cv2.rectangle(page, *room, (245,), cv2.FILLED)
    cv2.rectangle(page, *corners, (grey,), 3)
    cv2.putText(
        page, "Nom : DUPONT", (corners[0][0] + 30, corners[0][1] + 60), 0, 1.2, (grey,), 3
    )  # fmt: skip
    return page


def ruled_page() -> Picture:
    """A ruled A4 page at 150 dpi with a margin and some writing, no frame."""
    page = np.full((1754, 1240), 245, np.uint8)
    for row in range(420, 1700, 48):
        cv2.line(page, (60, row), (1180, row), (205,), 2)
        cv2.putText(page, "des mots sur la ligne", (220, row - 8), 0, 1.1, (70,), 2)
    cv2.line(page, (180, 40), (180, 1720), (200,), 2)
    return page


def squared_page() -> Picture:
    """Seyès paper (8 mm squares, ruled each 2 mm) at 150 dpi."""
    page = np.full((1754, 1240), 245, np.uint8)
    for row in range(30, 1754, 12):
        cv2.line(page, (0, row), (1239, row), (215 if (row - 30) % 48 else 170,), 1)
    for column in range(20, 1240, 48):
        cv2.line(page, (column, 0), (column, 1753), (170,), 1)
    return page
