"""exam.toml, rosters and marks as people really write them, and as they get them wrong."""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_scoring import SCHEME
from viatique.errors import InvalidExamFile, InvalidMarks, InvalidRoster
from viatique.exam_file import read_exam_file
from viatique.lifecycle import CopyStatus
from viatique.marking.marks_file import CopyFacts, check_marks, read_marks
from viatique.models import AnnotationKind, CopyId, Layout, Rect, Segmentation
from viatique.roster import read_roster, split_full_name

EXAM = """
name = "Bac blanc"
date = 2027-02-06
layout = "a4"
pages_per_copy = 4
segmentation = "header"
roster = "roster.csv"
[header]
form = "auto"
fields = ["last_name", "first_name", "birth_date"]
[marking]
total = 20
questions = [
  { id = "1", label = "Exercice 1", questions = [ { id = "1.a", points = 3 } ] },
  { id = "2", label = "Exercice 2", points = 17 },
]
"""


def test_exam_file_is_read() -> None:
    exam = read_exam_file(EXAM)
    assert (exam.name, exam.exam_date) == ("Bac blanc", date(2027, 2, 6))
    assert (exam.layout, exam.segmentation) == (Layout.A4, Segmentation.HEADER)
    assert [leaf.question_id for leaf in exam.scheme.leaves()] == ["1.a", "2"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('name = "Bac blanc"', "", "name"),
        ('layout = "a4"', 'layout = "a5"', "layout"),
        ("pages_per_copy = 4", "pages_per_copy = 0", "pages_per_copy"),
        ('roster = "roster.csv"', 'roster = "r.csv"\ncolour = 1', "colour"),
        ("points = 17", "points = 16", "sum to 19"),
        ('form = "auto"', 'form = "zones"', "zone for: birth_date"),
        ('layout = "a4"\npages_per_copy = 4', 'layout = "a3-folded"\npages_per_copy = 6', "of 4"),
        ("total = 20", "total = ", "not valid TOML"),
    ],
)
def test_a_wrong_exam_file_is_refused_naming_the_key(old: str, new: str, expected: str) -> None:
    assert old in EXAM
    with pytest.raises(InvalidExamFile, match=expected):
        read_exam_file(EXAM.replace(old, new))


def test_zones_are_read() -> None:
    zones = "".join(
        f'[[header.field]]\nname = "{name}"\nzone = [0.1, 0.1, 0.5, 0.2]\n'
        for name in ("last_name", "first_name", "birth_date")
    )
    text = EXAM.replace('form = "auto"', 'form = "zones"').replace("[marking]", f"{zones}[marking]")
    assert read_exam_file(text).header.zones[0][1] == Rect(x0=0.1, y0=0.1, x1=0.5, y1=0.2)
    with pytest.raises(InvalidExamFile, match="fractions"):
        read_exam_file(text.replace("0.5, 0.2", "0.05, 0.2"))


@pytest.mark.parametrize(
    "data",
    [
        "INE;NOM;PRENOM;DATE_NAISSANCE;CLASSE\nS1;Lépine;Zoé;06/02/2010;T1\n".encode("utf-8-sig"),
        "INE;NOM;PRENOM;DATE_NAISSANCE;CLASSE\r\nS1;Lépine;Zoé;06/02/2010;T1".encode("cp1252"),
        "student_number,last_name,first_name,birth_date\nS1,Lépine,Zoé,2010-02-06\n".encode(),
        "Numéro\tÉlèves\tNé(e) le\nS1\tLÉPINE Zoé\t6.2.2010\n".encode(),
        "INE\tNOM\tPRENOM\tNé le\nS1\tLépine\tZoé\t6/2/2010\n".encode("utf-16"),
        "sep=;\r\nINE;NOM;PRENOM;Né le;\r\nS1;Lépine;Zoé\u00a0;06/02/2010;\r\n;;;;\r\n".encode(),
        '"INE";"NOM";"PRENOM";"Né le"\r"S1";"Lépine";"Zoé";"2010-2-6";\r'.encode(),
    ],
    ids=["bom", "cp1252", "english", "pronote", "unicode text", "sep", "old mac"],
)
def test_rosters_of_usual_kinds_are_read(data: bytes) -> None:
    (student,) = read_roster(data)
    assert student.student_id == "S1"
    assert (student.last_name.title(), student.first_name) == ("Lépine", "Zoé")
    assert student.birth_date == date(2010, 2, 6)
    assert "pine" not in repr(student)


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        ("INE;NOM;Numéro candidat", ("A1", "3")),
        ("Numéro candidat;NOM;INE", ("3", "A1")),
        ("student_number;NOM;candidat", ("A1", "")),
    ],
)
def test_a_number_beside_the_id_is_the_one_written_in_headers(
    titles: str, expected: tuple[str, str]
) -> None:
    (student,) = read_roster(f"{titles}\nA1;Alpha;3\n".encode())
    assert (student.student_id, student.student_number) == expected


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("DE LA TOUR Anne", ("DE LA TOUR", "Anne")),
        ("Martin Paul", ("Martin", "Paul")),
        ("LE GOFF Jean Marie", ("LE GOFF", "Jean Marie")),
        ("MONONYME", ("MONONYME", "")),
    ],
)
def test_full_names_are_split_after_the_capitals(full: str, parts: tuple[str, str]) -> None:
    assert split_full_name(full) == parts


def test_every_bad_roster_line_is_named_and_no_name_is_repeated() -> None:
    text = "INE;NOM;PRENOM;DATE_NAISSANCE\nS1;Zorglub;A;31/02/2010\n;Zorglub;B;\nS2;;C;\nS2;D;D;\n"
    with pytest.raises(InvalidRoster) as raised:
        read_roster(text.encode())
    lines = [problem.line for problem in raised.value.problems]
    assert lines == [2, 3, 4, 5]
    assert "Zorglub" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("INE,NOM,PRENOM\nS1,Alpha,Anne\nS2,Beta, Jr,Bruno\n", (3, "")),
        ("INE;NOM;PRENOM;Nom\nS1;Alpha;Anne;Beta\n", (1, "nom")),
        ('INE;NOM;PRENOM\nS1;Alpha;Anne\nS2;"Beta;Bruno\nS3;Gamma;Carla\n', (3, "")),
        ('INE;NOM;PRENOM\nS1;"Alpha" Anne;\n', (2, "")),
    ],
    ids=["cells", "titles", "open quotation", "beside quotation"],
)
def test_what_would_be_somebody_elses_name_is_refused(text: str, place: tuple[int, str]) -> None:
    with pytest.raises(InvalidRoster) as raised:
        read_roster(text.encode())
    assert [(problem.line, problem.column) for problem in raised.value.problems] == [place]


@pytest.mark.parametrize("data", [b"", b"a;b\n1;2\n", b"INE;NOM\n"], ids=["empty", "alien", "bare"])
def test_a_roster_without_students_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRoster):
        read_roster(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_roster_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidRoster):
        assert read_roster(data)


def test_marks_are_read_from_csv_with_comma_or_point() -> None:
    found = read_marks(b"copy;question;points;remark\nC1;1;2,5;bien\nC1;2;3;\nC2;1;;voir\n")
    assert found[0].scores == {"1": Decimal("2.5"), "2": Decimal(3)}
    assert found[1].remarks == {"1": "voir"}
    assert found[1].scores == {}


def test_marks_are_read_from_json() -> None:
    (item,) = read_marks(
        b'{"copy": "C1", "scores": {"1.a": 2.5}, "remarks": {"1.a": "ok"}, "appreciation": "bien",'
        b' "annotations": [{"page": 0, "x": 0.9, "y": 0.1, "w": 0.2, "h": 0.1, "kind": "COMMENT",'
        b' "text": "oui", "points": -0.5}]}'
    )
    assert item.scores == {"1.a": Decimal("2.5")}
    assert item.annotations is not None
    (annotation,) = item.annotations
    assert annotation.kind is AnnotationKind.COMMENT
    assert annotation.rect == Rect(x0=0.9, y0=0.1, x1=1.0, y1=0.2)
    assert annotation.points == Decimal("-0.5")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("copy,question,points\nC1,1,x\n", [(2, "points")]),
        ("copy,question,points\n,1,1\nC1,,1\n", [(2, "copy"), (3, "question")]),
        ("copy,question,points\nC1,1,1\nC1,1,2\n", [(3, "question")]),
        ("copy,question\nC1,1\n", [(1, "points")]),
        ("copy,question,points\nC1,1,2,5\n", [(2, "")]),
        (
            "copy,question,points,remark\nC1,1,2,5\nC1,2,2,5,\n",
            [(2, "remark"), (3, "remark")],
        ),
        ("copy;question;points;Points\nC1;1;2;3\n", [(1, "points")]),
        ('[{"copy": "C1", "scores": {"1": "x"}}]', [(1, "scores.1")]),
        ('[{"copy": "C1"}, {"copy": "C1"}]', [(2, "copy")]),
        (
            '[{"copy": "C1", "annotations": [{"page": 0, "x": 2, "y": 0}]}]',
            [(1, "annotations.0.x")],
        ),
        ('[{"copy": "C1"', [(0, "")]),
    ],
    ids=[
        "number",
        "empty",
        "twice",
        "column",
        "decimal comma",
        "decimal comma before a remark",
        "title twice",
        "json number",
        "json twice",
        "rect",
        "json",
    ],
)
def test_wrong_marks_are_refused_naming_row_and_column(
    text: str, places: list[tuple[int, str]]
) -> None:
    with pytest.raises(InvalidMarks) as raised:
        read_marks(text.encode())
    assert [(problem.line, problem.column) for problem in raised.value.problems] == places


@given(st.binary(max_size=200))
def test_any_bytes_are_marks_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidMarks):
        read_marks(data)


def test_marks_are_checked_against_scheme_and_copies() -> None:
    given_marks = read_marks(
        b"copy,question,points\nC1,1.a,3.25\nC1,9,1\nC9,1.a,1\nC2,1.a,1\nC3,1.a,1\n"
    )
    facts = {
        CopyId("C1"): CopyFacts(status=CopyStatus.READY, page_count=4),
        CopyId("C2"): CopyFacts(status=CopyStatus.GRADED, page_count=4),
        CopyId("C3"): CopyFacts(status=CopyStatus.READY, page_count=4),
    }
    found = [(item.line, item.column) for item in check_marks(given_marks, SCHEME, facts)]
    assert found == [(2, "points"), (3, "points"), (4, "copy"), (5, "copy")]


def test_an_annotation_on_a_page_the_copy_has_not_is_refused() -> None:
    given_marks = read_marks(b'{"copy": "C1", "annotations": [{"page": 4, "x": 0, "y": 0}]}')
    facts = {CopyId("C1"): CopyFacts(status=CopyStatus.READY, page_count=4)}
    (problem,) = check_marks(given_marks, SCHEME, facts)
    assert problem.column == "annotations.page"
