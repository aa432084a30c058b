"""CPU time and memory to decide an exam: real readings, repeated, against as many students.

Once with their writers on the roster, and once with nobody of them: where another exam's roster was
taken everybody is as far, and no student can be left out of the sums. FOLDERS are exams with
scan.pdf, roster.csv and truth.csv; their headers are read once. Each row is a process of its own.
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks.exam_pages import read_scan
from benchmarks.processes import peak_mib
from viatique.demo.people import make_students
from viatique.identity.decision import decide
from viatique.models import CopyId, HeaderReading, Student, StudentId
from viatique.roster import read_roster

ROUNDS = 3
"""The least of so many is the cost; what else the machine does only adds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--copies", type=int, nargs="+", default=[500, 1000, 2500, 5000])
    arguments = parser.parse_args()
    read = [reading for folder in arguments.folders
            for reading in read_scan(folder, arguments.models, "none").values()]  # fmt: skip
    writers = [one for folder in arguments.folders
               for one in read_roster((folder / "roster.csv").read_bytes())]  # fmt: skip
    for title, students in (("their writers' roster", writers), ("a wrong roster", [])):
        for copies in arguments.copies:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                cpu_s, mib = pool.submit(cost, read, students, copies).result()
            print(f"{copies} copies, {title} of as many: {cpu_s:.2f} s of CPU, "
                  f"{1000 * cpu_s / copies:.2f} ms a copy, {mib:.0f} MiB", flush=True)  # fmt: skip


def cost(
    read: Sequence[HeaderReading], students: Sequence[Student], copies: int
) -> tuple[float, float]:
    """Returns the CPU seconds of deciding so many copies and students, and MiB of this process."""
    people = [*students, *make_students(copies, prefix="X", seed=0)][:copies]
    roster = [replace(one, student_id=StudentId(f"{number:05}"))
              for number, one in enumerate(people)]  # fmt: skip
    readings = {
        CopyId(f"{number:05}"): reading
        for number, reading in enumerate(islice(cycle(read), copies))
    }
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        decide(readings, roster)
        found.append(time.process_time() - started)
    return min(found), peak_mib(os.getpid())


if __name__ == "__main__":
    main()
