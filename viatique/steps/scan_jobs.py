"""The part of an import that runs in worker processes: looking at pages, cutting copies."""

from dataclasses import dataclass

import pymupdf

from viatique import progress
from viatique.errors import UnreadablePdf, ViatiqueError
from viatique.files import Kind, Store
from viatique.header_look import look_for_header
from viatique.models import CopyId, Half, Layout, Placement, Segmentation, Sha256
from viatique.pdf.cut import cut_copy
from viatique.pdf.document import MUPDF_ERRORS, open_pdf
from viatique.pdf.glance import glance, half_of
from viatique.pdf.inspect import page_facts
from viatique.segmentation import FOLDED_ASPECT, CopyPlan, Side, first_parts, plan_copies
from viatique.workers import WorkerPool

SIDES_PER_JOB = 25
"""About 0.3 s of looking: short enough for progress, long enough to pay for opening the scan."""
JOBS_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanJob:
    """All that is needed to find the copies of one scan."""

    store_url: str
    scan: Sha256
    page_count: int
    layout: Layout
    pages_per_copy: int
    segmentation: Segmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A copy to be cut out of a scan."""

    copy_id: CopyId
    scan: Sha256
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutJob:
    """Copies to be cut out of one scan."""

    store_url: str
    scan: Sha256
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookJob:
    """Sides of one scan to be looked at for headers.

    Attributes:
        sides: 0-based pages of the scan file.
        parts: the parts of each side to look at.
    """

    store_url: str
    scan: Sha256
    sides: tuple[int, ...]
    parts: tuple[Half, ...]


Seen = dict[tuple[int, Half], int | None]


def plan_scan_copies(pool: WorkerPool, job: PlanJob) -> tuple[CopyPlan, ...]:
    """The copies of a scan: its sides are looked at in the worker processes, chunk by chunk.

    Raises:
        ViatiqueError: what a worker could not do.
    """
    sides = _sides(pool, job)
    is_folded = _is_folded(job.layout, sides)
    seen = _look_everywhere(pool, job, is_folded=is_folded)
    return plan_copies(
        sides,
        layout=job.layout,
        pages_per_copy=job.pages_per_copy,
        segmentation=job.segmentation,
        look=lambda side, part: seen.get((side, part)),
    )


def cut_pieces(job: CutJob) -> tuple[Sha256 | ViatiqueError, ...]:
    """Runs in a worker process: cuts and stores each piece; one that fails is its error."""
    store = Store(job.store_url)
    with store.local(job.scan, Kind.SCAN) as path, open_pdf(path) as scan:
        return tuple(_cut(store, scan, piece) for piece in job.pieces)


def list_sides(job: PlanJob) -> tuple[Side, ...]:
    """Runs in a worker process: the shape of every side."""
    with Store(job.store_url).local(job.scan, Kind.SCAN) as path:
        facts = page_facts(path)
    return tuple(
        Side(is_wide=page.width_pt > FOLDED_ASPECT * page.height_pt, is_readable=page.is_readable)
        for page in facts
    )


def look_at_sides(job: LookJob) -> Seen:
    """Runs in a worker process: where headers are; a side that cannot be drawn has none."""
    seen: Seen = {}
    with Store(job.store_url).local(job.scan, Kind.SCAN) as path, open_pdf(path) as scan:
        for side in job.sides:
            seen.update(_look(scan, side, job.parts))
    return seen


def _look(scan: pymupdf.Document, side: int, parts: tuple[Half, ...]) -> Seen:
    try:
        picture = glance(scan[side])
    except MUPDF_ERRORS:
        return {}
    looks = {part: look_for_header(half_of(picture, part)) for part in parts}
    return {(side, part): look.turn if look else None for part, look in looks.items()}


def _cut(store: Store, scan: pymupdf.Document, piece: Piece) -> Sha256 | ViatiqueError:
    try:
        return store.put(cut_copy(scan, piece.placements), Kind.COPY)
    except ViatiqueError as error:
        return error
    except MUPDF_ERRORS as error:
        return UnreadablePdf(f"Copy {piece.copy_id} cannot be cut ({type(error).__name__}).")


def _sides(pool: WorkerPool, job: PlanJob) -> tuple[Side, ...]:
    (sides,) = pool.run(list_sides, [job])
    if isinstance(sides, ViatiqueError):
        raise sides
    return sides


def _is_folded(layout: Layout, sides: tuple[Side, ...]) -> bool:
    return layout is Layout.A3_FOLDED or (layout is Layout.AUTO and sides[0].is_wide)


def _look_everywhere(pool: WorkerPool, job: PlanJob, *, is_folded: bool) -> Seen:
    step = 1
    if job.segmentation is Segmentation.PAGES:
        step = max(1, job.pages_per_copy // (2 if is_folded else 1))
    wanted = range(0, job.page_count, step)
    jobs = [
        LookJob(
            store_url=job.store_url,
            scan=job.scan,
            sides=tuple(wanted[start : start + SIDES_PER_JOB]),
            parts=first_parts(is_folded=is_folded),
        )
        for start in range(0, len(wanted), SIDES_PER_JOB)
    ]
    progress.start("look", len(wanted), "pages")
    seen: Seen = {}
    for start in range(0, len(jobs), JOBS_AT_ONCE):
        batch = jobs[start : start + JOBS_AT_ONCE]
        for found in pool.run(look_at_sides, batch):
            if isinstance(found, ViatiqueError):
                raise found
            seen.update(found)
        progress.advance("look", sum(len(looked.sides) for looked in batch))
    return seen
