"""First pages of an exam's copies, cut by truth.csv and read: what the benchmarks start from.

Simpler than the import on purpose; never used by the application.
"""

import csv
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.exam_file import read_exam_file
from viatique.models import CopyId, HeaderReading, Layout, Rect
from viatique.ocr import evidence
from viatique.ocr.engine import Engine, load_engine
from viatique.ocr.fields import read_header
from viatique.ocr.zones import learn_forms
from viatique.pdf.render import grey
from viatique.steps.read_headers import REFERENCES

Page = NDArray[np.uint8]
DPI = 200


def _low_resolution(page: Page) -> Page:
    small = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, page.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.uint8)


def _noisy(page: Page) -> Page:
    noise = np.random.default_rng(0).normal(0, 25, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8)


def _jpeg(page: Page) -> Page:
    _, packed = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 20])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)


def _skewed(page: Page) -> Page:
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 3.0, 1.0)
    return np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=(245,)), np.uint8)


def _at_150_dpi(page: Page) -> Page:
    small = cv2.resize(page, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


DEGRADATIONS: dict[str, Callable[[Page], Page]] = {
    "none": lambda page: page,
    "blur": lambda page: np.asarray(cv2.GaussianBlur(page, (0, 0), 2.0), np.uint8),
    "noise": _noisy,
    "low": _low_resolution,
    "jpeg20": _jpeg,
    "skew": _skewed,
    "150 dpi": _at_150_dpi,
    "faint": lambda page: (255 - (255 - page.astype(np.float32)) * 0.4).astype(np.uint8),
}


def exam_pages(folder: Path) -> Iterator[tuple[CopyId, Page]]:
    """The first page of every copy of the exam's scan, at ``DPI``."""
    exam = read_exam_file((folder / "exam.toml").read_text(encoding="utf-8"))
    with pymupdf.open(folder / "scan.pdf") as scan:
        for copy_id, page_number in _first_pages(folder / "truth.csv"):
            yield copy_id, _rendered(scan, page_number, folded=exam.layout is Layout.A3_FOLDED)


def read_scan(folder: Path, models: Path, degrade: str) -> dict[CopyId, HeaderReading]:
    """Reads the header of every copy of the exam's scan and prints the time it took."""
    exam = read_exam_file((folder / "exam.toml").read_text(encoding="utf-8"))
    engine = first_engine(models)
    readings, started, cpu_started = {}, time.perf_counter(), time.process_time()
    first = [DEGRADATIONS[degrade](page) for _, page in islice(exam_pages(folder), REFERENCES)]
    known = learn_forms(engine, first, exam.header)
    for copy_id, page in exam_pages(folder):
        readings[copy_id] = read_header(engine, DEGRADATIONS[degrade](page), exam.header, known)
    copies = max(1, len(readings))
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    print(f"reading: {1000 * wall / copies:.0f} ms a copy, {1000 * cpu / copies:.0f} ms of CPU, "
          "rendering included")  # fmt: skip
    return readings


def first_engine(models: Path) -> Engine:
    """An engine that has run once: loading and the first run are paid once a process."""
    engine = load_engine(models)
    blank = np.full((48, 320), 255, np.uint8)
    engine.find_text(blank)
    engine.read(blank)
    return engine


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
    right_half = Rect(x0=0.5, y0=0, x1=1, y1=1)
    return np.ascontiguousarray(grey(scan[number], dpi=DPI, clip=right_half if folded else None))
