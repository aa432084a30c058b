"""Attacks on the rule of no wrong automatic identity, with real readings.

Every writer is taken off the roster and a made-up look-alike put in, again and again: not one
copy may be identified automatically. Figures only: no name is printed.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.exam_pages import load_readings
from benchmarks.identification import read_truth
from viatique.identity.decision import decide
from viatique.identity.name_variants import fold_letters
from viatique.models import Student
from viatique.roster import read_roster

Rng = np.random.Generator
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exam", type=Path)
    parser.add_argument("readings", type=Path)
    parser.add_argument("--rosters", type=int, default=100, help="random rosters a kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    readings = load_readings(arguments.readings)
    truth = read_truth(arguments.exam / "truth.csv")
    roster = read_roster((arguments.exam / "roster.csv").read_bytes())
    rng = np.random.default_rng(arguments.seed)
    for kind, make in ATTACKS.items():
        trials, wrong = 0, Counter()
        for _ in range(arguments.rosters):
            fake = attacked(roster, set(truth.values()), make, rng)
            for one in decide(readings, fake):
                trials += 1
                if one.student_id:
                    wrong[one.copy_id] += 1
        print(f"{kind:24} trials {trials:7}  wrong automatic {wrong.total()}")
        if arguments.show and wrong:
            print("   ", wrong.most_common(8))


@dataclass(frozen=True)
class Forger:
    """Makes a look-alike of a student, from the roster's own first names."""

    roster: Sequence[Student]
    rng: Rng

    def twin(self, one: Student) -> Student:
        own = fold_letters(one.first_name)
        names = [s.first_name for s in self.roster]
        others = [name for name in names if _distance(fold_letters(name), own) > 1]
        return replace(one, first_name=others[self.rng.integers(len(others))])

    def sibling(self, one: Student) -> Student:
        return self.homonym(self.twin(one))

    def homonym(self, one: Student) -> Student:
        """Born on a day that no single misread digit makes the same."""
        other = self._born_within(one, 30, 900)
        while one.birth_date and _digits_apart(one, other) < 2:
            other = self._born_within(one, 30, 900)
        return other

    def digit_off(self, one: Student) -> Student:
        other = self._born_within(one, 1, 900)
        while one.birth_date and _digits_apart(one, other) != 1:
            other = self._born_within(one, 1, 900)
        return other

    def near_day(self, one: Student) -> Student:
        return self._born_within(one, 1, 31)

    def near_name(self, one: Student) -> Student:
        return self.homonym(self._edited(one, int(self.rng.integers(1, 3))))

    def near_name_near_day(self, one: Student) -> Student:
        return self.near_day(self._edited(one, int(self.rng.integers(1, 3))))

    def cousin(self, one: Student) -> Student:
        return self.twin(self._edited(one, int(self.rng.integers(1, 3))))

    def two_letters(self, one: Student) -> Student:
        return self._edited(one, 2)

    def one_letter(self, one: Student) -> Student:
        return self._edited(one, 1)

    def _edited(self, one: Student, edits: int) -> Student:
        own = fold_letters(one.last_name)
        word = own
        while _distance(word, own) < edits:
            place, letter = int(self.rng.integers(len(word))), LETTERS[self.rng.integers(26)]
            tail = word[place + int(self.rng.random() < 0.7) :]
            word = word[:place] + (letter if self.rng.random() < 0.8 else "") + tail or letter
        return replace(one, last_name=word)

    def _born_within(self, one: Student, least: int, most: int) -> Student:
        days = int(self.rng.integers(least, most)) * (1 if self.rng.random() < 0.5 else -1)
        day = one.birth_date + timedelta(days) if one.birth_date else None
        return replace(one, birth_date=day)


Attack = Callable[[Forger, Student], Student | None]
ATTACKS: dict[str, Attack] = {
    "removed": lambda *_: None,
    "sibling": Forger.sibling,
    "twin": Forger.twin,
    "homonym": Forger.homonym,
    "near name": Forger.near_name,
    "near name, near day": Forger.near_name_near_day,
    "cousin, same day": Forger.cousin,
    "two letters, same day": Forger.two_letters,
    "(label, one letter off)": Forger.one_letter,
    "(label, day off)": Forger.near_day,
    "(label, digit off)": Forger.digit_off,
}
"""Those in brackets are what a misprint in the roster or one misread digit looks like, shown apart:
a person of nearly the same name born the same day, or of the same two names born the same month or
on a day that differs in one digit."""


def attacked(
    roster: Sequence[Student],
    present: set[object],
    make: Attack,
    rng: Rng,
) -> list[Student]:
    """Replaces everyone who wrote a copy by a look-alike, or by nothing."""
    forger = Forger(roster, rng)
    made = [make(forger, one) if one.student_id in present else one for one in roster]
    return [one for one in made if one is not None]


def _digits_apart(one: Student, other: Student) -> int:
    days = f"{one.birth_date:%d%m%Y}", f"{other.birth_date:%d%m%Y}"
    return sum(left != right for left, right in zip(*days, strict=True))


def _distance(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


if __name__ == "__main__":
    main()
