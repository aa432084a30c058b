"""What Prefect costs: each flow beside the same steps with ``--inline``, on one made-up exam.

Commands are timed as people run them, on services that are already up. The time of a command that
does nothing (start of Python, connection) is shown, so that work and start-up can be told apart.

    python -m benchmarks.flows [--copies 200]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from viatique.demo.exam import DemoExam, generate_exam
from viatique.demo.plan import NO_TRAPS

COMMAND = str(Path(sys.executable).with_name("viatique"))
QUESTIONS = {"1.a": "2.5", "1.b": "3", "2": "10"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=200)
    copies = parser.parse_args().copies
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VIATIQUE_HOME"] = f"{folder}/var"
        exam = generate_exam(Path(folder) / "exam", copies=copies, traps=NO_TRAPS, dpi=150)
        try:
            _report(exam, copies, Path(folder))
        finally:
            _viatique("down", "--force")


def _report(exam: DemoExam, copies: int, folder: Path) -> None:
    warm_up = _viatique("exam", "create", str(exam.exam_toml)).strip()
    _viatique("finalize", warm_up)  # starts the Prefect server
    nothing = _timed("finalize", warm_up, "--inline")
    nothing_on_prefect = _timed("finalize", warm_up)
    print(f"{copies} copies of 4 pages, seconds; start-up alone: inline {nothing:.1f},", end=" ")
    print(f"Prefect {nothing_on_prefect:.1f}")
    inline = _stages(exam, folder, "--inline")
    prefect = _stages(exam, folder)
    for name, seconds in inline.items():
        ratio = prefect[name] / seconds
        each = 1000 * (seconds - nothing) / copies
        print(f"{name:9} inline {seconds:6.1f}   Prefect {prefect[name]:6.1f}", end="   ")
        print(f"{ratio:.2f}x   {each:.0f} ms a copy without start-up")
    print(f"together: {sum(prefect.values()) / sum(inline.values()):.2f}x")


def _stages(exam: DemoExam, folder: Path, *options: str) -> dict[str, float]:
    exam_id = _viatique("exam", "create", str(exam.exam_toml)).strip()
    seconds = {
        "import": _timed("import", exam_id, str(exam.scan_pdf), *options),
        "identify": _timed("identify", exam_id, *options),
    }
    marks = folder / f"{exam_id}.csv"
    rows = [
        f"{exam_id}-{copy.number:04},{question},{points}"
        for copy in exam.plan.copies
        for question, points in QUESTIONS.items()
    ]
    marks.write_text("copy,question,points\n" + "\n".join(rows) + "\n", "utf-8")
    seconds["marks"] = _timed("marks", exam_id, str(marks), *options)
    seconds["finalize"] = _timed("finalize", exam_id, *options)
    return seconds


def _timed(*arguments: str) -> float:
    started = time.perf_counter()
    _viatique(*arguments)
    return time.perf_counter() - started


def _viatique(*arguments: str) -> str:
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
