"""Copies' headers are read by OCR; what was seen is kept as a file, so nothing is read twice.

Reading never decides: ``decide_identities`` does, for the whole exam at once.
"""

import functools
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viatique import progress
from viatique.db import claims, identities
from viatique.db.copies import find_copy, list_page_defects
from viatique.db.exams import find_exam
from viatique.db.pool import Connection
from viatique.db.sources import list_first_copy_files
from viatique.errors import (
    FinalError,
    StoreUnavailable,
    TransientError,
    UnreadablePdf,
    ViatiqueError,
)
from viatique.files import Kind, Store, read_here
from viatique.measured import OcrError, ocr_error
from viatique.models import (
    NO_ENGINE,
    CopyId,
    ExamId,
    HeaderForm,
    HeaderReading,
    HeaderSpec,
    Rect,
    Sha256,
)
from viatique.ocr import evidence
from viatique.ocr.engine import Engine, load_engine
from viatique.ocr.fields import read_header
from viatique.ocr.known_forms import KnownForms
from viatique.ocr.zones import learn_forms
from viatique.pdf.render import render_page
from viatique.run import Run
from viatique.scans.page_defects import PageDefect
from viatique.steps.kept_claim import keeps_claim
from viatique.steps.measure import observe_ocr_error
from viatique.steps.outcome import ChunkOutcome, Failure, chunk_outcome
from viatique.tracing import traced
from viatique.workbench import Workbench

logger = logging.getLogger("viatique.steps")

READING_DPI = 200
"""Resolution headers are read at: that of usual scans; more reads no better (2026-11-24)."""
TOP_PART = 0.45
"""Part of the page where headers are; 15 ms to draw instead of 41 (2026-11-24)."""
REFERENCES = 4
"""Copies the forms of an exam are learned from; a form that is not among them is found anew on each
copy, which costs 0.3 s (2026-11-24)."""
ALL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCopy:
    """A copy's file, on this machine for as long as a job runs; the same wherever it lies."""

    sha256: Sha256
    path: Path = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJob:
    """All a worker process needs to read one header.

    Fetching the copy and storing the reading is no part of it: a slow store is no OCR that hangs.

    Attributes:
        references: the exam's first copies, which every process learns its forms from: what is
            read does not depend on which process reads it.
    """

    copy_id: CopyId
    copy: LocalCopy
    spec: HeaderSpec
    references: tuple[LocalCopy, ...]
    models_folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A reading as it is stored; ``is_found``: there was a header to read."""

    data: bytes = field(repr=False)
    engine: str
    is_found: bool
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unread:
    """A copy that was claimed; ``is_drawable``: its first page could be drawn at import."""

    copy_id: CopyId
    file_sha256: Sha256
    is_drawable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Copies to read, and what is the same for all of them."""

    spec: HeaderSpec
    references: tuple[Sha256, ...]
    unread: list[_Unread]


@traced
def read_chunk(bench: Workbench, run: Run, exam_id: ExamId) -> ChunkOutcome:
    """Takes the next copies whose header was not read and reads it.

    Raises:
        StoreUnavailable: files cannot be read or stored now; what was read before is kept.
    """
    with claims.claiming(bench.database, bench.holder) as connection:
        chunk = _claim(bench, connection, exam_id, run)
    failures: list[Failure] = []
    with claims.given_back_on_failure(
        bench.database,
        stage=claims.Stage.READ,
        subjects=[copy.copy_id for copy in chunk.unread],
        holder=bench.holder,
    ):
        for copy, result in zip(chunk.unread, _read_all(bench, chunk), strict=True):
            if isinstance(result, StoreUnavailable):
                raise result  # nothing is wrong with the copy: it is read when the store is back
            if isinstance(result, ViatiqueError):
                failures.append(_store_unreadable(bench, copy.copy_id, result, run))
            else:
                _store(bench, copy.copy_id, *result, run)
    progress.advance("identify", len(chunk.unread))
    return chunk_outcome(len(chunk.unread), failures)


def count_unread(bench: Workbench, exam_id: ExamId) -> int:
    """How many copies ``read_chunk`` would take now."""
    with claims.claiming(bench.database, bench.holder) as connection:
        return len(claims.list_unread(connection, exam_id, ALL))


def _read_all(bench: Workbench, chunk: _Chunk) -> list[tuple[Sha256, Read] | ViatiqueError]:
    """What was read of each copy and where it is stored, or why it was not."""
    with _here(bench.store, chunk.references if chunk.unread else ()) as references:

        def read(copy: _Unread) -> tuple[Sha256, Read]:
            try:
                return _read_one(bench, copy, chunk.spec, references)
            except TransientError:
                return _read_one(bench, copy, chunk.spec, references)

        return bench.pool.lead(read, chunk.unread)


def _read_one(
    bench: Workbench, copy: _Unread, spec: HeaderSpec, references: tuple[LocalCopy, ...]
) -> tuple[Sha256, Read]:
    if not copy.is_drawable:
        raise UnreadablePdf(f"The first page of copy {copy.copy_id} cannot be drawn.")
    with bench.store.local(copy.file_sha256, Kind.COPY) as path:
        job = ReadJob(
            copy_id=copy.copy_id,
            copy=LocalCopy(sha256=copy.file_sha256, path=path),
            spec=spec,
            references=references,
            models_folder=bench.models_folder,
        )
        read = bench.pool.run_one(read_copy_header, job)
    return bench.store.put(read.data, Kind.READING), read


@contextmanager
def _here(store: Store, references: Sequence[Sha256]) -> Iterator[tuple[LocalCopy, ...]]:
    """Copies to learn forms from, on this machine; one that is damaged or gone is left out."""
    with ExitStack() as stack:
        found = []
        for sha256 in references:
            try:
                path = stack.enter_context(store.local(sha256, Kind.COPY))
            except FinalError as error:
                _log_skipped(sha256, error)
            else:
                found.append(LocalCopy(sha256=sha256, path=path))
        yield tuple(found)


def read_copy_header(job: ReadJob) -> Read:
    """Runs in a worker process: renders the first page once and reads its header."""
    started = time.perf_counter()
    known = _known_forms(job.models_folder, job.references, job.spec)
    reading = _read(read_here(job.copy.path, job.copy.sha256), job, known)
    return Read(
        data=evidence.to_bytes(reading),
        engine=reading.engine,
        is_found=bool(reading.fields),
        duration_s=time.perf_counter() - started,
    )


def _read(copy_pdf: bytes, job: ReadJob, known: KnownForms) -> HeaderReading:
    """Reads the top of the first page, and all of it only when no form is there."""
    engine = engine_of_process(job.models_folder)
    if job.spec.form is HeaderForm.AUTO:
        reading = read_header(engine, top_of_page(copy_pdf), job.spec, known)
        if reading.fields:
            return reading
    return read_header(engine, render_page(copy_pdf, 0, dpi=READING_DPI), job.spec, known)


def top_of_page(copy_pdf: bytes) -> NDArray[np.uint8]:
    """The first page at ``READING_DPI``, white below its top part: drawing takes most of the time.

    Returns:
        uint8, (height, width) of the whole page, 0 = black.
    """
    clip = Rect(x0=0, y0=0, x1=1, y1=TOP_PART)
    top = render_page(copy_pdf, 0, dpi=READING_DPI, clip=clip)
    height = round(len(top) / TOP_PART)
    return np.pad(top, ((0, height - len(top)), (0, 0)), constant_values=255)


@functools.cache
def engine_of_process(models_folder: Path) -> Engine:
    """The one engine of this process, loaded when first asked for."""
    return load_engine(models_folder)


@functools.lru_cache(maxsize=8)
def _known_forms(
    models_folder: Path, references: tuple[LocalCopy, ...], spec: HeaderSpec
) -> KnownForms:
    return learn_forms(engine_of_process(models_folder), draw_references(references), spec)


def draw_references(references: Sequence[LocalCopy]) -> Iterator[NDArray[np.uint8]]:
    """The tops of copies to learn forms from; a damaged one spoils its own copy only."""
    for copy in references:
        try:
            yield top_of_page(read_here(copy.path, copy.sha256))
        except FinalError as error:  # it may be erased meanwhile
            _log_skipped(copy.sha256, error)


def _log_skipped(sha256: Sha256, error: Exception) -> None:
    logger.warning("reference_skipped", exc_info=error, extra={"sha256": sha256})


def _claim(bench: Workbench, connection: Connection, exam_id: ExamId, run: Run) -> _Chunk:
    found = claims.list_unread(connection, exam_id, bench.settings.chunk_size)
    won = claims.claim_subjects(
        connection, stage=claims.Stage.READ, subjects=found, holder=bench.holder, run=run
    )
    defects = list_page_defects(connection, exam_id)
    return _Chunk(
        spec=find_exam(connection, exam_id).header,
        references=list_first_copy_files(connection, exam_id, limit=REFERENCES),
        unread=[
            _Unread(
                copy_id=copy_id,
                file_sha256=find_copy(connection, copy_id).file_sha256 or Sha256(""),
                is_drawable=defects.get(copy_id, {}).get(1) != PageDefect.UNREADABLE,
            )
            for copy_id in map(CopyId, won)
        ],
    )


def _store(bench: Workbench, copy_id: CopyId, sha256: Sha256, read: Read, run: Run) -> None:
    with bench.database.transaction() as connection:
        made = (sha256, Kind.READING)
        if not keeps_claim(bench, connection, claims.Stage.READ, copy_id, made):
            return
        identities.insert_reading(
            connection,
            copy_id,
            sha256=sha256,
            engine=read.engine,
            duration_s=read.duration_s,
            run=run,
        )
        if not read.is_found:
            observe_ocr_error(connection, OcrError.EMPTY_RESULT, run=run)
    logger.info(
        "header_read",
        extra={
            "copy_id": copy_id,
            "is_found": read.is_found,
            "duration_ms": round(read.duration_s * 1000),
        },
    )


def _store_unreadable(bench: Workbench, copy_id: CopyId, error: ViatiqueError, run: Run) -> Failure:
    """The copy goes to review instead of holding up the exam; the error is kept and counted."""
    empty = evidence.to_bytes(HeaderReading(fields=(), engine=NO_ENGINE))
    sha256 = bench.store.put(empty, Kind.READING)
    with bench.database.transaction() as connection:
        if not keeps_claim(bench, connection, claims.Stage.READ, copy_id):
            return Failure.LOST
        identities.insert_reading(
            connection,
            copy_id,
            sha256=sha256,
            engine=NO_ENGINE,
            duration_s=error.duration_s,
            run=run,
        )
        observe_ocr_error(connection, ocr_error(error), run=run)
    logger.error("header_unreadable", exc_info=error, extra={"copy_id": copy_id})
    return Failure.SETTLED
