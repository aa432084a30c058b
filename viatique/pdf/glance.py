"""A quick look at a scanned side: small, grey, as seen. Good for finding forms, not for reading.

Most scanned sides are one JPEG that fills the page. Its own bytes are decoded at a fraction of
their size then (3 ms an A4 side of 200 dpi instead of 11 by drawing, 2026-11-24); any other side
is drawn. Of an upright grey side, its top and its foot can be had alone, for half of that again.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.models import Half
from viatique.pdf.document import StoredJpeg, document_of, image_bytes, is_jpeg
from viatique.pdf.jpeg import BLOCK_PX, GreyScan, JpegFrame, grey_scan, jpeg_frame
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
SPECIAL_KEY = re.compile(r"/(Decode|Mask|SMask|ImageMask)\b")
"""Image entries that change what its bytes look like (ISO 32000-1, table 89)."""
TOP_PART = 0.40
"""Rows that make the top; headers of both shared exams end at 0.30 (2026-11-25)."""
FEET = ((0.07, 0.022), (0.3, 0.15), (0.45, 0.25))
"""Rows that a foot has at most, and the part of the bytes that code them: margins take few. The
largest one is in the lower half of the page for sure."""
FOOT_ROWS = 4
"""Rows of blocks a foot must show: of fewer, some may be out of step."""
UNFILLED = 128
"""Grey of what the bytes of a foot do not fill."""
TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def glance(page: pymupdf.Page, *, jpeg: StoredJpeg | None = None) -> NDArray[np.uint8]:
    """A scanned side in grey at 50 dpi: uint8, (height, width), 0 = black, /Rotate honoured.

    Args:
        page: the side.
        jpeg: its only picture, where it was read already.
    """
    picture = _embedded(page, jpeg)
    return grey(page, dpi=GLANCE_DPI) if picture is None else picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """Parts of an upright side in grey at 50 dpi.

    Attributes:
        top: its first rows, as ``glance`` has them.
        feet: its last rows, few and then more of them, decoded when asked for; too bright or too
            dark, by the same amount everywhere.
        height: rows of the whole side.
    """

    top: NDArray[np.uint8]
    feet: Iterator[NDArray[np.uint8]]
    height: int


def glimpse(page: pymupdf.Page, *, jpeg: StoredJpeg | None = None) -> Glimpse | None:
    """The top and the foot of a side as ``glance``, None when it cannot be seen in parts."""
    data = None if page.rotation else _lone_jpeg(page, jpeg)
    scan = grey_scan(data) if data else None
    if scan is None:
        return None
    width, height = _size(page)
    top_rows = _whole_blocks(TOP_PART * scan.frame.height)
    size = (width, round(height * top_rows / scan.frame.height))
    top = _decoded(scan.top(top_rows), scan.frame, size)
    return None if top is None else Glimpse(top=top, feet=_feet(scan, width), height=height)


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


def _embedded(page: pymupdf.Page, jpeg: StoredJpeg | None) -> NDArray[np.uint8] | None:
    """The picture of a page that is one JPEG filling it, None for any other page."""
    data = _lone_jpeg(page, jpeg)
    frame = jpeg_frame(data) if data else None
    if data is None or frame is None:
        return None
    width, height = _size(page)
    is_lying = page.rotation in {90, 270}
    decoded = _decoded(data, frame, (height, width) if is_lying else (width, height))
    if decoded is None or not page.rotation:
        return decoded
    return np.asarray(cv2.rotate(decoded, TURNS[page.rotation]), np.uint8)


def _lone_jpeg(page: pymupdf.Page, known: StoredJpeg | None) -> bytes | None:
    """The bytes of the one JPEG that fills a page, None for any other page."""
    jpeg = known or _read(page)
    shown = ONE_IMAGE.fullmatch(page.read_contents()) if jpeg else None
    if jpeg is None or shown is None or not _fills(page, shown):
        return None
    is_shown = jpeg.image[7] == shown[5].decode("latin-1")
    return jpeg.data if is_shown and _is_plain(document_of(page), jpeg) else None


def _read(page: pymupdf.Page) -> StoredJpeg | None:
    images = page.get_images()
    if len(images) != 1 or not is_jpeg(images[0]):
        return None
    return StoredJpeg(image=images[0], data=image_bytes(document_of(page), images[0]))


def _size(page: pymupdf.Page) -> tuple[int, int]:
    """Width and height of a glance at the page."""
    seen = page.rect
    return math.ceil(seen.width * SCALE), math.ceil(seen.height * SCALE)


def _fills(page: pymupdf.Page, shown: re.Match[bytes]) -> bool:
    width, height, x, y = (float(shown[number]) for number in range(1, 5))
    box, media = page.cropbox, page.mediabox
    bottom = media.height - box.y1
    gaps = (x - box.x0, y - bottom, x + width - box.x1, y + height - bottom - box.height)
    return media.top_left == (0, 0) and max(map(abs, gaps)) <= MISFIT_PT


def _is_plain(document: pymupdf.Document, jpeg: StoredJpeg) -> bool:
    """Whether the bytes look as they decode: grey or RGB, nothing masked or inverted."""
    xref, mask, *size = (int(value) for value in jpeg.image[:4])
    frame = jpeg_frame(jpeg.data)
    return (
        frame is not None
        and not mask
        and frame.is_plain
        and [frame.width, frame.height] == size
        and not SPECIAL_KEY.search(document.xref_object(xref, compressed=True))
    )


def _decoded(data: bytes, frame: JpegFrame, size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """The JPEG, or a part of its rows, of ``size`` (width, height) pixels.

    Args:
        data: as it can be decoded.
        frame: of the whole picture.
        size: wanted.
    """
    decoded = _reduced(data, _reduction(frame, size[0]))
    if decoded is None:
        return None
    if max(abs(decoded.shape[1] - size[0]), abs(decoded.shape[0] - size[1])) > 1:
        decoded = cv2.resize(decoded, size, interpolation=cv2.INTER_AREA)
    return np.asarray(decoded, np.uint8)


def _reduction(frame: JpegFrame, width: int) -> int:
    return next(
        number for number in REDUCED if number == 1 or frame.width / number >= ENOUGH * width
    )


def _reduced(data: bytes, reduction: int) -> NDArray[np.uint8] | None:
    flags = REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return None if decoded is None else np.asarray(decoded, np.uint8)


def _whole_blocks(rows: float) -> int:
    return max(1, round(rows / BLOCK_PX)) * BLOCK_PX


def _feet(scan: GreyScan, width: int) -> Iterator[NDArray[np.uint8]]:
    for part, coded_part in FEET:
        rows = _whole_blocks(part * scan.frame.height)
        foot = _foot(scan, scan.foot(rows, int(coded_part * len(scan.data))), width)
        if foot is not None:
            yield foot


def _foot(scan: GreyScan, data: bytes, width: int) -> NDArray[np.uint8] | None:
    """The last rows of a scan from the JPEG of them, None when too few can be had alone."""
    reduction = _reduction(scan.frame, width)
    decoded = _reduced(data, reduction)
    foot = None if decoded is None else _in_step(decoded, scan.blocks_across, BLOCK_PX // reduction)
    if foot is None:
        return None
    if abs(foot.shape[1] - width) <= BLOCK_PX:
        return foot
    return np.asarray(
        cv2.resize(
            foot,
            (width, round(foot.shape[0] * width / foot.shape[1])),
            interpolation=cv2.INTER_AREA,
        ),
        np.uint8,
    )


def _in_step(decoded: NDArray[np.uint8], across: int, block: int) -> NDArray[np.uint8] | None:
    """Whole rows of the blocks that are filled, the last block of the page in the last corner.

    That one, where bits that fill the last byte are decoded too, is made like the one beside it.
    """
    filled = np.flatnonzero(
        (decoded[::block, ::block] != UNFILLED)
        | (decoded[block - 1 :: block, block - 1 :: block] != UNFILLED)
    )
    end = int(filled[-1]) + 1 if len(filled) else 0
    rows, begun = divmod(end, across)
    if rows < FOOT_ROWS or end * block * block == decoded.size:
        return None
    split, height = begun * block, rows * block
    whole = np.hstack([decoded[:height, split:], decoded[block : block + height, :split]])
    whole[-block:, -block:] = whole[-block:, -2 * block : -block]
    return whole
