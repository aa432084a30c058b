"""What the predecessor did first of all with a scan; runs in worker processes."""

from pathlib import Path

import pymupdf

RASTER_DPI = 150


def rasterise(job: tuple[Path, range]) -> int:
    """Bytes of the PNGs of some sides."""
    path, sides = job
    with pymupdf.open(path) as scan:
        return sum(len(scan[side].get_pixmap(dpi=RASTER_DPI).tobytes("png")) for side in sides)
