"""The part of an import that looks at a scan and its pages, in worker processes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique import progress
from viatique.antivirus import check_file
from viatique.errors import (
    EngineFailure,
    EngineTimeout,
    InvalidScan,
    ScanDefect,
    UnreadablePdf,
    ViatiqueError,
)
from viatique.models import Half, Layout, Segmentation
from viatique.pdf.document import MUPDF_ERRORS
from viatique.pdf.glance import glance, glimpse, half_of
from viatique.pdf.inspect import PageFacts, inspect_scan, load_page, page_facts
from viatique.scans.header_look import look_for_header
from viatique.scans.legibility import defect_of, is_plainly_fine, measure
from viatique.scans.page_defects import PageDefect, short_sides
from viatique.scans.segmentation import (
    CopyPlan,
    Side,
    first_parts,
    is_wide,
    lies_folded,
    plan_copies,
    sides_of_copy,
)
from viatique.scans.tones import darkness
from viatique.settings import Settings
from viatique.steps.held_scan import held_scan
from viatique.workers import PDF_TIMEOUT_S, WorkerPool

MIB = 1024 * 1024
INSPECT_TIMEOUT_S = 25.0
"""5,000 pages take half a second."""
SIDES_PER_JOB = 25
"""About 0.3 s of looking: short enough for progress, long enough to pay for opening the scan."""
MAX_LOST_SIDES = 3
"""Sides of one scan whose process had to be killed, before the whole scan is given up."""
SIDE_TIMEOUT_S = 5.0
"""Seconds for one side alone, after its job took ``PDF_TIMEOUT_S``: together less than half a
minute. A side takes 5 to 100 ms (2026-11-25)."""
NOT_DRAWN = dict.fromkeys(Half, PageDefect.UNREADABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanJob:
    """All that is needed to find the copies of one scan, a file on this machine.

    Fetching it is no part of a job: a slow store would look like a page that never ends.
    """

    scan: Path
    page_count: int
    layout: Layout
    pages_per_copy: int
    segmentation: Segmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class LookJob:
    """Sides (0-based pages of the scan file) to be looked at, all of each or what is enough."""

    plan: PlanJob
    sides: tuple[int, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSide:
    """What was seen of one side.

    Attributes:
        size_pt: width and height as seen.
        is_whole: all of it was looked at, not its top and foot only.
        turns: the turn of each part with a header.
        defects: what is wrong with each part.
    """

    size_pt: tuple[float, float]
    is_readable: bool
    is_whole: bool = True
    turns: dict[Half, int]
    defects: dict[Half, PageDefect]

    @property
    def is_wide(self) -> bool:
        return is_wide(*self.size_pt)


LOST = SeenSide(size_pt=(0, 0), is_readable=False, turns={}, defects=NOT_DRAWN)
"""A side whose process was killed."""


def plan_scan_copies(pool: WorkerPool, job: PlanJob) -> tuple[CopyPlan, ...]:
    """The copies of a scan: its sides are looked at in the worker processes, chunk by chunk.

    A header at the foot of a page, upside-down, is looked for where copies do not come out.

    Raises:
        ViatiqueError: what a worker could not do.
    """
    seen = _look(pool, job, range(job.page_count), is_whole=False)
    plans = _plans(job, seen)
    doubtful = {
        side
        for plan in plans
        if plan.problem
        for side in range(plan.first_page, plan.last_page + 1)
        if not seen[side].is_whole
    }
    if not doubtful:
        return plans
    return _plans(job, seen | _look(pool, job, sorted(doubtful), is_whole=True))


def _plans(job: PlanJob, found: Mapping[int, SeenSide]) -> tuple[CopyPlan, ...]:
    seen = [found[side] for side in range(job.page_count)]
    short = short_sides([side.size_pt if side.is_readable else None for side in seen])
    return plan_copies(
        [
            Side(
                is_wide=side.is_wide,
                is_readable=side.is_readable,
                defects=dict.fromkeys(Half, PageDefect.CUT_OFF) if n in short else side.defects,
            )
            for n, side in enumerate(seen)
        ],
        layout=job.layout,
        pages_per_copy=job.pages_per_copy,
        segmentation=job.segmentation,
        look=lambda side, part: seen[side].turns.get(part),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectJob:
    """A file somebody gave, and what is accepted."""

    path: Path
    max_bytes: int
    max_pages: int


def inspect_file(job: InspectJob) -> int:
    """Runs in a worker process: pages of a scan that can be taken."""
    return inspect_scan(job.path, max_bytes=job.max_bytes, max_pages=job.max_pages)


def count_pages(pool: WorkerPool, path: Path, settings: Settings) -> int:
    """Pages of a scan that can be taken; clamd sees it before anything of ours opens it.

    Raises:
        InfectedFile, AntivirusUnavailable: clamd refused it, or cannot be asked.
        InvalidScan: the file is refused whole, with the reason and the page.
    """
    check_file(settings.clamd, path)
    job = InspectJob(
        path=path, max_bytes=settings.max_scan_mib * MIB, max_pages=settings.max_scan_pages
    )
    try:
        return _pages(pool, job)
    except EngineFailure:
        raise InvalidScan(
            "The scan is refused whole: opening it takes more time or memory than a scan may.",
            next_step="Scan or export it again; nothing was stored.",
            defect=ScanDefect.UNREADABLE_PAGE,
        ) from None


def _pages(pool: WorkerPool, job: InspectJob) -> int:
    """Looks once more when the process died: it may have been killed for something else's sake."""
    try:
        return pool.run_one(inspect_file, job, timeout_s=INSPECT_TIMEOUT_S)
    except EngineTimeout:
        raise
    except EngineFailure:
        return pool.run_one(inspect_file, job, timeout_s=INSPECT_TIMEOUT_S)


def look_at_sides(job: LookJob) -> tuple[SeenSide, ...]:
    """Runs in a worker process: shapes, headers and defects of some sides."""
    plan = job.plan
    with held_scan(plan.scan) as scan:
        is_folded = lies_folded(plan.layout, starts_wide=_is_wide(load_page(scan, 0)))
        length = sides_of_copy(plan.pages_per_copy, is_folded=is_folded)
        is_counted = plan.segmentation is Segmentation.PAGES
        return tuple(
            _seen(
                load_page(scan, side),
                first_parts(is_folded=is_folded),
                with_headers=not is_counted or side % length == 0,
                is_whole=job.is_whole or is_folded,
                is_first=is_counted and side % length == 0,
            )
            for side in job.sides
        )


def _is_wide(page: pymupdf.Page) -> bool:
    return is_wide(page.rect.width, page.rect.height)


def _seen(
    page: pymupdf.Page,
    parts: tuple[Half, ...],
    *,
    with_headers: bool,
    is_whole: bool,
    is_first: bool,
) -> SeenSide:
    """A side that cannot be drawn has no header; its copy waits for a person."""
    facts = page_facts(page)
    if facts.is_readable and not is_whole:
        glimpsed = _glimpsed(page, facts, with_headers=with_headers)
        if glimpsed and (glimpsed.turns or not is_first):
            return glimpsed
    turns: dict[Half, int] = {}
    defects: dict[Half, PageDefect] = {}
    pictures = _pictures(page, facts, parts) if facts.is_readable else {}
    for part, picture in pictures.items():
        dark = darkness(picture)
        is_asked = with_headers and turns.get(Half.RIGHT) != 0  # the left page of an upright side
        header = look_for_header(picture, dark=dark) if is_asked else None
        if header:
            turns[part] = header.turn
        defect = defect_of(measure(picture, dark=dark), dpi=facts.dpi)
        if defect:
            defects[part] = defect
    return SeenSide(
        size_pt=(facts.width_pt, facts.height_pt),
        is_readable=bool(pictures),
        turns=turns,
        defects=defects if pictures else NOT_DRAWN,
    )


def _glimpsed(page: pymupdf.Page, facts: PageFacts, *, with_headers: bool) -> SeenSide | None:
    """A side whose top and foot show that nothing is wrong with it, None for any other."""
    try:
        seen = glimpse(page, jpeg=facts.jpeg)
    except (*MUPDF_ERRORS, cv2.error):
        return None
    if seen is None:
        return None
    dark = darkness(seen.top)
    if not is_plainly_fine(seen.top, seen.feet, dpi=facts.dpi, dark=dark):
        return None
    header = look_for_header(seen.top, height=seen.height, dark=dark) if with_headers else None
    return SeenSide(
        size_pt=(facts.width_pt, facts.height_pt),
        is_readable=True,
        is_whole=False,
        turns={Half.WHOLE: header.turn} if header else {},
        defects={},
    )


def _pictures(
    page: pymupdf.Page, facts: PageFacts, parts: tuple[Half, ...]
) -> dict[Half, NDArray[np.uint8]]:
    try:
        side = glance(page, jpeg=facts.jpeg)
    except (*MUPDF_ERRORS, cv2.error):
        return {}
    return {part: half_of(side, part) for part in parts}


def _look(
    pool: WorkerPool, job: PlanJob, sides: Sequence[int], *, is_whole: bool
) -> dict[int, SeenSide]:
    jobs = [
        LookJob(plan=job, sides=tuple(sides[start : start + SIDES_PER_JOB]), is_whole=is_whole)
        for start in range(0, len(sides), SIDES_PER_JOB)
    ]
    lost: list[int] = []

    def look(job: LookJob) -> dict[int, SeenSide]:
        seen = _looked(pool, job, lost)
        progress.advance("look", len(job.sides))
        return seen

    progress.start("look", len(sides), "pages")
    found: dict[int, SeenSide] = {}
    for outcome in pool.lead(look, jobs):
        if isinstance(outcome, ViatiqueError):
            raise outcome
        found |= outcome
    return found


def _looked(pool: WorkerPool, job: LookJob, lost: list[int]) -> dict[int, SeenSide]:
    """What was seen; when the process was lost, each side is looked at alone.

    Args:
        pool: the worker processes.
        job: the sides.
        lost: all sides of the scan whose process was lost, to which those of the job are added.
    """
    _check_lost(lost)
    try:
        return dict(
            zip(job.sides, pool.run_one(look_at_sides, job, timeout_s=PDF_TIMEOUT_S), strict=True)
        )
    except EngineFailure:
        return {side: _alone(pool, replace(job, sides=(side,)), lost) for side in job.sides}


def _alone(pool: WorkerPool, job: LookJob, lost: list[int]) -> SeenSide:
    _check_lost(lost)
    try:
        (seen,) = pool.run_one(look_at_sides, job, timeout_s=SIDE_TIMEOUT_S)
    except EngineFailure:
        lost.extend(job.sides)
        return LOST
    return seen


def _check_lost(lost: Sequence[int]) -> None:
    if len(lost) > MAX_LOST_SIDES:
        raise UnreadablePdf(
            f"A scan was given up: pages like {min(lost) + 1} take more time or memory than a page"
            " may.",
            next_step="Scan or export it again.",
        )
