"""What the quality gate of import finds: pages spoiled in known ways, looked at as import does.

Each page is spoiled at its own resolution, stored again as a JPEG and looked at twice: quickly, as
import begins with, and whole. What the whole look names and the quick look lets pass is missed for
speed's sake. Pages as they are, and those turned by 3 degrees, tell false alarms. Run it on exam
folders (exam.toml, scan.pdf), and on the made-up exam when none is named:

    python -m benchmarks.quality_gate [FOLDER ...] [--pages 40]
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.demo.exam import generate_exam
from viatique.models import Half, Layout, Segmentation
from viatique.pdf.glance import half_of
from viatique.scans.segmentation import is_wide
from viatique.steps.scan_jobs import LookJob, PlanJob, SeenSide, look_at_sides

Picture = NDArray[np.uint8]
Spoil = Callable[[Picture], Picture]

JPEG_QUALITY = 75
PAPER = 245
UPRIGHT = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def darkened(kept: float, *, below: float = 0.0) -> Spoil:
    """As under a lamp that fails, from some part of the height on."""

    def spoil(page: Picture) -> Picture:
        start = round(below * len(page))
        return np.vstack([page[:start], (page[start:] * kept).astype(np.uint8)])

    return spoil


def paled(kept: float) -> Spoil:
    """With so much of its contrast."""
    return lambda page: (255 - (255 - page.astype(np.float32)) * kept).astype(np.uint8)


def blurred(sigma: float) -> Spoil:
    """Out of focus by so many pixels."""
    return lambda page: np.asarray(cv2.GaussianBlur(page, (0, 0), sigma), np.uint8)


def turned(degrees: float) -> Spoil:
    """Fed askew."""

    def spoil(page: Picture) -> Picture:
        height, width = page.shape
        return _moved(page, cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1))

    return spoil


def shifted(across: float, down: float) -> Spoil:
    """Fed off its place: what goes over an edge is lost, the rest of the sheet is paper."""

    def spoil(page: Picture) -> Picture:
        height, width = page.shape
        return _moved(page, np.array([[1, 0, across * width], [0, 1, down * height]]))

    return spoil


SPOILED: dict[str, Spoil] = {
    "nothing": lambda page: page,
    **{f"dark x {kept}": darkened(kept) for kept in (0.1, 0.15)},
    **{
        f"dark x {kept} below {below}": darkened(kept, below=below)
        for kept, below in ((0.1, 0.2), (0.1, 0.4), (0.15, 0.45))
    },
    **{f"pale x {kept}": paled(kept) for kept in (0.1, 0.15)},
    **{f"blurred by {sigma} px": blurred(sigma) for sigma in (4, 5, 6)},
    **{f"turned by {degrees}": turned(degrees) for degrees in (3, -3, 10, 12, -12, 15)},
    **{
        f"{part:.0%} lost {side}": shifted(across * part, down * part)
        for side, across, down in (
            ("left", -1, 0), ("right", 1, 0), ("at the top", 0, -1), ("at the foot", 0, 1),
        )
        for part in (0.12, 0.16, 0.2)
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Pages of a scan, spoiled in one way."""

    scan: Path
    sides: Sequence[int]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many pages were looked at, and named by each look."""

    pages: int
    whole: int
    quick: int
    missed: int
    decoded_whole: int
    named: Counter[str]

    def row(self, name: str) -> str:
        share = [100 * count / self.pages for count in (self.whole, self.quick, self.missed)]
        counts = " ".join(f"{value:8.1f}" for value in share)
        names = ", ".join(f"{defect} {count}" for defect, count in self.named.most_common())
        return f"{name:<24} {counts} {100 * self.decoded_whole / self.pages:10.1f}  {names}"


def tried(trial: Trial) -> Found:
    """Runs in a process of its own: both looks at the spoiled pages."""
    with tempfile.TemporaryDirectory() as folder:
        path = trial.scan
        sides = trial.sides
        if trial.name:
            path = Path(folder, "spoiled.pdf")
            write_spoiled(trial, path)
            sides = range(len(trial.sides))
        quick, whole = (_looked(path, sides, is_whole=is_whole) for is_whole in (False, True))
    parts = [Half.LEFT, Half.RIGHT] if whole[0].is_wide else [Half.WHOLE]
    pairs = [
        (fast.defects.get(part), slow.defects.get(part))
        for fast, slow in zip(quick, whole, strict=True)
        for part in parts
    ]
    return Found(
        pages=len(pairs),
        whole=sum(slow is not None for _, slow in pairs),
        quick=sum(fast is not None for fast, _ in pairs),
        missed=sum(slow is not None and fast is None for fast, slow in pairs),
        decoded_whole=len(parts) * sum(side.is_whole for side in quick),
        named=Counter(str(fast) for fast, _ in pairs if fast),
    )


def write_spoiled(trial: Trial, path: Path) -> None:
    """Writes sides of a scan as they would be, had each page of them been spoiled."""
    spoil = SPOILED[trial.name]
    with pymupdf.open(trial.scan) as scan, pymupdf.open() as spoiled:
        for number in trial.sides:
            rotation = scan[number].rotation
            side = _pixels(scan, number)
            parts = [Half.LEFT, Half.RIGHT] if is_wide(*side.shape[::-1]) else [Half.WHOLE]
            changed = np.hstack([spoil(half_of(side, part)) for part in parts])
            if rotation:
                changed = cv2.rotate(changed, UPRIGHT[360 - rotation])
            box = scan[number].mediabox
            page = spoiled.new_page(width=box.width, height=box.height)
            page.insert_image(page.rect, stream=_jpeg(changed), keep_proportion=False)
            page.set_rotation(rotation)
        spoiled.save(path)


def _pixels(scan: pymupdf.Document, number: int) -> Picture:
    """The picture of a side in grey, as seen."""
    page = scan[number]
    data = scan.extract_image(int(page.get_images()[0][0]))["image"]
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    upright = cv2.rotate(picture, UPRIGHT[page.rotation]) if page.rotation else picture
    return np.asarray(upright, np.uint8)


def _looked(path: Path, sides: Sequence[int], *, is_whole: bool) -> tuple[SeenSide, ...]:
    with pymupdf.open(path) as scan:
        page_count = scan.page_count
    plan = PlanJob(
        scan=path,
        page_count=page_count,
        layout=Layout.AUTO,
        pages_per_copy=4,
        segmentation=Segmentation.HEADER,
    )
    return look_at_sides(LookJob(plan=plan, sides=tuple(sides), is_whole=is_whole))


def _moved(page: Picture, matrix: NDArray[np.float64]) -> Picture:
    height, width = page.shape
    moved = cv2.warpAffine(page, matrix, (width, height), borderValue=(PAPER,))
    return np.asarray(moved, np.uint8)


def _jpeg(picture: Picture) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def report(scan: Path, wanted: int) -> None:
    """Prints one line for each way to spoil a page."""
    with pymupdf.open(scan) as document:
        count = document.page_count
    some = range(0, count, max(1, count // wanted))
    trials = {"as scanned, every page": Trial(scan=scan, sides=range(count), name="")}
    trials |= {name: Trial(scan=scan, sides=some, name=name) for name in SPOILED}
    print(f"{scan.parent.name}: % of pages {'whole':>10} {'quick':>8} {'missed':>8} decoded whole")
    with ProcessPoolExecutor() as pool:
        for name, found in zip(trials, pool.map(tried, trials.values()), strict=True):
            print(found.row(name))


def main() -> None:
    """Measures the exams the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exams", type=Path, nargs="*", help="exam folders")
    parser.add_argument("--pages", type=int, default=40, help="sides spoiled in each way")
    arguments = parser.parse_args()
    for exam in arguments.exams:
        report(exam / "scan.pdf", arguments.pages)
    if not arguments.exams:
        with tempfile.TemporaryDirectory() as folder:
            generate_exam(Path(folder), copies=20, seed=1)
            report(Path(folder) / "scan.pdf", arguments.pages)


if __name__ == "__main__":
    main()
