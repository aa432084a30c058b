"""Finalize beside what it replaces: pages drawn anew at 150 dpi into a new PDF.

Both get the same copies, cut from a scan, with the same marks; the median time per copy and the
size relative to the copy are printed side by side.

    python benchmarks/finalize.py [SCAN.pdf] [--pages 4] [--copies 20]
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pymupdf

from viatique.models import Annotation, AnnotationKind, CopyId, Language, Rect, ScoreRow, ScoreSheet
from viatique.pdf.finalize import compose_final, verify_final

RASTER_DPI = 150
JPEG_QUALITY = 75


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    ms_per_copy: float
    size_ratio: float


def main() -> None:
    options = _options()
    copies = _copies(options.scan, options.pages, options.copies)
    sheet, marks = _sheet(), _marks(options.pages)
    results = [
        _measured("vector (viatique)", copies, lambda copy: _vector(copy, sheet, marks)),
        _measured(f"raster {RASTER_DPI} dpi", copies, lambda copy: _raster(copy, sheet, marks)),
    ]
    kilobytes = statistics.mean(len(copy) for copy in copies) / 1000
    print(f"{len(copies)} copies of {options.pages} pages, {kilobytes:.0f} KB each on average")
    print(f"{'':20} {'ms/copy':>9} {'size':>8}")
    for result in results:
        print(f"{result.name:20} {result.ms_per_copy:9.1f} {result.size_ratio:7.3f}x")
    ours, raster = results
    print(
        f"{raster.ms_per_copy / ours.ms_per_copy:.1f} times faster, verification included; "
        f"{ours.size_ratio / raster.size_ratio:.2f} times the raster's size, at the scan's own dpi"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("scan", nargs="?", type=Path, help="default: a small made-up one")
    parser.add_argument("--pages", type=int, default=4)
    parser.add_argument("--copies", type=int, default=20)
    return parser.parse_args()


def _copies(scan: Path | None, pages: int, limit: int) -> list[bytes]:
    with pymupdf.open(scan) if scan else _made_up_scan(pages * limit) as source:
        count = min(limit, source.page_count // pages)
        return [_cut(source, number * pages, pages) for number in range(count)]


def _cut(source: pymupdf.Document, first: int, pages: int) -> bytes:
    with pymupdf.open() as copy:
        copy.insert_pdf(source, from_page=first, to_page=first + pages - 1)
        return copy.tobytes(garbage=3, deflate=True)


def _made_up_scan(pages: int) -> pymupdf.Document:
    """Grey pages of 200 dpi with some grain, as a scanner gives."""
    random = np.random.default_rng(1)
    document = pymupdf.open()
    for _ in range(pages):
        grain = random.normal(235, 6, (2339, 1654)).clip(0, 255).astype(np.uint8)
        pixels = pymupdf.Pixmap(pymupdf.csGRAY, 1654, 2339, grain.tobytes(), 0)
        page = document.new_page()
        page.insert_image(page.rect, stream=pixels.tobytes("jpeg", jpg_quality=60))
    return document


def _measured(name: str, copies: Sequence[bytes], finalize: Callable[[bytes], bytes]) -> Result:
    finalize(copies[0])
    times, ratios = [], []
    for copy in copies:
        started = time.perf_counter()
        final = finalize(copy)
        times.append(time.perf_counter() - started)
        ratios.append(len(final) / len(copy))
    return Result(name, statistics.median(times) * 1000, statistics.median(ratios))


def _vector(copy: bytes, sheet: ScoreSheet, marks: Sequence[Annotation]) -> bytes:
    final = compose_final(copy, sheet, marks, language=Language.FR)
    verify_final(final, copy, sheet=sheet, annotations=marks, language=Language.FR)
    return final


def _raster(copy: bytes, sheet: ScoreSheet, marks: Sequence[Annotation]) -> bytes:
    """What the predecessor did, at its simplest: pictures of pages with marks drawn over."""
    with pymupdf.open(stream=copy) as source, pymupdf.open() as final:
        final.new_page().insert_text((56, 80), f"{sheet.exam_name}: {sheet.total}")
        for page in source:
            pixels = page.get_pixmap(dpi=RASTER_DPI)
            shown = final.new_page(width=page.rect.width, height=page.rect.height)
            shown.insert_image(shown.rect, stream=pixels.tobytes("jpeg", jpg_quality=JPEG_QUALITY))
            for mark in (mark for mark in marks if mark.page == page.number):
                box = pymupdf.Rect(
                    mark.rect.x0 * shown.rect.width,
                    mark.rect.y0 * shown.rect.height,
                    mark.rect.x1 * shown.rect.width,
                    mark.rect.y1 * shown.rect.height,
                )
                shown.draw_rect(box, color=(1, 0, 0))
                shown.insert_text(box.top_right, mark.text[:40], fontsize=9)
        return final.tobytes(garbage=3, deflate=True)


def _sheet() -> ScoreSheet:
    rows = tuple(
        ScoreRow(
            question=f"{1 + index // 4}.{'abcd'[index % 4]}",
            label="",
            depth=1,
            points=Decimal("0.5"),
            maximum=Decimal("1.25"),
            remark="Justifier le passage à la limite (x → +∞)." if index % 3 == 0 else "",
        )
        for index in range(16)
    )
    return ScoreSheet(
        exam_name="Mathématiques, épreuve blanche",
        exam_date=date(2027, 2, 6),
        copy_id=CopyId("c-000001"),
        rows=rows,
        total=Decimal(8),
        maximum=Decimal(20),
        appreciation="Ensemble sérieux ; les démonstrations restent à rédiger.",
    )


def _marks(pages: int) -> list[Annotation]:
    kinds = (AnnotationKind.HIGHLIGHT, AnnotationKind.ERROR, AnnotationKind.TICK)
    return [
        Annotation(
            page=page,
            rect=Rect(x0=0.1, y0=0.2 + index * 0.2, x1=0.4, y1=0.25 + index * 0.2),
            kind=kind,
            text="" if kind is AnnotationKind.TICK else "Il manque une hypothèse : x ≥ 0.",
            points=Decimal("-0.5") if kind is AnnotationKind.ERROR else None,
        )
        for page in range(pages)
        for index, kind in enumerate(kinds)
    ]


if __name__ == "__main__":
    main()
