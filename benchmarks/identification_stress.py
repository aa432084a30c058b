"""Identification under stress: one table of automatic right, WRONG and review for each condition.

Shared exams on poorer scans and with other rosters, and exams made up of real handwriting. Figures
only: no name is printed.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.exam_pages import DEGRADATIONS, Page, exam_pages, first_engine
from benchmarks.identification import (
    Readings,
    Truth,
    assigned_texts,
    read_truth,
    with_made_up,
    without_writers,
)
from benchmarks.made_up_headers import Hands, MadeUpExam, compose, digits_of, load_hands
from benchmarks.reliability_plot import draw_reliability
from viatique.demo.people import make_students
from viatique.exam_file import read_exam_file
from viatique.identity.decision import decide
from viatique.models import CopyId, Decision, FieldName, HeaderSpec, Student, StudentId
from viatique.ocr.engine import Engine
from viatique.ocr.fields import read_header
from viatique.ocr.form import cropped, possible_forms
from viatique.ocr.ink import find_cells, on_white
from viatique.ocr.zones import find_zones, learn_forms
from viatique.roster import read_roster
from viatique.steps.read_headers import REFERENCES

FIELDS = (FieldName.LAST_NAME, FieldName.FIRST_NAME, FieldName.BIRTH_DATE)
BINS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0001)


@dataclass(frozen=True)
class Exam:
    """Pages with what is right, before any stress."""

    name: str
    pages: Mapping[CopyId, Page]
    spec: HeaderSpec
    roster: Sequence[Student]
    truth: Truth


@dataclass(frozen=True)
class Outcome:
    """One decision beside the right answer."""

    decision: Decision
    right: StudentId | None


def main() -> None:
    arguments = _arguments()
    engine = first_engine(arguments.models)
    outcomes: list[Outcome] = []
    print(f"{'condition':44} {'copies':>6} {'right':>6} {'auto':>6} {'%':>6} {'WRONG':>5} "
          f"{'top 3 of review':>15} {'text WRONG':>10} {'CPU ms':>6}")  # fmt: skip
    for exam in _exams(arguments, engine):
        for degrade in arguments.degrade if "made-up" not in exam.name else ("none",):
            outcomes += _stressed(exam, degrade, engine, arguments)
    reliability(outcomes)
    if arguments.plot:
        draw_reliability(told(outcomes), arguments.plot)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--degrade", nargs="*", default=list(DEGRADATIONS))
    parser.add_argument("--seeds", type=int, default=3, help="made-up exams of each form")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--copies", type=int, default=60)
    parser.add_argument("--rosters", type=int, default=3, help="rosters of each kind")
    parser.add_argument("--no-shared", action="store_true")
    parser.add_argument("--plot", type=Path, help="PNG of how often what is said is right")
    parser.add_argument("--show", action="store_true")
    return parser.parse_args()


def _exams(arguments: argparse.Namespace, engine: Engine) -> Iterator[Exam]:
    folders = [arguments.shared / "exams" / f"handwritten-{name}" for name in ("a4", "a3-boxed")]
    loaded = [_shared_exam(folder) for folder in folders if folder.exists()]
    if not arguments.no_shared:
        yield from loaded
    if len(loaded) < len(folders) or not arguments.seeds:
        return
    hands = load_hands(arguments.shared, _digits(loaded[1], engine))
    for boxed in (False, True):
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            yield _made_up(hands, arguments.copies, seed, boxed=boxed)


def _shared_exam(folder: Path) -> Exam:
    spec = read_exam_file((folder / "exam.toml").read_text(encoding="utf-8")).header
    roster = read_roster((folder / "roster.csv").read_bytes())
    pages = dict(exam_pages(folder))
    return Exam(folder.name, pages, spec, roster, read_truth(folder / "truth.csv"))


def _made_up(hands: Hands, copies: int, seed: int, *, boxed: bool) -> Exam:
    made: MadeUpExam = compose(hands, boxed=boxed, copies=copies, seed=seed)
    name = f"made-up {'boxed' if boxed else 'line'} seed {seed}"
    return Exam(name, made.pages, HeaderSpec(fields=FIELDS), made.roster, dict(made.truth))


def _digits(boxed: Exam, engine: Engine) -> dict[str, list[Page]]:
    """The digits of the boxed exam's dates, as the roster says they are."""
    days = {one.student_id: one.birth_date for one in boxed.roster}
    cells: list[tuple[str, Page]] = []
    for copy, page in boxed.pages.items():
        day = days.get(boxed.truth[copy] or StudentId(""))
        if day is None:
            continue
        form = next(possible_forms(page, boxed.spec))
        zone = find_zones(engine, form, boxed.spec).get(FieldName.BIRTH_DATE)
        white = on_white(cropped(form.picture, zone)) if zone else np.zeros((1, 1), np.uint8)
        found = find_cells(white)
        inside = [white[c.y + 3 : c.y + c.height - 3, c.x + 3 : c.x + c.width - 3] for c in found]
        pairs = zip(f"{day:%d/%m/%Y}", inside, strict=False)
        cells += [(digit, cell) for digit, cell in pairs if digit != "/"]
    return digits_of(cells)


def _stressed(
    exam: Exam, degrade: str, engine: Engine, arguments: argparse.Namespace
) -> list[Outcome]:
    readings, started = {}, time.process_time()
    pages = {copy: DEGRADATIONS[degrade](page) for copy, page in exam.pages.items()}
    known = learn_forms(engine, list(pages.values())[:REFERENCES], exam.spec)
    for copy, page in pages.items():
        readings[copy] = read_header(engine, page, exam.spec, known)
    cpu_ms = 1000 * (time.process_time() - started) / len(readings)
    outcomes = []
    kinds = ROSTERS if degrade == "none" else {"": ROSTERS[""]}
    for kind, change in kinds.items():
        count = arguments.rosters if kind else 1
        found: list[Outcome] = []
        wrong_text = 0
        for seed in range(count):
            roster, truth = change(exam.roster, exam.truth, np.random.default_rng(seed))
            found += _outcomes(readings, roster, truth)
            wrong_text += assigned_texts(readings, roster, truth)
        title = ", ".join(part for part in (exam.name, degrade, kind) if part and part != "none")
        _print_row(title, found, wrong_text, cpu_ms)
        if arguments.show:
            _show(found)
        outcomes += found
    return outcomes


Change = Callable[[Sequence[Student], Truth, np.random.Generator], tuple[list[Student], Truth]]


def with_others(roster: Sequence[Student], size: int, rng: np.random.Generator) -> list[Student]:
    """Adds people of usual French names until there are ``size``."""
    others = make_students(size - len(roster), prefix="X", seed=int(rng.integers(1000)))
    return [*roster, *others]


ROSTERS: dict[str, Change] = {
    "": lambda roster, truth, _: (list(roster), truth),
    "20 % more absent": lambda roster, truth, rng: (
        with_made_up(roster, round(1.2 * len(roster)), rng),
        truth,
    ),
    "10 % off the roster": lambda roster, truth, rng: without_writers(roster, truth, 0.1, rng),
    "5,000 students": lambda roster, truth, rng: (with_others(roster, 5000, rng), truth),
    "5,000 of the same names": lambda roster, truth, rng: (with_made_up(roster, 5000, rng), truth),
}


def _outcomes(readings: Readings, roster: Sequence[Student], truth: Truth) -> list[Outcome]:
    return [Outcome(one, truth[one.copy_id]) for one in decide(readings, roster)]


def _print_row(title: str, found: Sequence[Outcome], wrong_text: int, cpu_ms: float) -> None:
    answerable = [one for one in found if one.right]
    automatic = [one for one in found if one.decision.student_id]
    wrong = [one for one in automatic if one.decision.student_id != one.right]
    waiting = [one for one in answerable if not one.decision.student_id]
    near = sum(one.right in _first(one.decision) for one in waiting)
    right = len(automatic) - len(wrong)
    print(f"{title:44} {len(found):6} {len(answerable):6} {right:6} "
          f"{100 * right / max(1, len(answerable)):6.1f} {len(wrong):5} "
          f"{f'{near} of {len(waiting)}':>15} {wrong_text:10} {cpu_ms:6.0f}",
          flush=True)  # fmt: skip


def _first(decision: Decision) -> list[StudentId]:
    return [one.student_id for one in decision.candidates[:3]]


def _show(found: Sequence[Outcome]) -> None:
    for one in found:
        if one.decision.student_id != one.right:
            codes = one.decision.candidates[0].reasons if one.decision.candidates else ()
            reasons = [str(reason) for reason in one.decision.reasons]
            print("   ", one.decision.copy_id, one.right, f"{one.decision.confidence:.5f}", reasons,
                  codes)  # fmt: skip


def told(outcomes: Sequence[Outcome]) -> list[tuple[float, bool]]:
    """What was said of each best candidate, and whether it was right."""
    return [
        (one.decision.candidates[0].probability, one.decision.candidates[0].student_id == one.right)
        for one in outcomes
        if one.decision.candidates
    ]


def reliability(outcomes: Sequence[Outcome]) -> None:
    """Prints how often the best candidate is right, by what the confidence says."""
    print("best candidate: said, right of all, mean said")
    for low, high in pairwise(BINS):
        inside = [(said, is_right) for said, is_right in told(outcomes) if low <= said < high]
        if inside:
            right, mean = sum(one for _, one in inside), np.mean([said for said, _ in inside])
            print(f"  {low:7.4f} to {min(high, 1):7.4f}  {right:5} of {len(inside):5} "
                  f"({right / len(inside):.4f})  {mean:.4f}")  # fmt: skip


if __name__ == "__main__":
    main()
