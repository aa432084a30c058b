"""Decides who sits the demo exam and what goes wrong with which copy. No picture is made here."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import numpy as np

from viatique.demo.people import make_students
from viatique.models import Student

Item = TypeVar("Item")


class Trap(StrEnum):
    """What is special about a copy; the value is the ``note`` of truth.csv."""

    NONE = ""
    SWAPPED = "swapped"
    """First name on the line of the last name and the other way round."""
    BLANK = "blank"
    """Nobody wrote in the header."""
    OFF_ROSTER = "off-roster"
    UPSIDE_DOWN = "upside-down"
    MISSING_PAGE = "missing-page"
    """A page (A3: a side) was not scanned."""
    SECOND_COPY = "second-copy"
    """The writer handed in another copy before or after this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traps:
    """How many copies have each trap (a copy has at most one), and what the roster adds."""

    swapped: int = 1
    blank: int = 1
    off_roster: int = 1
    upside_down: int = 1
    missing_page: int = 1
    second_copies: int = 0
    siblings: int = 1
    absentees: int = 4

    def each(self) -> Iterator[Trap]:
        """One trap per copy that has one."""
        yield from [Trap.UPSIDE_DOWN] * self.upside_down
        yield from [Trap.BLANK] * self.blank
        yield from [Trap.MISSING_PAGE] * self.missing_page
        yield from [Trap.OFF_ROSTER] * self.off_roster
        yield from [Trap.SWAPPED] * self.swapped
        yield from [Trap.SECOND_COPY] * self.second_copies


NO_TRAPS = Traps(
    swapped=0, blank=0, off_roster=0, upside_down=0, missing_page=0, siblings=0, absentees=0
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """One copy of the stack.

    Attributes:
        number: place in the stack, from 1.
        pages: which pages of the copy were scanned, 0-based.
    """

    number: int
    writer: Student
    trap: Trap
    pages: tuple[int, ...]

    @property
    def student_id(self) -> str:
        """The roster id that is the right answer; empty when there is none."""
        return "" if self.trap in {Trap.BLANK, Trap.OFF_ROSTER} else self.writer.student_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamPlan:
    copies: tuple[CopyPlan, ...]
    roster: tuple[Student, ...]


def plan_exam(
    *, copies: int, pages_per_copy: int, pages_per_side: int, traps: Traps, seed: int
) -> ExamPlan:
    """The stack in scanning order and the roster in an order of its own.

    Raises:
        ValueError: for more traps than copies.
    """
    rng = np.random.default_rng([seed, copies])
    kinds = list(traps.each())
    if len(kinds) > copies - traps.second_copies:
        msg = f"{copies} copies cannot have {len(kinds)} traps"
        raise ValueError(msg)
    kinds = _shuffled(kinds + [Trap.NONE] * (copies - len(kinds)), rng)
    people = _with_siblings(make_students(copies, prefix="S", seed=seed), traps.siblings)
    writers = _writers(kinds, iter(_shuffled(list(people), rng)))
    plans = tuple(
        CopyPlan(
            number=number,
            writer=writer,
            trap=trap,
            pages=_scanned_pages(trap, pages_per_copy, pages_per_side, rng),
        )
        for number, (trap, writer) in enumerate(zip(kinds, writers, strict=True), start=1)
    )
    return ExamPlan(copies=plans, roster=_roster(plans, traps, seed, rng))


def _shuffled(items: list[Item], rng: np.random.Generator) -> list[Item]:
    return [items[index] for index in rng.permutation(len(items))]


def _writers(kinds: list[Trap], people: Iterator[Student]) -> list[Student]:
    """Who wrote each copy; second copies are by writers of copies without a trap."""
    first = [None if kind is Trap.SECOND_COPY else next(people) for kind in kinds]
    twice = iter(
        writer
        for kind, writer in zip(kinds, first, strict=True)
        if kind is Trap.NONE and writer is not None
    )
    return [writer or next(twice) for writer in first]


def _with_siblings(students: tuple[Student, ...], pairs: int) -> tuple[Student, ...]:
    """The same students, the last ``pairs`` with the last names of the first ones."""
    if not pairs:
        return students
    return students[:-pairs] + tuple(
        replace(younger, last_name=elder.last_name)
        for elder, younger in zip(students[:pairs], students[-pairs:], strict=True)
    )


def _scanned_pages(
    trap: Trap, pages_per_copy: int, pages_per_side: int, rng: np.random.Generator
) -> tuple[int, ...]:
    pages = list(range(pages_per_copy))
    if trap is not Trap.MISSING_PAGE:
        return tuple(pages)
    if pages_per_side > 1:
        return (0, pages_per_copy - 1)
    del pages[int(rng.integers(1, pages_per_copy))]
    return tuple(pages)


def _roster(
    plans: tuple[CopyPlan, ...], traps: Traps, seed: int, rng: np.random.Generator
) -> tuple[Student, ...]:
    present = {
        plan.writer.student_id: plan.writer for plan in plans if plan.trap is not Trap.OFF_ROSTER
    }
    absent = make_students(traps.absentees, prefix="A", seed=seed)
    return tuple(_shuffled([*present.values(), *absent], rng))


def write_truth(path: Path, plan: ExamPlan, *, pages_per_side: int) -> None:
    """What a perfect reader would find: columns as in the shared example exams."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["copy", "student", "writer", "note", "upside_down", "last_page"])
        last_page = 0
        for copy in plan.copies:
            last_page += len(copy.pages) // pages_per_side
            is_turned = copy.trap is Trap.UPSIDE_DOWN
            row = [copy.student_id, copy.writer.student_id, copy.trap, is_turned, last_page]
            table.writerow([copy.number, *row])
