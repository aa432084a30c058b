"""CPU time to decide an exam: real readings, repeated, against a roster with their writers on it.

FOLDERS are exams with scan.pdf, roster.csv and truth.csv; their headers are read once.
"""

import argparse
import time
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks.exam_pages import read_scan
from viatique.demo.people import make_students
from viatique.identity.decision import decide
from viatique.models import CopyId, StudentId
from viatique.roster import read_roster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=1000)
    parser.add_argument("--students", type=int, default=1000)
    arguments = parser.parse_args()
    read = [reading for folder in arguments.folders
            for reading in read_scan(folder, arguments.models, "none").values()]  # fmt: skip
    writers = [one for folder in arguments.folders
               for one in read_roster((folder / "roster.csv").read_bytes())]  # fmt: skip
    others = make_students(arguments.students, prefix="X", seed=0)
    roster = [replace(one, student_id=StudentId(f"{number:05}"))
              for number, one in enumerate((*writers, *others)[: arguments.students])]  # fmt: skip
    copies = {
        CopyId(f"{number:05}"): reading
        for number, reading in enumerate(islice(cycle(read), arguments.copies))
    }
    for _ in range(3):
        cpu_started, started = time.process_time(), time.perf_counter()
        decide(copies, roster)
        print(f"{len(copies)} copies against {len(roster)} students: "
              f"{time.process_time() - cpu_started:.2f} s of CPU, "
              f"{time.perf_counter() - started:.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
