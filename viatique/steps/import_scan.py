"""A scan becomes copies: received whole or refused whole, planned, then cut without re-encoding.

Planning stores every copy at once; cutting takes them in chunks, so that a killed import goes on
where it stopped.
"""

import logging
from pathlib import Path

from viatique import progress
from viatique.db import claims, copies, imports, sources
from viatique.db.copies import NewCopy
from viatique.db.exams import Exam, allocate_copy_numbers, find_exam
from viatique.db.pool import Connection
from viatique.errors import NotFound, TransientError, ViatiqueError
from viatique.files import Kind
from viatique.lifecycle import CopyStatus, Move
from viatique.measured import Outcome
from viatique.models import CopyId, ExamId, Sha256
from viatique.pdf.inspect import inspect_scan
from viatique.run import Run
from viatique.segmentation import CopyPlan
from viatique.steps.measure import observe_import
from viatique.steps.outcome import ChunkOutcome
from viatique.steps.scan_jobs import CutJob, Piece, PlanJob, cut_pieces, plan_scan_copies
from viatique.workbench import Workbench

logger = logging.getLogger("viatique.steps")

MIB = 1024 * 1024
ALL = 1_000_000


def receive_scan(bench: Workbench, exam_id: ExamId, path: Path) -> bool:
    """Checks a scan and puts it into the store.

    Returns:
        False when the exam already has this very file: nothing was done.

    Raises:
        InvalidScan: the file is refused whole, with the reason and the page.
        NotFound: the file or the exam does not exist.
    """
    if not path.is_file():
        raise NotFound("The scan cannot be read.", next_step="Check its path.")
    with bench.database.transaction() as connection:
        find_exam(connection, exam_id)
    limits = bench.settings
    facts = inspect_scan(path, max_bytes=limits.max_scan_mib * MIB, max_pages=limits.max_scan_pages)
    sha256 = bench.store.put_path(path, Kind.SCAN)
    with bench.database.transaction() as connection:
        return sources.insert_source(
            connection,
            exam_id=exam_id,
            sha256=sha256,
            file_name=path.name,
            byte_size=path.stat().st_size,
            page_count=len(facts.pages),
        )


def unplanned_scans(bench: Workbench, exam_id: ExamId) -> list[int]:
    """Scans whose copies are not in the database yet, in the order they came."""
    with bench.database.transaction() as connection:
        find_exam(connection, exam_id)
        return [
            source.source_id
            for source in sources.list_sources(connection, exam_id, unplanned_only=True)
        ]


def plan_scan(bench: Workbench, run: Run, source_id: int) -> int:
    """Finds the copies of one scan and stores them all, or none; returns how many there are."""
    with bench.database.transaction() as connection:
        source = sources.find_source(connection, source_id)
        exam = find_exam(connection, source.exam_id)
        imports.begin_import(connection, source_id, run=run)
    try:
        plans = _planned(bench, exam, source)
    except ViatiqueError:
        _end_failed(bench, source_id, run)
        raise
    with bench.database.transaction() as connection:
        if not sources.mark_planned(connection, source_id):
            return 0
        numbers = allocate_copy_numbers(connection, exam.exam_id, len(plans))
        copies.insert_copies(
            connection,
            exam_id=exam.exam_id,
            source_id=source_id,
            copies=[
                _new_copy(exam.exam_id, number, plan)
                for number, plan in zip(numbers, plans, strict=True)
            ],
            run=run,
        )
    logger.info("scan_planned", extra={"source_id": source_id, "copies": len(plans)})
    return len(plans)


def cut_chunk(bench: Workbench, run: Run, exam_id: ExamId) -> ChunkOutcome:
    """Takes the next planned copies and cuts each out of its scan."""
    with bench.database.transaction() as connection:
        pieces = _claim(bench, connection, exam_id, run)
    jobs = _cut_jobs(bench, pieces)
    failed = retryable = 0
    for job, outcome in zip(jobs, bench.pool.run(cut_pieces, jobs), strict=True):
        for index, piece in enumerate(job.pieces):
            result = outcome if isinstance(outcome, ViatiqueError) else outcome[index]
            if isinstance(result, ViatiqueError):
                failed += 1
                retryable += not _store_failure(bench, piece, result, run)
            else:
                _store_cut(bench, piece, result, run)
    progress.advance("import", len(pieces) - retryable)
    return ChunkOutcome(claimed=len(pieces), failed=failed, retryable=retryable)


def count_uncut(bench: Workbench, run: Run, exam_id: ExamId) -> int:
    """How many copies ``cut_chunk`` would take now."""
    with bench.database.transaction() as connection:
        return len(claims.list_uncut(connection, exam_id, run=run, limit=ALL))


def _planned(bench: Workbench, exam: Exam, source: sources.Source) -> tuple[CopyPlan, ...]:
    job = PlanJob(
        store_url=bench.store.url,
        scan=source.sha256,
        page_count=source.page_count,
        layout=exam.layout,
        pages_per_copy=exam.pages_per_copy,
        segmentation=exam.segmentation,
    )
    return plan_scan_copies(bench.pool, job)


def _new_copy(exam_id: ExamId, number: int, plan: CopyPlan) -> NewCopy:
    return NewCopy(
        copy_id=CopyId(f"{exam_id}-{number:04d}"),
        number=number,
        first_page=plan.first_page + 1,
        last_page=plan.last_page + 1,
        placements=plan.placements,
        problem=None if plan.problem is None else str(plan.problem),
        missing_pages=plan.missing,
    )


def _claim(bench: Workbench, connection: Connection, exam_id: ExamId, run: Run) -> list[Piece]:
    found = claims.list_uncut(connection, exam_id, run=run, limit=bench.settings.chunk_size)
    won = claims.claim_subjects(
        connection, stage=claims.Stage.CUT, subjects=found, holder=bench.holder, run=run
    )
    copy_ids = [CopyId(subject) for subject in won]
    imports.begin_imports_of(connection, copy_ids, run=run)
    return [_piece(connection, copy_id) for copy_id in copy_ids]


def _piece(connection: Connection, copy_id: CopyId) -> Piece:
    copy = copies.find_copy(connection, copy_id)
    source = sources.find_source(connection, copy.source_id)
    return Piece(
        copy_id=copy_id,
        scan=source.sha256,
        placements=copies.list_placements(connection, copy_id),
    )


def _cut_jobs(bench: Workbench, pieces: list[Piece]) -> list[CutJob]:
    """One job for each scan: opening it and checking its bytes is paid once."""
    scans = sorted({piece.scan for piece in pieces})
    return [
        CutJob(
            store_url=bench.store.url,
            scan=scan,
            pieces=tuple(piece for piece in pieces if piece.scan == scan),
        )
        for scan in scans
    ]


def _store_cut(bench: Workbench, piece: Piece, sha256: Sha256, run: Run) -> None:
    with bench.database.transaction() as connection:
        if not _release(bench, connection, piece):
            return
        status = copies.mark_file_stored(connection, piece.copy_id, sha256)
        copies.mark_succeeded(connection, piece.copy_id)
        if status is CopyStatus.STAGING:
            copies.move_copy(connection, piece.copy_id, Move.VALIDATE, run=run)
        ended = imports.end_complete_import(connection, piece.copy_id, run=run)
        observe_import(connection, ended, outcome=Outcome.SUCCESS, run=run)
    logger.info("copy_imported", extra={"copy_id": piece.copy_id})


def _store_failure(bench: Workbench, piece: Piece, error: ViatiqueError, run: Run) -> bool:
    """Returns whether this run is done with the copy."""
    with bench.database.transaction() as connection:
        if not _release(bench, connection, piece):
            return True
        is_done = copies.mark_failed(
            connection,
            piece.copy_id,
            error_code=error.code,
            is_final=not isinstance(error, TransientError),
            limit=bench.settings.retry_limit,
            run=run,
        )
        if is_done:
            ended = imports.end_failed_import(connection, run=run, copy_id=piece.copy_id)
            observe_import(connection, ended, outcome=Outcome.FAILED, run=run)
    logger.error("cut_failed", exc_info=error, extra={"copy_id": piece.copy_id})
    return is_done


def _release(bench: Workbench, connection: Connection, piece: Piece) -> bool:
    return claims.release_claim(
        connection, stage=claims.Stage.CUT, subject=piece.copy_id, holder=bench.holder
    )


def _end_failed(bench: Workbench, source_id: int, run: Run) -> None:
    with bench.database.transaction() as connection:
        ended = imports.end_failed_import(connection, run=run, source_id=source_id)
        observe_import(connection, ended, outcome=Outcome.FAILED, run=run)
