import csv
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from tests.factories import make_exam
from viatique.demo.exam import DemoExam
from viatique.demo.forms import Form
from viatique.demo.marks import demo_marks
from viatique.demo.plan import NO_TRAPS, Trap, Traps, plan_exam
from viatique.exam_file import read_exam_file
from viatique.lifecycle import CopyStatus
from viatique.marking.marks_file import CopyFacts, check_marks, read_marks
from viatique.models import CopyId, Layout
from viatique.roster import read_roster

ALL_TRAPS = Traps(second_copies=1)


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> DemoExam:
    return make_exam(tmp_path_factory.mktemp("a4"), copies=8, traps=ALL_TRAPS, dpi=60)


@pytest.fixture(scope="module")
def folded_exam(tmp_path_factory: pytest.TempPathFactory) -> DemoExam:
    return make_exam(
        tmp_path_factory.mktemp("a3"),
        copies=3,
        layout=Layout.A3_FOLDED,
        form=Form.BOXED,
        traps=NO_TRAPS,
        dpi=60,
    )


def truth(exam: DemoExam) -> list[dict[str, str]]:
    with exam.truth_csv.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def darkness(page: pymupdf.Page, clip: tuple[float, float, float, float]) -> float:
    """Share of dark pixels in a part of the page, given in fractions of it as seen."""
    width, height = page.rect.width, page.rect.height
    x0, y0, x1, y1 = clip
    area = pymupdf.Rect(x0 * width, y0 * height, x1 * width, y1 * height)
    pixmap = page.get_pixmap(dpi=60, clip=area, colorspace=pymupdf.csGRAY)
    return float((np.frombuffer(pixmap.samples, np.uint8) < 140).mean())


def test_exam_same_seed_gives_same_bytes(tmp_path: Path) -> None:
    first = make_exam(tmp_path / "1", copies=2, dpi=60)
    second = make_exam(tmp_path / "2", copies=2, dpi=60)
    other = make_exam(tmp_path / "3", copies=2, dpi=60, seed=2)
    names = [path.name for path in sorted((tmp_path / "1").iterdir())]
    assert names == ["exam.toml", "roster.csv", "scan.pdf", "truth.csv"]
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    assert first.scan_pdf.read_bytes() != other.scan_pdf.read_bytes()
    assert first.plan == second.plan


def test_exam_files_are_ones_viatique_reads(exam: DemoExam) -> None:
    exam_file = read_exam_file(exam.exam_toml.read_text(encoding="utf-8"))
    students = read_roster(exam.roster_csv.read_bytes())
    assert exam_file.layout is Layout.A4
    assert exam_file.scheme.total == Decimal(20)
    assert {student.student_id for student in students} == {
        student.student_id for student in exam.plan.roster
    }


def test_exam_truth_agrees_with_scan(exam: DemoExam) -> None:
    rows = truth(exam)
    with pymupdf.open(exam.scan_pdf) as scan:
        assert len(scan) == int(rows[-1]["last_page"]) == 8 * 4 - 1
    assert [row["copy"] for row in rows] == [str(number) for number in range(1, 9)]
    assert sorted(row["note"] for row in rows if row["note"]) == sorted(ALL_TRAPS.each())


def test_exam_truth_agrees_with_roster(exam: DemoExam) -> None:
    roster = {student.student_id for student in exam.plan.roster}
    rows = {row["note"]: row for row in truth(exam)}
    assert rows["off-roster"]["writer"] not in roster
    assert rows["off-roster"]["student"] == rows["blank"]["student"] == ""
    assert rows["blank"]["writer"] in roster
    assert {row["student"] for row in truth(exam)} - {""} <= roster
    assert len([student for student in roster if student.startswith("A")]) == 4


def test_exam_second_copy_has_same_writer(exam: DemoExam) -> None:
    writers = [row["writer"] for row in truth(exam)]
    (second,) = [row["writer"] for row in truth(exam) if row["note"] == "second-copy"]
    assert writers.count(second) == 2
    assert len(set(writers)) == len(writers) - 1


def test_exam_upside_down_copy_has_its_header_at_the_bottom(exam: DemoExam) -> None:
    rows = truth(exam)
    (index,) = [index for index, row in enumerate(rows) if row["upside_down"] == "True"]
    first_page = int(rows[index - 1]["last_page"]) if index else 0
    with pymupdf.open(exam.scan_pdf) as scan:
        page = scan[first_page]
        assert darkness(page, (0, 0.78, 1, 1)) > darkness(page, (0, 0, 1, 0.22))


def test_exam_blank_header_has_less_ink(exam: DemoExam) -> None:
    rows = truth(exam)
    starts = [0, *(int(row["last_page"]) for row in rows)]
    with pymupdf.open(exam.scan_pdf) as scan:
        ink = {
            row["note"]: darkness(scan[start], (0, 0, 1, 0.22))
            for row, start in zip(rows, starts, strict=False)
            if row["note"] != Trap.UPSIDE_DOWN
        }
    assert ink[Trap.BLANK] == min(ink.values())


def test_folded_exam_has_header_right_on_outer_side(folded_exam: DemoExam) -> None:
    with pymupdf.open(folded_exam.scan_pdf) as scan:
        assert len(scan) == 3 * 2
        assert {page.rotation for page in scan} == {90}
        assert scan[0].rect.width > scan[0].rect.height
        assert darkness(scan[0], (0.5, 0, 1, 0.22)) > 3 * darkness(scan[0], (0, 0, 0.5, 0.1))
        assert darkness(scan[1], (0, 0, 1, 0.1)) < 0.01


def test_folded_exam_missing_page_is_a_side(tmp_path: Path) -> None:
    traps = Traps(
        missing_page=1, blank=0, swapped=0, off_roster=0, upside_down=0, siblings=0, absentees=0
    )
    exam = make_exam(tmp_path, copies=1, layout=Layout.A3_FOLDED, traps=traps, dpi=60)
    with pymupdf.open(exam.scan_pdf) as scan:
        assert len(scan) == int(truth(exam)[-1]["last_page"]) == 1


def test_folded_exam_refuses_half_sheets(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="folded sheet"):
        make_exam(tmp_path, layout=Layout.A3_FOLDED, pages_per_copy=6)


def test_plan_has_siblings_and_no_homonyms() -> None:
    plan = plan_exam(copies=40, pages_per_copy=4, pages_per_side=1, traps=Traps(), seed=3)
    names = [(student.last_name, student.first_name) for student in plan.roster]
    last_names = [last_name for last_name, _ in names]
    assert len(set(names)) == len(names)
    assert len(set(last_names)) < len(last_names)


def test_plan_refuses_more_traps_than_copies() -> None:
    with pytest.raises(ValueError, match="3 copies cannot have 5 traps"):
        plan_exam(copies=3, pages_per_copy=4, pages_per_side=1, traps=Traps(), seed=1)


@pytest.mark.parametrize("seed", range(5))
def test_demo_marks_pass_the_import_checks(exam: DemoExam, seed: int) -> None:
    scheme = read_exam_file(exam.exam_toml.read_text(encoding="utf-8")).scheme
    copy_ids = [CopyId(f"copy-{number}") for number in range(20)]
    items = demo_marks(copy_ids, scheme, seed=seed)
    marks = read_marks(json.dumps(items).encode())
    facts = dict.fromkeys(copy_ids, CopyFacts(status=CopyStatus.READY, page_count=2))
    assert check_marks(marks, scheme, facts) == ()
    assert all(item.scores.keys() == scheme.maximum().keys() for item in marks)
    assert items == demo_marks(copy_ids, scheme, seed=seed)
