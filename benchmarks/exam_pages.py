"""First pages of an exam's copies, cut by truth.csv and read: what the benchmarks start from.

Simpler than the import on purpose; never used by the application.
"""

import csv
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.exam_file import read_exam_file
from viatique.models import CopyId, HeaderReading, Layout
from viatique.ocr import evidence
from viatique.ocr.engine import load_engine
from viatique.ocr.fields import read_header

Page = NDArray[np.uint8]
DPI = 200


def _low_resolution(page: Page) -> Page:
    small = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, page.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _noisy(page: Page) -> Page:
    noise = np.random.default_rng(0).normal(0, 25, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8)


DEGRADATIONS: dict[str, Callable[[Page], Page]] = {
    "none": lambda page: page,
    "blur": lambda page: cv2.GaussianBlur(page, (0, 0), 2.0),
    "noise": _noisy,
    "low": _low_resolution,
    "faint": lambda page: (255 - (255 - page.astype(np.float32)) * 0.4).astype(np.uint8),
}


def read_scan(folder: Path, models: Path, degrade: str) -> dict[CopyId, HeaderReading]:
    """Reads the header of every copy of the exam's scan and prints the time it took."""
    exam = read_exam_file((folder / "exam.toml").read_text(encoding="utf-8"))
    engine = load_engine(models)
    readings, started = {}, time.perf_counter()
    with pymupdf.open(folder / "scan.pdf") as scan:
        for copy_id, page_number in _first_pages(folder / "truth.csv"):
            page = _rendered(scan, page_number, folded=exam.layout is Layout.A3_FOLDED)
            page = DEGRADATIONS[degrade](page)
            readings[copy_id] = read_header(engine, page, exam.header)
    seconds = time.perf_counter() - started
    print(f"reading: {1000 * seconds / max(1, len(readings)):.0f} ms a copy, rendering included")
    return readings


def load_readings(folder: Path) -> dict[CopyId, HeaderReading]:
    """Loads readings kept by ``save_readings``."""
    files = sorted(folder.glob("*.npz"))
    return {CopyId(file.stem): evidence.from_bytes(file.read_bytes()) for file in files}


def save_readings(readings: dict[CopyId, HeaderReading], folder: Path) -> None:
    """Keeps readings as NNN.npz."""
    folder.mkdir(parents=True, exist_ok=True)
    for copy_id, reading in readings.items():
        (folder / f"{copy_id}.npz").write_bytes(evidence.to_bytes(reading))


def _first_pages(truth: Path) -> list[tuple[CopyId, int]]:
    with truth.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [0, *(int(row["last_page"]) for row in rows)]
    return [
        (CopyId(f"{int(row['copy']):03}"), start) for row, start in zip(rows, starts, strict=False)
    ]


def _rendered(scan: pymupdf.Document, number: int, *, folded: bool) -> Page:
    pixmap = scan[number].get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY, alpha=False)
    shape = (pixmap.height, pixmap.stride)
    page = np.frombuffer(pixmap.samples, np.uint8).reshape(shape)[:, : pixmap.width]
    return np.ascontiguousarray(page[:, page.shape[1] // 2 :] if folded else page)
