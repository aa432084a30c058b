"""Import against rasterising: pages a second to inspect, plan and cut a scan, side by side.

Rasterising is what the predecessor did at import: every page at 150 dpi, kept as a PNG. One
process, nothing stored; run it on an exam folder (exam.toml, scan.pdf), a scan, or nothing (a
small scan of its own):

    python -m benchmarks.import_scan [FOLDER | SCAN] [--raster-pages N]
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pymupdf
from numpy.typing import NDArray

from benchmarks.made_up_scan import write_scan
from viatique.exam_file import read_exam_file
from viatique.header_look import look_for_header
from viatique.models import Half, Layout, Segmentation
from viatique.pdf.cut import cut_copy
from viatique.pdf.glance import glance, half_of
from viatique.pdf.inspect import inspect_scan
from viatique.segmentation import FOLDED_ASPECT, CopyPlan, Side, plan_copies

NO_LIMIT = 1 << 40
RASTER_DPI = 150


def imported(path: Path, segmentation: Segmentation, pages_per_copy: int) -> tuple[float, int, int]:
    """Seconds, copies without a problem, and bytes of all copies."""
    started = time.perf_counter()
    facts = inspect_scan(path, max_bytes=NO_LIMIT, max_pages=NO_LIMIT)
    sides = [
        Side(is_wide=page.width_pt > FOLDED_ASPECT * page.height_pt, is_readable=page.is_readable)
        for page in facts.pages
    ]
    with pymupdf.open(path) as scan:
        plans = planned(scan, sides, segmentation, pages_per_copy)
        written = sum(len(cut_copy(scan, plan.placements)) for plan in plans)
    sound = sum(plan.problem is None for plan in plans)
    return time.perf_counter() - started, sound, written


def planned(
    scan: pymupdf.Document, sides: list[Side], segmentation: Segmentation, pages_per_copy: int
) -> tuple[CopyPlan, ...]:
    """The scan's copies; each side is drawn once."""
    pictures: dict[int, NDArray[np.uint8]] = {}

    def look(side: int, part: Half) -> int | None:
        if side not in pictures:
            pictures.clear()
            pictures[side] = glance(scan[side])
        found = look_for_header(half_of(pictures[side], part))
        return found.turn if found else None

    return plan_copies(
        sides,
        layout=Layout.AUTO,
        pages_per_copy=pages_per_copy,
        segmentation=segmentation,
        look=look,
    )


def rasterised(path: Path, limit: int) -> tuple[float, int, int]:
    """Seconds, pages done and bytes of their PNGs, pages spread over the scan."""
    with pymupdf.open(path) as scan:
        numbers = range(0, scan.page_count, max(1, scan.page_count // limit))
        started = time.perf_counter()
        written = sum(
            len(scan[number].get_pixmap(dpi=RASTER_DPI).tobytes("png")) for number in numbers
        )
        return time.perf_counter() - started, len(numbers), written


def report(path: Path, pages_per_copy: int, raster_pages: int) -> None:
    """Prints one line a way."""
    with pymupdf.open(path) as scan:
        pages = scan.page_count
    size = path.stat().st_size
    seconds, done, written = rasterised(path, raster_pages)
    raster_ms = 1000 * seconds / done
    print(f"{pages} sides, {size / 1e6:.1f} MB, {pages_per_copy} pages a copy")
    print(
        f"raster {RASTER_DPI} dpi PNG  {raster_ms:7.2f} ms/side  {1000 / raster_ms:7.1f} sides/s  "
        f"{written / done * pages / size:5.2f} x the scan's size  ({done} sides measured)"
    )
    for segmentation in (Segmentation.PAGES, Segmentation.HEADER):
        seconds, sound, written = imported(path, segmentation, pages_per_copy)
        each_ms = 1000 * seconds / pages
        print(
            f"import by {segmentation:<11} {each_ms:7.2f} ms/side  {1000 / each_ms:7.1f} sides/s  "
            f"{written / size:5.2f} x the scan's size  {raster_ms / each_ms:6.1f} x faster  "
            f"{sound} copies without a problem"
        )


def main() -> None:
    """Measures the scan the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scan", nargs="?", type=Path, help="an exam folder or a PDF")
    parser.add_argument("--raster-pages", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, pages_per_copy = arguments.scan or write_scan(Path(folder)), 4
        if path.is_dir():
            exam = read_exam_file((path / "exam.toml").read_text(encoding="utf-8"))
            path, pages_per_copy = path / "scan.pdf", exam.pages_per_copy
        report(path, pages_per_copy, arguments.raster_pages)


if __name__ == "__main__":
    main()
