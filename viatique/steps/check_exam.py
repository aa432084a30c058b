"""Tries an exam's settings on a scan before a thousand pages are run: nothing is imported.

What a person gets is a picture of the first headers with a frame around each field that was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from viatique.db.exams import Exam, find_exam
from viatique.errors import ViatiqueError
from viatique.models import ExamId, FieldReading, FieldState, HeaderReading, HeaderSpec
from viatique.ocr.fields import read_header
from viatique.pdf.cut import cut_copy
from viatique.pdf.document import open_pdf
from viatique.pdf.render import render_page
from viatique.scans.segmentation import CopyPlan
from viatique.steps.read_headers import READING_DPI, engine_of_process
from viatique.steps.scan_jobs import PlanJob, count_pages, plan_scan_copies
from viatique.workbench import Workbench

SHOWN_COPIES = 6
PICTURE_WIDTH = 900
"""Pixels."""
LABEL_WIDTH, LABEL_HEIGHT = 115, 14
SHOWN_PART = 0.42
"""Top part of each first page in the picture."""
COLOURS: dict[FieldState, tuple[int, int, int]] = {
    FieldState.READ: (60, 150, 40),
    FieldState.EMPTY: (0, 140, 255),
    FieldState.MISSING: (40, 40, 220),
}
"""Blue, green, red: read is green, empty is orange."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCopy:
    """One of the first copies of the scan.

    Attributes:
        first_page, last_page: 1-based pages of the scan.
        reading: what the OCR saw; personal data, shown to the person who asked and kept nowhere.
    """

    first_page: int
    last_page: int
    problem: str | None
    reading: HeaderReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What an import and an identification would find.

    Attributes:
        incomplete: copies that would go to quarantine.
        picture: the headers, a PNG file.
    """

    pages: int
    copies: int
    incomplete: int
    first: tuple[CheckedCopy, ...]
    picture: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleJob:
    """A copy to be cut and read in a worker process."""

    scan: Path
    plan: CopyPlan
    spec: HeaderSpec
    models_folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A copy's header as read, and the picture of it."""

    reading: HeaderReading
    picture: Picture


def check_exam(bench: Workbench, exam_id: ExamId, scan: Path) -> Check:
    """Finds the copies of a scan and reads the first headers, as the flows would.

    Raises:
        InvalidScan: the scan would be refused.
        InfectedFile, AntivirusUnavailable: clamd refused it, or cannot be asked.
        NotFound: there is no such exam.
        ViatiqueError: what a worker process could not do.
    """
    with bench.database.transaction() as connection:
        exam = find_exam(connection, exam_id)
    page_count = count_pages(bench.pool, scan, bench.settings)
    plans = _plan(bench, exam, scan, page_count)
    samples = _read(bench, exam, scan, plans[:SHOWN_COPIES])
    picture = bench.settings.home_path / "checks" / f"{exam_id}.png"
    _write_picture(picture, [sample.picture for sample in samples])
    return Check(
        pages=page_count,
        copies=len(plans),
        incomplete=sum(plan.problem is not None for plan in plans),
        first=tuple(map(_checked, plans, samples)),
        picture=picture,
    )


def read_sample(job: SampleJob) -> Sample:
    """Runs in a worker process."""
    with open_pdf(job.scan) as document:
        copy_pdf = cut_copy(document, job.plan.placements)
    page = render_page(copy_pdf, 0, dpi=READING_DPI)
    reading = read_header(engine_of_process(job.models_folder), page, job.spec)
    return Sample(reading=reading, picture=framed(page, reading))


def framed(page: NDArray[np.uint8], reading: HeaderReading) -> Picture:
    """The top of a page, upright and in colour, with a frame around each field that was found."""
    upright = page[::-1, ::-1] if reading.turn else page
    height, width = upright.shape
    scale = PICTURE_WIDTH / width
    size = (PICTURE_WIDTH, round(height * scale))
    small = cv2.resize(np.ascontiguousarray(upright), size, interpolation=cv2.INTER_AREA)
    picture = np.asarray(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR), np.uint8)
    for field in reading.fields:
        _frame(picture, field)
    return picture[: round(SHOWN_PART * size[1])]


def _frame(picture: Picture, field: FieldReading) -> None:
    if field.zone is None:
        return
    height, width, _ = picture.shape
    start = (round(field.zone.x0 * width), round(field.zone.y0 * height))
    end = (round(field.zone.x1 * width), round(field.zone.y1 * height))
    cv2.rectangle(picture, start, end, COLOURS[field.state], 2)
    place = (max(start[0], end[0] - LABEL_WIDTH), start[1] + LABEL_HEIGHT)
    cv2.putText(
        picture, str(field.name), place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, COLOURS[field.state], 1
    )


def _plan(bench: Workbench, exam: Exam, scan: Path, pages: int) -> Sequence[CopyPlan]:
    job = PlanJob(
        scan=scan,
        page_count=pages,
        layout=exam.layout,
        pages_per_copy=exam.pages_per_copy,
        segmentation=exam.segmentation,
    )
    return plan_scan_copies(bench.pool, job)


def _read(bench: Workbench, exam: Exam, scan: Path, plans: Sequence[CopyPlan]) -> list[Sample]:
    jobs = [
        SampleJob(scan=scan, plan=plan, spec=exam.header, models_folder=bench.models_folder)
        for plan in plans
    ]
    samples = []
    for outcome in bench.pool.run(read_sample, jobs):
        if isinstance(outcome, ViatiqueError):
            raise outcome
        samples.append(outcome)
    return samples


def _checked(plan: CopyPlan, sample: Sample) -> CheckedCopy:
    return CheckedCopy(
        first_page=plan.first_page + 1,
        last_page=plan.last_page + 1,
        problem=str(plan.problem) if plan.problem else None,
        reading=sample.reading,
    )


def _write_picture(path: Path, pictures: Sequence[Picture]) -> None:
    if not pictures:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    height = max(len(picture) for picture in pictures)
    padded = [
        np.pad(picture, ((0, height - len(picture)), (0, 0), (0, 0)), constant_values=255)
        for picture in pictures
    ]
    cv2.imwrite(str(path), np.vstack(padded))
    path.chmod(0o600)
