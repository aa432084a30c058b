"""How many copies of an exam are identified automatically, and whether any is wrong.

EXAM_FOLDER holds scan.pdf, roster.csv and truth.csv. Copies are cut as simply as can be, so that
this measures reading and deciding, not segmentation. Figures only: no name is printed.
"""

import argparse
import csv
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process
from scipy.optimize import linear_sum_assignment

from benchmarks.exam_pages import DEGRADATIONS, load_readings, read_scan, save_readings
from viatique.identity.decision import decide
from viatique.identity.name_variants import fold_letters
from viatique.models import CopyId, Decision, FieldName, HeaderReading, Student, StudentId
from viatique.roster import read_roster

Truth = dict[CopyId, StudentId | None]
Readings = dict[CopyId, HeaderReading]

BIRTH_DAYS = 900


def main() -> None:
    arguments = _arguments()
    roster = read_roster((arguments.exam / "roster.csv").read_bytes())
    truth = read_truth(arguments.exam / "truth.csv")
    if arguments.readings:
        readings = load_readings(arguments.readings)
    else:
        readings = read_scan(arguments.exam, arguments.models, arguments.degrade)
    if arguments.save:
        save_readings(readings, arguments.save)
    rng = np.random.default_rng(arguments.seed)
    roster, truth = without_writers(roster, truth, arguments.missing, rng)
    roster = with_made_up(roster, arguments.roster_size, rng)
    started = time.perf_counter()
    decisions = decide(readings, roster, threshold=arguments.threshold)
    seconds = time.perf_counter() - started
    report(decisions, truth, show=arguments.show)
    print(f"deciding: {1000 * seconds / len(readings):.2f} ms a copy, {len(roster)} students")
    baselines(readings, roster, truth)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exam", type=Path)
    parser.add_argument("--readings", type=Path, help="folder of NNN.npz read before")
    parser.add_argument("--save", type=Path, help="keep the readings here")
    parser.add_argument("--models", type=Path, help="folder of the OCR weights")
    parser.add_argument("--degrade", choices=list(DEGRADATIONS), default="none")
    parser.add_argument("--roster-size", type=int, default=0)
    parser.add_argument("--missing", type=float, default=0.0)
    parser.add_argument("--threshold", type=float, default=0.9999)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="copy numbers and reasons in review")
    return parser.parse_args()


def read_truth(path: Path) -> Truth:
    """Reads the right student of each copy; None: nobody on the roster, or nothing written."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        CopyId(f"{int(row['copy']):03}"): StudentId(row["student"]) if row["student"] else None
        for row in rows
    }


def without_writers(
    roster: Sequence[Student], truth: Truth, share: float, rng: np.random.Generator
) -> tuple[list[Student], Truth]:
    """Takes the writers of a share of the copies off the roster: they must not be automatic."""
    known = sorted({student for student in truth.values() if student})
    count = round(share * len(known))
    gone = {known[index] for index in rng.choice(len(known), size=count, replace=False)}
    kept = [student for student in roster if student.student_id not in gone]
    return kept, {copy: None if one in gone else one for copy, one in truth.items()}


def with_made_up(roster: Sequence[Student], size: int, rng: np.random.Generator) -> list[Student]:
    """Adds people made of the roster's last and first names until there are ``size``."""
    base = list(roster)
    days = [student.birth_date for student in base if student.birth_date]
    taken = {(one.last_name, one.first_name) for one in base}
    added: list[Student] = []
    for number in range(max(0, size - len(base))):
        last = base[rng.integers(len(base))].last_name
        first = base[rng.integers(len(base))].first_name
        if (last, first) in taken:
            last = f"{last}{'AEIOUNRSTL'[rng.integers(10)]}"
        day = min(days) + timedelta(int(rng.integers(BIRTH_DAYS))) if days else None
        made_up = StudentId(f"X{number:05}")
        added.append(Student(student_id=made_up, last_name=last, first_name=first, birth_date=day))
    return base + added


def report(decisions: Sequence[Decision], truth: Truth, *, show: bool) -> None:
    """Prints automatic right, wrong and review, and how good the candidates in review are."""
    automatic = [one for one in decisions if one.student_id]
    wrong = [one for one in automatic if one.student_id != truth[one.copy_id]]
    answerable = [one for one in decisions if truth[one.copy_id]]
    waiting = [one for one in answerable if not one.student_id]
    right = len(automatic) - len(wrong)
    print(f"copies {len(decisions)}, with a right answer {len(answerable)}")
    print(f"automatic right {right} ({right / max(1, len(answerable)):.1%}), WRONG {len(wrong)}")
    for top in (1, 3, 5):
        found = sum(truth[one.copy_id] in _ids(one, top) for one in waiting)
        print(f"in review, right one among the first {top}: {found} of {len(waiting)}")
    reasons = Counter(str(r) for one in decisions if not one.student_id for r in one.reasons)
    print("reasons:", dict(reasons.most_common()))
    for one in decisions if show else ():
        if not one.student_id or one in wrong:
            codes = one.candidates[0].reasons if one.candidates else ()
            print(one.copy_id, truth[one.copy_id], one.student_id, _ids(one, 1), one.reasons, codes)


def _ids(decision: Decision, top: int) -> list[StudentId]:
    return [candidate.student_id for candidate in decision.candidates[:top]]


def baselines(readings: Readings, roster: Sequence[Student], truth: Truth) -> None:
    """Prints what text matching does without posteriors, dates, nobody or review."""
    for label in ("greedy", "assigned"):
        chosen = _by_text(readings, roster, assign=label == "assigned")
        right = sum(truth[copy] == student for copy, student in chosen.items())
        print(f"baseline, OCR text {label}: right {right}, WRONG {len(chosen) - right}")


def assigned_texts(readings: Readings, roster: Sequence[Student], truth: Truth) -> int:
    """How many copies plain assignment by OCR text gives to a wrong student."""
    chosen = _by_text(readings, roster, assign=True)
    return sum(truth[copy] != student for copy, student in chosen.items())


def _by_text(
    readings: Readings, roster: Sequence[Student], *, assign: bool
) -> dict[CopyId, StudentId]:
    names = [fold_letters(f"{student.last_name}{student.first_name}") for student in roster]
    copies = [copy for copy in readings if _text(readings[copy])]
    if not copies or not names:
        return {}
    texts = [_text(readings[copy]) for copy in copies]
    scores = process.cdist(texts, names, scorer=fuzz.ratio)
    rows, columns = np.arange(len(copies)), scores.argmax(axis=1)
    if assign:
        rows, columns = linear_sum_assignment(-scores)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {copies[row]: roster[column].student_id for row, column in pairs}


def _text(reading: HeaderReading) -> str:
    by_name = {field.name: field.text for field in reading.fields}
    last, first = by_name.get(FieldName.LAST_NAME, ""), by_name.get(FieldName.FIRST_NAME, "")
    return fold_letters(last + first)


if __name__ == "__main__":
    main()
