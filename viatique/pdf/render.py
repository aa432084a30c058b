"""Pages as pixels, as people see them: /Rotate and CropBox honoured. Never used to store a page."""

import math

import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.models import Rect
from viatique.pdf.document import open_pdf

WHITE = 255


def render_page(
    copy_pdf: bytes, page: int, *, dpi: int, clip: Rect | None = None
) -> NDArray[np.uint8]:
    """A page in grey.

    Args:
        copy_pdf: the PDF.
        page: 0-based.
        dpi: pixels per inch.
        clip: the part wanted, fractions of the page as seen; None = all of it.

    Returns:
        uint8, (height, width), 0 = black, origin top left.

    Raises:
        UnreadablePdf: the page cannot be rendered.
    """
    with open_pdf(copy_pdf) as document:
        return grey(document[page], dpi=dpi, clip=clip)


def render_png(copy_pdf: bytes, page: int, *, dpi: int, without: tuple[Rect, ...] = ()) -> bytes:
    """A page in colour, as a PNG file.

    Args:
        copy_pdf: the PDF.
        page: 0-based.
        dpi: pixels per inch.
        without: parts left white, fractions of the page as seen.

    Raises:
        UnreadablePdf: the page cannot be rendered.
    """
    with open_pdf(copy_pdf) as document:
        pixels = document[page].get_pixmap(dpi=dpi, alpha=False)
    for rect in without:
        whiten(pixels, _in_pixels(pixels, rect))
    return pixels.tobytes("png")


def whiten(pixels: pymupdf.Pixmap, part: pymupdf.IRect) -> None:
    """Makes a part of a picture white; ``Pixmap.set_rect`` does it pixel by pixel, for seconds."""
    seen = np.asarray(pixels.samples_mv).reshape(pixels.height, pixels.stride)
    seen[part.y0 : part.y1, part.x0 * pixels.n : part.x1 * pixels.n] = WHITE


def grey(page: pymupdf.Page, *, dpi: int, clip: Rect | None = None) -> NDArray[np.uint8]:
    """An open page in grey; shape and origin as ``render_page``."""
    pixels = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, clip=_in_points(page, clip))
    flat = np.frombuffer(pixels.samples, np.uint8)
    return flat.reshape(pixels.height, pixels.stride)[:, : pixels.width]


def _in_points(page: pymupdf.Page, clip: Rect | None) -> pymupdf.Rect | None:
    if clip is None:
        return None
    seen = page.rect
    return pymupdf.Rect(
        clip.x0 * seen.width, clip.y0 * seen.height, clip.x1 * seen.width, clip.y1 * seen.height
    )


def _in_pixels(pixels: pymupdf.Pixmap, rect: Rect) -> pymupdf.IRect:
    """Every pixel the rectangle touches."""
    return pymupdf.IRect(
        math.floor(rect.x0 * pixels.width),
        math.floor(rect.y0 * pixels.height),
        math.ceil(rect.x1 * pixels.width),
        math.ceil(rect.y1 * pixels.height),
    )
