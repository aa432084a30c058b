"""An exam file and its roster become an exam, or nothing is stored and the place is named."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.steps.benches import ROSTER, count_rows, write_exam
from viatique.db.exams import find_exam, list_students
from viatique.errors import InvalidExamFile, InvalidRoster, InvalidTable, NotFound
from viatique.models import Layout, Segmentation
from viatique.steps.create_exam import create_exam
from viatique.workbench import Workbench


def _places(error: InvalidTable) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in error.problems]


def test_exam_file_and_roster_become_an_exam(bench: Workbench, tmp_path: Path) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    with bench.database.transaction() as connection:
        exam = find_exam(connection, exam_id)
        students = list_students(connection, exam_id)
    assert (exam.name, exam.layout, exam.segmentation) == (
        "Bac blanc",
        Layout.A4,
        Segmentation.PAGES,
    )
    assert [leaf.points for leaf in exam.scheme.leaves()] == [Decimal("7.5"), Decimal("12.5")]
    assert [(student.student_id, student.last_name) for student in students] == [
        ("S1", "Alpha"),
        ("S2", "Beta"),
        ("S3", "Gamma"),
    ]


def test_same_exam_file_twice_is_two_exams(bench: Workbench, tmp_path: Path) -> None:
    path = write_exam(tmp_path)
    assert create_exam(bench, path) != create_exam(bench, path)


def test_id_that_another_exam_has_is_not_given_again(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["E00001", "E00001", "E00002"])
    monkeypatch.setattr("viatique.db.exams.new_exam_id", lambda: next(drawn))
    path = write_exam(tmp_path)
    assert [create_exam(bench, path) for _ in range(2)] == ["E00001", "E00002"]
    assert count_rows(bench)["student"] == 6


def test_roster_as_a_french_spreadsheet_saves_it_is_understood(
    bench: Workbench, tmp_path: Path
) -> None:
    path = write_exam(tmp_path)
    (tmp_path / "roster.csv").write_bytes(
        "N° candidat;Nom;Prénom;Né(e) le\r\n0042;Éloïse-Noël;Zoé;03/02/2009\r\n".encode("cp1252")
    )
    exam_id = create_exam(bench, path)
    with bench.database.transaction() as connection:
        (student,) = list_students(connection, exam_id)
    assert (student.student_id, student.last_name) == ("0042", "Éloïse-Noël")
    assert str(student.birth_date) == "2009-02-03"


@pytest.mark.parametrize(
    ("roster", "places"),
    [
        ("", [(0, ""), (1, "INE"), (1, "NOM")]),
        ("INE;NOM;PRENOM\n", [(0, "")]),
        ("NOM;PRENOM\nAlpha;Anne\n", [(1, "INE")]),
        (ROSTER + "S1;Delta;Dan\n", [(5, "ine")]),
        ("INE;NOM;NE(E) LE\nS1;Alpha;31/02/2009\n;Beta;\n", [(2, "ne_e_le"), (3, "ine")]),
        ("INE;NOM;PRENOM\nS1;;Anne\n", [(2, "NOM")]),
    ],
    ids=["empty", "nobody", "no ids", "same id twice", "bad date and no id", "no name"],
)
def test_bad_roster_is_refused_with_every_place_named(
    bench: Workbench, tmp_path: Path, roster: str, places: list[tuple[int, str]]
) -> None:
    with pytest.raises(InvalidRoster) as refused:
        create_exam(bench, write_exam(tmp_path, roster=roster))
    assert sorted(_places(refused.value)) == places
    assert not any(count_rows(bench).values())


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        ('layout = "a4"', 'layout = "a5"', "layout"),
        ('layout = "a4"', 'paper = "a4"', "paper"),
        ("pages_per_copy = 2", "", "pages_per_copy"),
        ("pages_per_copy = 2", "pages_per_copy = 0", "pages_per_copy"),
        ('layout = "a4"', 'layout = "a3-folded"', "pages_per_copy"),
        ("points = 7.5", "points = 7", "marking"),
        ("date = 2027-02-06", "date = tomorrow", ""),
    ],
    ids=["value", "unknown", "missing", "range", "folded", "sum", "not TOML"],
)
def test_bad_exam_file_is_refused_with_the_key_named(
    bench: Workbench, tmp_path: Path, before: str, after: str, column: str
) -> None:
    path = write_exam(tmp_path)
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
    with pytest.raises(InvalidExamFile) as refused:
        create_exam(bench, path)
    assert [problem.column for problem in refused.value.problems] == [column]
    assert not any(count_rows(bench).values())


@pytest.mark.parametrize("name", ["exam.toml", "roster.csv"])
def test_missing_file_is_named_by_what_it_is(bench: Workbench, tmp_path: Path, name: str) -> None:
    path = write_exam(tmp_path)
    (tmp_path / name).unlink()
    what = {"exam.toml": "exam file", "roster.csv": "roster"}[name]
    with pytest.raises(NotFound, match=f"The {what} cannot be read"):
        create_exam(bench, path)
    assert not any(count_rows(bench).values())
