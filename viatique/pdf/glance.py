"""A quick look at a scanned side: small, grey, as seen. Good for finding forms, not for reading.

Most scanned sides are one JPEG that fills the page. Its own bytes are decoded at a fraction of
their size then (3 ms an A4 side of 200 dpi instead of 11 by drawing, 2026-11-24); any other side
is drawn.
"""

import math
import re

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.models import Half
from viatique.pdf.document import document_of
from viatique.pdf.jpeg import jpeg_frame
from viatique.pdf.render import grey

GLANCE_DPI = 50
SCALE = GLANCE_DPI / 72
ENOUGH = 0.95
"""Part of the wanted pixels a reduced decoding must have; a scan of 200 dpi has 0.999 at 1/4."""
REDUCED = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    1: cv2.IMREAD_GRAYSCALE,
}
"""Fractions libjpeg decodes at: from coefficients, without making the other pixels."""
ONE_IMAGE = re.compile(
    rb"\s*q\s+([\d.]+)\s+-?0(?:\.0*)?\s+-?0(?:\.0*)?\s+([\d.]+)\s+(-?[\d.]+)\s+(-?[\d.]+)\s+cm\s+"
    rb"/(\S+)\s+Do\s+Q\s*"
)
"""Contents that show one upright image and nothing else: width, height, x, y, name."""
MISFIT_PT = 3.0
"""An image that ends so far from an edge of its page does not fill it."""
SPECIAL_KEYS = frozenset({"Decode", "Mask", "SMask", "ImageMask"})
"""Image entries that change what its bytes look like (ISO 32000-1, table 89)."""
TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def glance(page: pymupdf.Page) -> NDArray[np.uint8]:
    """A scanned side in grey at 50 dpi: uint8, (height, width), 0 = black, /Rotate honoured."""
    picture = _embedded(page)
    return grey(page, dpi=GLANCE_DPI) if picture is None else picture


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


def _embedded(page: pymupdf.Page) -> NDArray[np.uint8] | None:
    """The picture of a page that is one JPEG filling it, None for any other page."""
    shown = ONE_IMAGE.fullmatch(page.read_contents())
    images = page.get_images()
    if shown is None or len(images) != 1 or not _fills(page, shown):
        return None
    data = _plain_jpeg(document_of(page), images[0])
    if data is None or images[0][7] != shown[5].decode("latin-1"):
        return None
    size = (math.ceil(page.rect.width * SCALE), math.ceil(page.rect.height * SCALE))
    return _decoded(data, images[0][2:4], size, page.rotation)


def _fills(page: pymupdf.Page, shown: re.Match[bytes]) -> bool:
    width, height, x, y = (float(shown[number]) for number in range(1, 5))
    box = page.cropbox
    bottom = page.mediabox.height - box.y1
    gaps = (x - box.x0, y - bottom, x + width - box.x1, y + height - bottom - box.height)
    return page.mediabox.top_left == (0, 0) and max(map(abs, gaps)) <= MISFIT_PT


def _plain_jpeg(document: pymupdf.Document, image: tuple[int | str, ...]) -> bytes | None:
    """The bytes of an image that look as they decode: grey or RGB, nothing masked or inverted."""
    xref = int(image[0])
    if image[8] != "DCTDecode" or image[1] or SPECIAL_KEYS & set(document.xref_get_keys(xref)):
        return None
    data = document.xref_stream_raw(xref) or b""
    frame = jpeg_frame(data)
    is_plain = frame is not None and (frame.width, frame.height) == image[2:4] and frame.is_plain
    return data if is_plain else None


def _decoded(
    data: bytes, full: tuple[int, int], size: tuple[int, int], rotation: int
) -> NDArray[np.uint8] | None:
    """The JPEG of ``full`` pixels, turned, at the size (width, height) of the page as seen."""
    enough = ENOUGH * max(size)
    reduction = next(number for number in REDUCED if number == 1 or max(full) / number >= enough)
    flags = REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if decoded is None:
        return None
    if rotation:
        decoded = cv2.rotate(decoded, TURNS[rotation])
    if max(abs(decoded.shape[1] - size[0]), abs(decoded.shape[0] - size[1])) > 1:
        decoded = cv2.resize(decoded, size, interpolation=cv2.INTER_AREA)
    return np.asarray(decoded, np.uint8)
