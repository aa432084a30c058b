"""Reads a roster CSV into students, reporting every bad line at once.

Columns are recognised by their usual French and English titles; problems name the line and the
column, never what is written there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from viatique.errors import InvalidRoster, Problem
from viatique.models import Student, StudentId
from viatique.tables import Row, Table, read_table

TITLES: dict[str, tuple[str, ...]] = {
    "student_id": (
        "ine", "numero", "numero_candidat", "no_candidat", "n_candidat", "num_candidat",
        "matricule", "numero_etudiant", "code_etudiant", "identifiant", "id", "student_id",
        "student_number", "candidate_number", "candidat",
    ),
    "student_number": (
        "numero_candidat", "no_candidat", "n_candidat", "num_candidat", "candidate_number",
        "numero_etudiant", "student_number",
    ),
    "last_name": (
        "nom", "nom_de_famille", "nom_famille", "last_name", "lastname", "surname", "family_name",
    ),
    "first_name": ("prenom", "prenoms", "prenom_s", "first_name", "firstname", "given_name"),
    "full_name": ("eleves", "eleve", "nom_prenom", "nom_et_prenom", "student", "name", "full_name"),
    "birth_date": (
        "date_naissance", "date_de_naissance", "naissance", "ne_e_le", "ne_le", "birth_date",
        "birthdate", "date_of_birth", "dob",
    ),
    "group": ("classe", "division", "groupe", "class", "group", "section"),
    "email": ("email", "e_mail", "mail", "courriel", "adresse_e_mail"),
}  # fmt: skip
"""Usual titles (Pronote, SIECLE, Apogée exports, plain English), normalised; first match wins.

A number beside the id (INE and candidate number) is the one written in headers."""

LENGTH_LIMIT = 200
_DATE_PATTERNS = (
    re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
)


def read_roster(data: bytes) -> tuple[Student, ...]:
    """The students of a roster file, in its order.

    Raises:
        InvalidRoster: no usable columns, no rows, or bad lines; nothing is kept.
    """
    table = read_table(data)
    columns = _recognised(table)
    problems = [
        *_column_problems(columns),
        *table.repeated(columns.values()),
        *_empty_problems(table),
        *table.problems,
    ]
    if problems:
        raise _invalid(problems)
    students: list[Student] = []
    for row in table.rows:
        student = _student(row, columns, problems)
        if student is not None:
            students.append(student)
    problems.extend(_repeated_ids(table, columns))
    if problems:
        raise _invalid(problems)
    return tuple(students)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChange:
    """What a later file says of a roster.

    Attributes:
        added: people who are not on it.
        changed: people of whom the file says something else, as they are from now on.
        absent: people on it of whom the file says nothing: they stay.
        erased: people who were erased and are not on it: they stay away.
    """

    added: tuple[Student, ...]
    changed: tuple[Student, ...]
    absent: tuple[StudentId, ...]
    erased: tuple[StudentId, ...] = ()

    def without(self, erased: Sequence[StudentId]) -> "RosterChange":
        """The same change, but for people who were erased."""
        added = tuple(student for student in self.added if student.student_id not in erased)
        return replace(self, added=added, erased=tuple(erased))

    @property
    def counts(self) -> dict[str, int]:
        """How many people each part names."""
        return {name: len(getattr(self, name)) for name in ("added", "changed", "absent", "erased")}


def compare_rosters(before: Sequence[Student], given: Sequence[Student]) -> RosterChange:
    """What to change so that a roster says what a file says. An empty cell takes nothing away."""
    known = {student.student_id: student for student in before}
    named = {student.student_id for student in given}
    merged = [_written_over(known.get(student.student_id), student) for student in given]
    return RosterChange(
        added=tuple(student for student in merged if student.student_id not in known),
        changed=tuple(
            student for student in merged if known.get(student.student_id, student) != student
        ),
        absent=tuple(student_id for student_id in known if student_id not in named),
    )


def _written_over(known: Student | None, given: Student) -> Student:
    if known is None:
        return given
    written = {one.name: getattr(given, one.name) for one in fields(given)}
    return replace(known, **{name: value for name, value in written.items() if value})


def split_full_name(full_name: str) -> tuple[str, str]:
    """Last and first name of "DE LA TOUR Anne": the leading words in capitals are the last name.

    With no case to go by, the first word is taken, as Pronote's column puts the last name first.
    """
    words = full_name.split()
    capitals = 0
    while capitals < len(words) and words[capitals] == words[capitals].upper():
        capitals += 1
    cut = capitals if 0 < capitals < len(words) else 1
    return " ".join(words[:cut]), " ".join(words[cut:])


def parse_birth_date(text: str) -> date | None:
    """A date written dd/mm/yyyy (or with . or -) or ISO, None when it is not a real date."""
    for pattern in _DATE_PATTERNS:
        match = pattern.fullmatch(text)
        if match:
            try:
                return date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                return None
    return None


def _invalid(problems: list[Problem]) -> InvalidRoster:
    return InvalidRoster(
        f"The roster cannot be used: {len(problems)} problem(s).",
        next_step="Correct the lines named and try again; nothing was kept.",
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
    )


def _recognised(table: Table) -> dict[str, str]:
    """The column of each field; one column is one field's."""
    found: dict[str, str] = {}
    for field, titles in TITLES.items():
        free = [title for title in titles if title in table.columns and title not in found.values()]
        if free:
            found[field] = free[0]
    return found


def _column_problems(columns: dict[str, str]) -> Iterator[Problem]:
    if "student_id" not in columns:
        yield Problem(line=1, column="INE", message="no column with the student's id was found")
    if "last_name" not in columns and "full_name" not in columns:
        yield Problem(line=1, column="NOM", message="no column with the student's name was found")


def _empty_problems(table: Table) -> Iterator[Problem]:
    if not table.rows and not table.problems:
        yield Problem(line=0, column="", message="there are no students in it")


def _student(row: Row, columns: dict[str, str], problems: list[Problem]) -> Student | None:
    cells = {field: row.cells.get(title, "") for field, title in columns.items()}
    last_name, first_name = _names(cells)
    found = [
        Problem(line=row.line, column=columns[field], message=message)
        for field, message in _cell_problems(cells)
    ]
    if not last_name:
        found.append(Problem(line=row.line, column="NOM", message="the last name is empty"))
    problems.extend(found)
    if found:
        return None
    return Student(
        student_id=StudentId(cells["student_id"]),
        last_name=last_name,
        first_name=first_name,
        birth_date=parse_birth_date(cells.get("birth_date", "")),
        group=cells.get("group", ""),
        email=cells.get("email", ""),
        student_number=cells.get("student_number", ""),
    )


def _names(cells: dict[str, str]) -> tuple[str, str]:
    if cells.get("last_name"):
        return cells["last_name"], cells.get("first_name", "")
    return split_full_name(cells["full_name"]) if cells.get("full_name") else ("", "")


def _cell_problems(cells: dict[str, str]) -> Iterator[tuple[str, str]]:
    if not cells["student_id"]:
        yield "student_id", "the id is empty"
    written = cells.get("birth_date", "")
    if written and parse_birth_date(written) is None:
        yield "birth_date", "not a date: write dd/mm/yyyy or yyyy-mm-dd"
    for field, cell in cells.items():
        if len(cell) > LENGTH_LIMIT or "\x00" in cell:
            yield field, f"longer than {LENGTH_LIMIT} characters, or not text"


def _repeated_ids(table: Table, columns: dict[str, str]) -> Iterator[Problem]:
    first_line: dict[str, int] = {}
    for row in table.rows:
        student_id = row.cells.get(columns["student_id"], "")
        if student_id and student_id in first_line:
            message = f"the same id as on line {first_line[student_id]}"
            yield Problem(line=row.line, column=columns["student_id"], message=message)
        first_line.setdefault(student_id, row.line)
