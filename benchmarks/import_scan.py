"""Import against rasterising: what `viatique import --inline` does beside every page as a PNG.

Import is all of it: the scan checked and stored, sides looked at, copies cut and stored, rows and
audit events written, on a database and a store of the benchmark's own. Rasterising is what the
predecessor did first of all: every page at 150 dpi, kept as a PNG. Both in as many processes, which
are started before the clock; CPU seconds of all processes, Postgres included, say what no other
load on the machine can blur. Machines change their pace, too: pages are rasterised before and after
each import, which is compared with both. Run it on an exam folder (exam.toml, scan.pdf):

    python -m benchmarks.import_scan FOLDER [--copies 1000] [--raster-sides 40]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pymupdf

from benchmarks.processes import cpu_s
from benchmarks.rasterising import RASTER_DPI, rasterise
from viatique.db.copies import list_copies
from viatique.errors import ViatiqueError
from viatique.exam_file import read_exam_file
from viatique.inline import run_import
from viatique.lifecycle import CopyStatus
from viatique.models import Segmentation
from viatique.services.local import stop
from viatique.settings import Settings
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.steps.scan_jobs import InspectJob, inspect_file
from viatique.workbench import Workbench, open_workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds by the clock and of CPU, for so many sides."""

    sides: int
    wall_s: float
    cpu_s: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            sides=self.sides + other.sides,
            wall_s=self.wall_s + other.wall_s,
            cpu_s=self.cpu_s + other.cpu_s,
        )

    def row(self, name: str) -> str:
        wall, cpu = (1000 * seconds / self.sides for seconds in (self.wall_s, self.cpu_s))
        return f"{name:<22} {wall:8.2f} ms/side {cpu:8.2f} ms CPU/side"


def enlarged(scan: Path, folder: Path, copies: int, pages_per_copy: int) -> Path:
    """The scan repeated until it has so many copies, its images stored again each time."""
    path = folder / "scan.pdf"
    with pymupdf.open(scan) as once, pymupdf.open() as whole:
        sides = once.page_count
        wanted = max(sides, copies * pages_per_copy // (2 if _is_wide(once) else 1))
        while whole.page_count < wanted:
            whole.insert_pdf(once, to_page=min(sides, wanted - whole.page_count) - 1)
        whole.save(path)
    return path


def _is_wide(scan: pymupdf.Document) -> bool:
    return scan[0].rect.width > scan[0].rect.height


def measured(home: str, sides: int, work: Callable[[], object]) -> Cost:
    """What the work cost this process, its workers and the server of its database."""
    cpu, wall = cpu_s(home), time.perf_counter()
    work()
    return Cost(sides=sides, wall_s=time.perf_counter() - wall, cpu_s=cpu_s(home) - cpu)


def _home(bench: Workbench) -> str:
    return str(bench.settings.home_path)


def rasterised(bench: Workbench, path: Path, sides: int, limit: int) -> Cost:
    """The cost of sides spread over the scan."""
    step = max(1, sides // limit)
    numbers = range(0, sides, step)
    jobs = [(path, numbers[start : start + 5]) for start in range(0, len(numbers), 5)]

    def work() -> None:
        for outcome in bench.pool.run(rasterise, jobs):
            if isinstance(outcome, ViatiqueError):
                raise outcome

    return measured(_home(bench), len(numbers), work)


def imported(
    bench: Workbench, exam_toml: Path, path: Path, sides: int, segmentation: Segmentation
) -> tuple[Cost, int, int]:
    """The cost, and how many copies there are and are ready."""
    text = exam_toml.read_text("utf-8").replace('"header"', f'"{segmentation}"')
    changed = exam_toml.with_name("changed.toml")
    changed.write_text(text, "utf-8")
    exam_id = create_exam(bench, changed)

    def work() -> None:
        receive_scan(bench, exam_id, path)
        run_import(bench, exam_id)

    cost = measured(_home(bench), sides, work)
    with bench.database.transaction() as connection:
        found = list_copies(connection, exam_id)
    return cost, len(found), sum(copy.status is CopyStatus.READY for copy in found)


def report(bench: Workbench, exam_toml: Path, scan: Path, raster_sides: int) -> None:
    """Prints a line for what was rasterised and one for each import between."""
    with pymupdf.open(scan) as document:
        sides = document.page_count
    processes = bench.settings.processes
    print(f"{sides} sides, {scan.stat().st_size / 1e6:.0f} MB, {processes} worker processes each")
    before = _shown_raster(bench, scan, sides, raster_sides)
    for segmentation in (Segmentation.PAGES, Segmentation.HEADER):
        cost, found, ready = imported(bench, exam_toml, scan, sides, segmentation)
        print(cost.row(f"import by {segmentation}"), f"({ready} of {found} copies READY)")
        after = _shown_raster(bench, scan, sides, raster_sides)
        raster = before + after
        wall = raster.wall_s / raster.sides * sides / cost.wall_s
        cpu = raster.cpu_s / raster.sides * sides / cost.cpu_s
        print(f"  {wall:.1f} x faster by the clock, {cpu:.1f} x in CPU")
        before = after


def _shown_raster(bench: Workbench, scan: Path, sides: int, limit: int) -> Cost:
    raster = rasterised(bench, scan, sides, limit)
    print(raster.row(f"raster {RASTER_DPI} dpi PNG"), f"({raster.sides} of them)")
    return raster


def _warm_up(bench: Workbench, scan: Path) -> None:
    """Starts every process, with all that it imports."""
    often = 4 * bench.settings.processes
    bench.pool.run(rasterise, [(scan, range(1))] * often)
    job = InspectJob(path=scan, max_bytes=scan.stat().st_size, max_pages=1)
    bench.pool.run(inspect_file, [job] * often)


def main() -> None:
    """Measures the exam the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exam", type=Path, help="an exam folder")
    parser.add_argument("--copies", type=int, default=0, help="repeat the scan to so many copies")
    parser.add_argument("--raster-sides", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        exam_folder = folder / "exam"
        exam_folder.mkdir()
        for file in ("exam.toml", "roster.csv"):
            (exam_folder / file).write_bytes((arguments.exam / file).read_bytes())
        pages = read_exam_file((exam_folder / "exam.toml").read_text("utf-8")).pages_per_copy
        scan = enlarged(arguments.exam / "scan.pdf", folder, arguments.copies, pages)
        settings = Settings(home=folder / "home", processes=os.cpu_count() or 1)
        try:
            with open_workbench(settings) as bench:
                _warm_up(bench, scan)
                report(bench, exam_folder / "exam.toml", scan, arguments.raster_sides)
        finally:
            stop(settings, force=True)


if __name__ == "__main__":
    main()
