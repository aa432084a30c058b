"""What Prefect costs: each flow beside the same steps with ``--inline``, on one made-up exam.

Commands are timed as people run them, on services that are already up. The time of a command that
does nothing (start of Python, connection) is shown, so that work and start-up can be told apart.
CPU seconds are those of all processes, the services' included: other load does not blur them.

    python -m benchmarks.flows [--copies 200]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import cpu_s
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds by the clock and of CPU."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(wall_s=self.wall_s + other.wall_s, cpu_s=self.cpu_s + other.cpu_s)

    def __str__(self) -> str:
        return f"{self.wall_s:6.1f} s ({self.cpu_s:6.1f} of CPU)"


def _report(exam: DemoExam, copies: int, folder: Path) -> None:
    warm_up = _viatique("exam", "create", str(exam.exam_toml)).strip()
    _viatique("finalize", warm_up)  # starts the Prefect server
    print(f"{copies} copies of 4 pages", flush=True)
    nothing = _timed("finalize", warm_up, "--inline")
    print(f"start-up  inline {nothing}   Prefect {_timed('finalize', warm_up)}", flush=True)
    ids = [_viatique("exam", "create", str(exam.exam_toml)).strip() for _ in range(2)]
    whole = [Cost(), Cost()]
    for name in ("import", "identify", "marks", "finalize"):
        costs = [
            _stage(name, exam, exam_id, folder, options)
            for exam_id, options in zip(ids, (("--inline",), ()), strict=True)
        ]
        whole = [sum_ + cost for sum_, cost in zip(whole, costs, strict=True)]
        print(_row(name, *costs), flush=True)
    print(_row("together", *whole))


def _row(name: str, inline: Cost, prefect: Cost) -> str:
    wall, cpu = prefect.wall_s / inline.wall_s, prefect.cpu_s / inline.cpu_s
    return f"{name:9} inline {inline}   Prefect {prefect}   {wall:.3f}x, {cpu:.3f}x in CPU"


def _stage(name: str, exam: DemoExam, exam_id: str, folder: Path, options: tuple[str, ...]) -> Cost:
    files = {"import": exam.scan_pdf, "marks": folder / f"{exam_id}.csv"}
    if name == "marks":
        rows = [
            f"{exam_id}-{copy.number:04},{question},{points}"
            for copy in exam.plan.copies
            for question, points in QUESTIONS.items()
        ]
        files["marks"].write_text("copy,question,points\n" + "\n".join(rows) + "\n", "utf-8")
    given = [str(files[name])] if name in files else []
    return _timed(name, exam_id, *given, *options)


def _timed(*arguments: str) -> Cost:
    home = os.environ["VIATIQUE_HOME"]
    cpu, started = cpu_s(home), time.perf_counter()
    _viatique(*arguments)
    return Cost(wall_s=time.perf_counter() - started, cpu_s=cpu_s(home) - cpu)


def _viatique(*arguments: str) -> str:
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
