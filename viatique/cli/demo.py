"""``viatique demo``: a made-up exam goes the whole way, from the scan to final PDFs.

It uses the same doors as everybody: exam file, scan, marks file.
"""

import json
from pathlib import Path

from rich.text import Text

from viatique.cli import running
from viatique.cli.terminal import messages, say
from viatique.db.copies import list_copies, list_final_pdfs
from viatique.db.exams import find_exam
from viatique.demo.exam import DemoExam, generate_exam
from viatique.demo.marks import demo_marks
from viatique.files import Kind
from viatique.lifecycle import MARKABLE
from viatique.marking.results import Profile
from viatique.models import ExamId
from viatique.run import new_run
from viatique.steps.create_exam import create_exam
from viatique.steps.export_results import export_csv, export_pdfs
from viatique.steps.import_scan import receive_scan
from viatique.steps.record_marks import receive_marks
from viatique.steps.release_results import release_results
from viatique.texts import CLI_LANGUAGE, text
from viatique.workbench import Workbench

SHOWN = 3
LEFT_UNMARKED = 8
"""One copy in so many is left to be marked, so that every page of the dashboard has work."""


def run_demo(*, copies: int, seed: int, is_inline: bool) -> int:
    """Makes the exam and runs import, identify, marks and finalize; 0 when all of it went well."""
    with running.workbench() as bench:
        folder = bench.settings.home_path / "demo"
        with messages.status(text("making_demo", CLI_LANGUAGE, copies=copies)):
            demo = generate_exam(folder, copies=copies, seed=seed)
        exam_id = create_exam(bench, demo.exam_toml)
        receive_scan(bench, exam_id, demo.scan_pdf)
        code = _run(bench, exam_id, demo, is_inline=is_inline)
        _show_results(bench, exam_id, demo)
        return code


def _run(bench: Workbench, exam_id: ExamId, demo: DemoExam, *, is_inline: bool) -> int:
    codes = [
        running.run_flow(bench, name, exam_id, is_inline=is_inline, is_last=False)
        for name in ("import", "identify")
    ]
    marks = demo.scan_pdf.with_name("marks.json")
    _write_marks(bench, exam_id, marks)
    sha256 = receive_marks(bench, exam_id, marks)
    codes.append(
        running.run_flow(bench, "marks", exam_id, is_inline=is_inline, marks=sha256, is_last=False)
    )
    codes.append(running.run_flow(bench, "finalize", exam_id, is_inline=is_inline))
    return max(codes)


def _write_marks(bench: Workbench, exam_id: ExamId, path: Path) -> None:
    with bench.database.transaction() as connection:
        exam = find_exam(connection, exam_id)
        ready = [
            copy.copy_id for copy in list_copies(connection, exam_id) if copy.status in MARKABLE
        ]
    marks = demo_marks(ready[: len(ready) - len(ready) // LEFT_UNMARKED], exam.scheme)
    path.write_text(json.dumps(marks, ensure_ascii=False, indent=1), "utf-8")


def _show_results(bench: Workbench, exam_id: ExamId, demo: DemoExam) -> None:
    with bench.database.transaction() as connection:
        finals = list_final_pdfs(connection, exam_id)
    folder = demo.scan_pdf.parent
    run = new_run()
    release_results(bench.database, run, exam_id, is_released=True)
    export_csv(bench.database, run, exam_id, folder / "results.csv", Profile.PLAIN)
    export_pdfs(bench.database, bench.store, run, exam_id, folder / "finals.zip")
    messages.print()
    say(f"{text('demo_scan', CLI_LANGUAGE)}  {demo.scan_pdf}")
    for copy_id, (sha256, score) in list(finals.items())[:SHOWN]:
        say(f"{copy_id}  {score:>5}  {bench.store.path(sha256, Kind.FINAL)}")
    beside = text("demo_beside", CLI_LANGUAGE)
    say(f"{text('demo_all', CLI_LANGUAGE)}  {folder / 'finals.zip'}, {beside}")
    say(f"{text('demo_history', CLI_LANGUAGE)}  .venv/bin/viatique audit show {exam_id}-0001")
    messages.print(Text(f"{text('demo_up', CLI_LANGUAGE)}  .venv/bin/viatique up"))
