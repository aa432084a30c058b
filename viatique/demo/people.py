"""Makes up a class: names, dates of birth and roster ids of people who do not exist.

First and last names are drawn apart from each other, so a whole name is nobody's by intent; the
same seed gives the same class.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from faker import Faker

from viatique.models import Student, StudentId

FIRST_BIRTHDAY = date(2008, 1, 1)
BIRTHDAYS = 800
"""Days from the first to the last birthday: pupils of one school year and their neighbours."""
GROUPS = 6


def make_students(count: int, *, prefix: str, seed: int) -> tuple[Student, ...]:
    """As many students, no two with the same pair of names; ids are PREFIX0001 and so on."""
    rng = np.random.default_rng([seed, ord(prefix[0])])
    names = _names(seed * 1000 + ord(prefix[0]))
    return tuple(
        Student(
            student_id=StudentId(f"{prefix}{number:04}"),
            last_name=last_name,
            first_name=first_name,
            birth_date=FIRST_BIRTHDAY + timedelta(days=int(rng.integers(BIRTHDAYS))),
            group=f"T{number % GROUPS + 1}",
        )
        for number, (last_name, first_name) in zip(range(1, count + 1), names, strict=False)
    )


def _names(seed: int) -> Iterator[tuple[str, str]]:
    fake = Faker("fr_FR")
    fake.seed_instance(seed)
    seen: set[tuple[str, str]] = set()
    while True:
        pair = (fake.last_name(), fake.first_name())
        if pair not in seen:
            seen.add(pair)
            yield pair


def write_roster(path: Path, students: Iterable[Student]) -> None:
    """The roster as French school software exports it: UTF-8 with BOM, semicolons, dd/mm/yyyy."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, delimiter=";", lineterminator="\r\n")
        table.writerow(["INE", "NOM", "PRENOM", "DATE_NAISSANCE", "CLASSE"])
        for student in students:
            birth_date = written_date(student)
            table.writerow(
                [
                    student.student_id,
                    student.last_name,
                    student.first_name,
                    birth_date,
                    student.group,
                ]
            )


def written_date(student: Student) -> str:
    """The date of birth as a pupil writes it: dd/mm/yyyy."""
    return f"{student.birth_date:%d/%m/%Y}" if student.birth_date else ""
