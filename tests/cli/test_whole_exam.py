"""An exam from the scan to final PDFs by commands alone, its handwriting read by the real OCR."""

import json
from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest

from tests.cli.commands import Command
from tests.factories import make_exam
from viatique.demo.exam import DemoExam
from viatique.demo.marks import demo_marks
from viatique.demo.plan import NO_TRAPS, Trap
from viatique.exam_file import read_exam_file
from viatique.models import CopyId

COPIES = 6


@pytest.fixture
def demo(tmp_path: Path) -> DemoExam:
    """Two pages a copy; one copy upside-down, one with an empty header."""
    traps = replace(NO_TRAPS, upside_down=1, blank=1, absentees=2)
    return make_exam(tmp_path / "demo", copies=COPIES, pages_per_copy=2, traps=traps, dpi=200)


def _write_marks(demo: DemoExam, copy_ids: list[str]) -> Path:
    scheme = read_exam_file(demo.exam_toml.read_text("utf-8")).scheme
    path = demo.exam_toml.with_name("marks.json")
    given = demo_marks([CopyId(copy_id) for copy_id in copy_ids], scheme)
    path.write_text(json.dumps(given), "utf-8")
    return path


@pytest.mark.slow
def test_exam_goes_from_the_scan_to_final_pdfs(viatique: Command, demo: DemoExam) -> None:
    exam = viatique("exam", "create", demo.exam_toml).out.strip()
    viatique("import", exam, demo.scan_pdf, "--inline")
    viatique("identify", exam, "--inline")
    rows = viatique("copies", exam, "--json").lines
    assert len(rows) == COPIES
    for row, plan in zip(rows, demo.plan.copies, strict=True):
        _check_identity(row, plan.student_id)
        assert (row["identity"] == "REVIEW") >= (plan.trap is Trap.BLANK)
    assert sum(row["identity"] == "AUTO" for row in rows) >= COPIES // 2
    viatique("marks", exam, _write_marks(demo, [row["copy"] for row in rows]), "--inline")
    viatique("finalize", exam, "--inline")
    rows = viatique("copies", exam, "--json").lines
    assert {row["status"] for row in rows} == {"GRADED"}
    for row in rows:
        with pymupdf.open(row["final_pdf"]) as document:
            assert document.page_count >= 1 + row["pages"]
            assert row["copy"] in str(document[0].get_text())
    assert "0 problem(s)" in viatique("audit", "verify").out
    viatique("process", exam, "--inline")
    assert viatique("copies", exam, "--json").lines == rows


def _check_identity(row: dict[str, object], student: str) -> None:
    """A copy is rightly given, or waits with candidates; never wrongly given."""
    if row["identity"] == "AUTO":
        assert row["student"] == student
        assert isinstance(row["confidence"], float)
        assert row["confidence"] >= 0.9999
        return
    assert (row["identity"], row["student"]) == ("REVIEW", None)
    assert row["reasons"]
    candidates = row["candidates"]
    assert isinstance(candidates, list)
    probabilities = [candidate["probability"] for candidate in candidates]
    assert probabilities == sorted(probabilities, reverse=True)
