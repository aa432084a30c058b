"""Small made-up exams for tests, built on the demo's generator.

Making a page costs about 35 ms, so a test that only reads should share an exam through a fixture
of module or session scope.
"""

from pathlib import Path

from viatique.demo.exam import DemoExam, generate_exam
from viatique.demo.forms import Form
from viatique.demo.plan import NO_TRAPS, Traps
from viatique.models import Layout, Segmentation

TEST_DPI = 100
"""Enough for everything but reading handwriting, at a quarter of the cost."""


def make_exam(
    folder: Path,
    *,
    copies: int = 5,
    seed: int = 1,
    layout: Layout = Layout.A4,
    form: Form = Form.LINES,
    segmentation: Segmentation = Segmentation.HEADER,
    pages_per_copy: int = 4,
    traps: Traps = NO_TRAPS,
    dpi: int = TEST_DPI,
) -> DemoExam:
    """A tidy exam of five copies, unless told otherwise."""
    return generate_exam(
        folder,
        copies=copies,
        seed=seed,
        layout=layout,
        form=form,
        segmentation=segmentation,
        pages_per_copy=pages_per_copy,
        traps=traps,
        dpi=dpi,
    )


def make_readable_exam(folder: Path, *, copies: int = 3, form: Form = Form.LINES) -> DemoExam:
    """An exam of one page per copy, sharp enough for the real recogniser."""
    return make_exam(folder, copies=copies, form=form, pages_per_copy=1, dpi=200)
