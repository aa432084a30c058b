"""CPU a copy to identify exams as the application does: drawing, reading, storing, deciding.

FOLDERS are exams with exam.toml, scan.pdf and roster.csv; their copies repeat until there are as
many as asked for, so that loading the models and learning the forms is shared by them. Counts all
processes, the database's included.

    python -m benchmarks.identify FOLDER... [--copies 240]
"""

import argparse
import tempfile
from pathlib import Path

import pymupdf

from benchmarks.processes import cpu_s
from benchmarks.repeated_scan import repeat_pages
from viatique.db.copies import list_copies
from viatique.inline import run_identify, run_import
from viatique.services.local import stop
from viatique.settings import Settings
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.workbench import Workbench, open_workbench

PAGES_PER_COPY = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--copies", type=int, default=240)
    arguments = parser.parse_args()
    for folder in arguments.folders:
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o755)
            settings = Settings(home=Path(name) / "home")
            try:
                with open_workbench(settings) as bench:
                    _measure(bench, folder, Path(name), arguments.copies)
            finally:
                stop(settings, force=True)


def _measure(bench: Workbench, folder: Path, work: Path, copies: int) -> None:
    exam_id = create_exam(bench, folder / "exam.toml")
    receive_scan(bench, exam_id, _long_scan(folder / "scan.pdf", work / "scan.pdf", copies))
    run_import(bench, exam_id)
    with bench.database.transaction() as connection:
        count = len(list_copies(connection, exam_id))
    before = cpu_s(str(bench.settings.home_path))
    run_identify(bench, exam_id)
    spent = cpu_s(str(bench.settings.home_path)) - before
    print(f"{folder.name}: {count} copies, {1000 * spent / count:.1f} ms of CPU a copy", flush=True)


def _long_scan(once: Path, path: Path, copies: int) -> Path:
    """The scan as often as it takes for so many copies."""
    with pymupdf.open(once) as scan:
        sides = 1 + (scan[0].rect.width > scan[0].rect.height)
        count = len(scan)
    times = -(-copies * PAGES_PER_COPY // (count * sides))
    return repeat_pages(once, path, [*range(count)] * times)


if __name__ == "__main__":
    main()
