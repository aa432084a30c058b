"""Does an exam of 5,000 copies cost more a copy, or more memory, than one of 100?

The same steps on made-up exams of several sizes, each in a process and on services of its own:
import, reading (a sample is read, the others' readings are its), deciding against as many students
as copies, marks, finalize, and the list of copies page by page. The sheets of a dozen copies
repeat, but no two files are alike. Prints CPU milliseconds a copy, all processes together, and the
most memory each kind of process took.

    python -m benchmarks.growth [--copies 100 1000 5000]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.processes import cpu_s, peaks
from benchmarks.repeated_scan import repeat_pages
from viatique.db.copies import list_copies
from viatique.db.exams import find_exam
from viatique.db.listings import list_copies_after
from viatique.demo.exam import generate_exam
from viatique.demo.marks import demo_marks
from viatique.demo.people import make_students, write_roster
from viatique.demo.plan import NO_TRAPS
from viatique.inline import run_finalize, run_import, run_marks
from viatique.models import ExamId
from viatique.run import new_run
from viatique.services.local import stop
from viatique.settings import Settings
from viatique.steps.create_exam import create_exam
from viatique.steps.decide_identities import decide_identities
from viatique.steps.import_scan import receive_scan
from viatique.steps.read_headers import read_chunk
from viatique.steps.record_marks import receive_marks
from viatique.workbench import Workbench, open_workbench

SHEETS, PAGES_PER_COPY, DPI = 12, 4, 100
COPIES_PER_SCAN = 1250
"""The most that fit into a scan of 5,000 pages, which is what the settings accept."""
SAMPLE = 50
"""Copies whose headers are read: one chunk by default."""
LISTED = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--alone", action="store_true", help="this size, in this process")
    arguments = parser.parse_args()
    for copies in arguments.copies:
        if arguments.alone:
            _measure(copies)
        else:
            command = [sys.executable, "-m", "benchmarks.growth", "--alone", "--copies"]
            subprocess.run([*command, str(copies)], check=True)


def _measure(copies: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        scans = list(_exam_files(folder, copies))
        settings = Settings(home=folder / "home")
        try:
            with open_workbench(settings) as bench:
                _steps(bench, folder, scans, copies)
                _print_peaks(str(folder))
        finally:
            stop(settings, force=True)


def _exam_files(folder: Path, copies: int) -> Iterator[Path]:
    """Writes exam.toml and a roster of as many students as copies; yields its scans."""
    exam = generate_exam(folder, copies=SHEETS, traps=NO_TRAPS, dpi=DPI)
    others = make_students(max(0, copies - SHEETS), prefix="X", seed=5)
    write_roster(exam.roster_csv, [*exam.plan.roster, *others][:copies])
    for start in range(0, copies, COPIES_PER_SCAN):
        end = min(copies, start + COPIES_PER_SCAN)
        first, last = start * PAGES_PER_COPY, end * PAGES_PER_COPY
        pages = [number % (SHEETS * PAGES_PER_COPY) for number in range(first, last)]
        yield repeat_pages(exam.scan_pdf, folder / f"scan{start}.pdf", pages, number=first)


def _steps(bench: Workbench, folder: Path, scans: list[Path], copies: int) -> None:
    exam_id = create_exam(bench, folder / "exam.toml")
    marks = folder / "marks.json"

    def imported() -> None:
        for scan in scans:
            receive_scan(bench, exam_id, scan)
        run_import(bench, exam_id)

    def read() -> None:
        for _ in range(SAMPLE // bench.settings.chunk_size):
            read_chunk(bench, new_run(), exam_id)

    def marked() -> None:
        run_marks(bench, exam_id, receive_marks(bench, exam_id, marks))

    costs = [_cost(bench, "import", imported, copies)]
    costs += [_cost(bench, "read", read, min(copies, SAMPLE))]
    _repeat_readings(bench, exam_id)
    costs += [_cost(bench, "decide", lambda: _decide(bench, exam_id), copies)]
    _write_marks(bench, exam_id, marks)
    costs += [_cost(bench, "marks", marked, copies)]
    costs += [_cost(bench, "finalize", lambda: run_finalize(bench, exam_id), copies)]
    costs += [_cost(bench, "list", lambda: _list(bench, exam_id), copies)]
    print(f"{copies} copies, ms of CPU a copy, together: {sum(costs):.1f}", flush=True)


def _cost(bench: Workbench, name: str, work: Callable[[], object], copies: int) -> float:
    """Prints and returns CPU milliseconds a copy."""
    home = str(bench.settings.home_path)
    before = cpu_s(home)
    work()
    found = 1000 * (cpu_s(home) - before) / copies
    print(f"  {name:9} {found:8.2f}", flush=True)
    return found


def _repeat_readings(bench: Workbench, exam_id: ExamId) -> None:
    with bench.database.transaction() as connection:
        found = connection.execute(
            """
            SELECT reading_sha256, engine FROM header_reading ORDER BY copy_id LIMIT %(sheets)s
            """,
            {"sheets": SHEETS},
        ).fetchall()
        unread = connection.execute(
            """
            SELECT copy_id FROM copy LEFT JOIN header_reading USING (copy_id)
            WHERE exam_id = %(exam)s AND reading_sha256 IS NULL ORDER BY number
            """,
            {"exam": exam_id},
        ).fetchall()
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                INSERT INTO header_reading (copy_id, reading_sha256, engine, correlation_id)
                VALUES (%(copy_id)s, %(reading_sha256)s, %(engine)s, 'repeated')
                """,
                [copy | reading for copy, reading in zip(unread, cycle(found), strict=False)],
            )


def _decide(bench: Workbench, exam_id: ExamId) -> None:
    threshold = bench.settings.review_threshold
    decide_identities(bench.database, bench.store, new_run(), exam_id, threshold=threshold)


def _write_marks(bench: Workbench, exam_id: ExamId, path: Path) -> None:
    with bench.database.transaction() as connection:
        scheme = find_exam(connection, exam_id).scheme
        ids = [copy.copy_id for copy in list_copies(connection, exam_id)]
    path.write_text(json.dumps(demo_marks(ids, scheme)), "utf-8")


def _list(bench: Workbench, exam_id: ExamId) -> None:
    after = 0
    while True:
        with bench.database.transaction() as connection:
            page = list_copies_after(connection, exam_id, after, limit=LISTED)
        if not page:
            return
        after = page[-1].number


def _print_peaks(home: str) -> None:
    found = peaks(home)
    for kind in sorted({peak.kind for peak in found}):
        sizes = [peak.mib for peak in found if peak.kind == kind]
        print(f"  {kind:9} {np.max(sizes):6.0f} MiB at most in a process", flush=True)


if __name__ == "__main__":
    main()
