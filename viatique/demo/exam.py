"""Makes an exam of its own: a scan, a roster and the truth, of the kinds schools really have.

For the demo and the tests; everything in it is made up. The same arguments give the same bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymupdf

from viatique.demo.forms import HEIGHT_PT, WIDTH_PT, Form, Picture
from viatique.demo.hands import Hand, draw_hand
from viatique.demo.people import write_roster
from viatique.demo.plan import ExamPlan, Trap, Traps, plan_exam, write_truth
from viatique.demo.scanner import Scanner, encode_jpeg
from viatique.demo.sheets import Desk
from viatique.models import Layout, Segmentation, StudentId

DEFAULT_TRAPS = Traps()

EXAM_TOML = """\
name = "{name}"
date = 2027-02-06
layout = "{layout}"
pages_per_copy = {pages_per_copy}
segmentation = "{segmentation}"
roster = "roster.csv"

[header]
form = "auto"
fields = ["last_name", "first_name", "birth_date"]

[marking]
total = 20
questions = [
  {{ id = "1", label = "Exercice 1", questions = [
    {{ id = "1.a", points = 3 }},
    {{ id = "1.b", points = 4.5 }},
  ] }},
  {{ id = "2", label = "Exercice 2", points = 12.5 }},
]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoExam:
    """The files of a made-up exam, and the plan they were made from."""

    exam_toml: Path
    scan_pdf: Path
    roster_csv: Path
    truth_csv: Path
    plan: ExamPlan


def generate_exam(
    folder: Path,
    *,
    copies: int = 40,
    seed: int = 1,
    layout: Layout = Layout.A4,
    form: Form = Form.LINES,
    segmentation: Segmentation = Segmentation.HEADER,
    pages_per_copy: int = 4,
    traps: Traps = DEFAULT_TRAPS,
    dpi: int = 200,
    name: str = "Bac blanc de mathématiques (démonstration)",
) -> DemoExam:
    """Write exam.toml, scan.pdf, roster.csv and truth.csv into the folder, made if need be.

    A3_FOLDED gives sides [P4|P1] and [P2|P3] stored with /Rotate 90. ``traps`` says what goes wrong
    in the stack; ``NO_TRAPS`` for a tidy one.

    Raises:
        ValueError: for more traps than copies, or folded sheets that do not hold 4 pages each.
    """
    if layout is Layout.A3_FOLDED and pages_per_copy % 4:
        msg = "a folded sheet holds 4 pages"
        raise ValueError(msg)
    pages_per_side = 2 if layout is Layout.A3_FOLDED else 1
    plan = plan_exam(
        copies=copies,
        pages_per_copy=pages_per_copy,
        pages_per_side=pages_per_side,
        traps=traps,
        seed=seed,
    )
    exam = _files(folder, plan)
    exam.exam_toml.write_text(
        EXAM_TOML.format(
            name=name, layout=layout, pages_per_copy=pages_per_copy, segmentation=segmentation
        ),
        encoding="utf-8",
    )
    write_roster(exam.roster_csv, plan.roster)
    write_truth(exam.truth_csv, plan, pages_per_side=pages_per_side)
    _write_scan(exam.scan_pdf, _sides(plan, Desk(form, dpi, seed), layout, seed), layout)
    return exam


def _files(folder: Path, plan: ExamPlan) -> DemoExam:
    folder.mkdir(parents=True, exist_ok=True)
    return DemoExam(
        exam_toml=folder / "exam.toml",
        scan_pdf=folder / "scan.pdf",
        roster_csv=folder / "roster.csv",
        truth_csv=folder / "truth.csv",
        plan=plan,
    )


def _sides(plan: ExamPlan, desk: Desk, layout: Layout, seed: int) -> Iterator[Picture]:
    """What the scanner sends, side by side, each as a person would look at it."""
    scanner: Scanner | None = None
    rng = np.random.default_rng([seed, 7])
    for copy, hand in zip(plan.copies, _hands(plan, seed), strict=True):
        pages = {page: desk.fill_page(copy, page, hand, rng) for page in copy.pages}
        sides = _folded(pages) if layout is Layout.A3_FOLDED else list(pages.values())
        for side in sides:
            scanner = scanner or Scanner((side.shape[0], side.shape[1]), rng)
            scanned = scanner.scan(side)
            yield np.rot90(scanned, 2) if copy.trap is Trap.UPSIDE_DOWN else scanned


def _hands(plan: ExamPlan, seed: int) -> Iterator[Hand]:
    """Each copy's hand; a writer keeps the same one."""
    hands: dict[StudentId, Hand] = {}
    rng = np.random.default_rng([seed, 11])
    for copy in plan.copies:
        yield hands.setdefault(copy.writer.student_id, draw_hand(rng))


def _folded(pages: dict[int, Picture]) -> list[Picture]:
    """The sides of folded sheets, outermost sheet first; a side that was not scanned is left out.

    Sheet k of n pages holds [P(n-2k)|P(1+2k)] outside and [P(2+2k)|P(n-1-2k)] inside.
    """
    last = max(pages)
    pairs = []
    for first in range(0, (last + 1) // 2, 2):
        pairs += [(last - first, first), (first + 1, last - first - 1)]
    return [
        np.hstack([pages[left], pages[right]])
        for left, right in pairs
        if left in pages and right in pages
    ]


def _write_scan(path: Path, sides: Iterator[Picture], layout: Layout) -> None:
    with pymupdf.open() as document:
        for side in sides:
            if layout is Layout.A3_FOLDED:
                _add_rotated_side(document, side)
            else:
                page = document.new_page(width=WIDTH_PT, height=HEIGHT_PT)
                page.insert_image(page.rect, stream=encode_jpeg(side))
        document.save(path, no_new_id=True)


def _add_rotated_side(document: pymupdf.Document, side: Picture) -> None:
    page = document.new_page(width=HEIGHT_PT, height=2 * WIDTH_PT)
    page.insert_image(page.rect, stream=encode_jpeg(np.rot90(side)))
    page.set_rotation(90)
