"""A scan becomes copies: received whole or refused whole, planned, then cut without re-encoding.

Planning stores every copy at once; cutting takes them in chunks, so that a killed import goes on
where it stopped.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from viatique import progress
from viatique.db import claims, copies, imports, sources
from viatique.db.copies import NewCopy
from viatique.db.cuts import Piece, list_pieces, quarantine_uncut, store_cuts
from viatique.db.exams import Exam, allocate_copy_numbers, find_exam
from viatique.db.pool import Connection
from viatique.errors import NotFound, TransientError, UnreadablePdf, ViatiqueError
from viatique.files import Kind
from viatique.measured import Outcome
from viatique.models import CopyId, ExamId, Sha256
from viatique.run import Run, new_run
from viatique.scans.segmentation import CopyPlan, PlanProblem
from viatique.steps.cut_copies import cut_copies
from viatique.steps.kept_claim import keeps_claim, note_lost
from viatique.steps.measure import observe_import
from viatique.steps.outcome import ChunkOutcome, Failure, chunk_outcome
from viatique.steps.scan_jobs import PlanJob, count_pages, plan_scan_copies
from viatique.steps.sharing import pause
from viatique.tracing import traced
from viatique.workbench import Workbench

logger = logging.getLogger("viatique.steps")

ALL = 1_000_000


@traced
def receive_scan(bench: Workbench, exam_id: ExamId, path: Path, *, run: Run | None = None) -> bool:
    """Checks a scan and puts it into the store.

    Args:
        bench: what it works with.
        exam_id: the exam.
        path: the scan.
        run: who does it; None: the system.

    Returns:
        False when the exam already has this very file: nothing was done.

    Raises:
        InvalidScan: the file is refused whole, with the reason and the page.
        InfectedFile, AntivirusUnavailable: clamd refused it, or cannot be asked.
        NotFound: the file or the exam does not exist.
    """
    if not path.is_file():
        raise NotFound("The scan cannot be read.", next_step="Check its path.")
    with bench.database.transaction() as connection:
        find_exam(connection, exam_id)
    page_count = count_pages(bench.pool, path, bench.settings)
    sha256 = bench.store.put_path(path, Kind.SCAN)
    with bench.database.transaction() as connection:
        return sources.insert_source(
            connection,
            exam_id=exam_id,
            sha256=sha256,
            file_name=path.name,
            byte_size=path.stat().st_size,
            page_count=page_count,
            run=run or new_run(),
        )


def unplanned_scans(bench: Workbench, exam_id: ExamId) -> list[int]:
    """Scans whose copies are not in the database yet, in the order they came."""
    with bench.database.transaction() as connection:
        find_exam(connection, exam_id)
        return [
            source.source_id
            for source in sources.list_sources(connection, exam_id, unplanned_only=True)
        ]


@traced
def plan_scan(bench: Workbench, run: Run, source_id: int) -> int:
    """Finds the copies of one scan and stores them all, or none; returns how many there are.

    While another run plans the scan, it is waited for.
    """
    while not _claim_plan(bench, source_id, run):
        pause()
    with bench.database.transaction() as connection:
        source = sources.find_source(connection, source_id)
        if source.is_planned:
            _release_plan(bench, connection, source_id)
            return 0
        exam = find_exam(connection, source.exam_id)
        imports.begin_import(connection, source_id, run=run)
    try:
        plans = _planned(bench, exam, source)
    except ViatiqueError:
        _end_failed(bench, source_id, run)
        raise
    with bench.database.transaction() as connection:
        if not (
            _release_plan(bench, connection, source_id)
            and sources.mark_planned(connection, source_id)
        ):
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


@traced
def cut_chunk(bench: Workbench, run: Run, exam_id: ExamId) -> ChunkOutcome:
    """Takes the next planned copies and cuts each out of its scan."""
    with claims.claiming(bench.database, bench.holder) as connection:
        pieces = _claim(bench, connection, exam_id, run)
    copy_ids = [piece.copy_id for piece in pieces]
    with claims.given_back_on_failure(
        bench.database, stage=claims.Stage.CUT, subjects=copy_ids, holder=bench.holder
    ):
        cut, errors = cut_copies(bench, pieces)
        if cut:
            _store_cuts(bench, pieces, cut, run)
        failures = [_store_failure(bench, *failure, run) for failure in errors.items()]
    progress.advance("import", len(pieces) - failures.count(Failure.RETRYABLE))
    return chunk_outcome(len(pieces), failures)


def count_uncut(bench: Workbench, run: Run, exam_id: ExamId) -> int:
    """How many copies ``cut_chunk`` would take now."""
    with claims.claiming(bench.database, bench.holder) as connection:
        return len(claims.list_uncut(connection, exam_id, run=run, limit=ALL))


def _planned(bench: Workbench, exam: Exam, source: sources.Source) -> tuple[CopyPlan, ...]:
    with bench.store.local(source.sha256, Kind.SCAN) as scan:
        job = PlanJob(
            scan=scan,
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
        defects=tuple(None if defect is None else str(defect) for defect in plan.defects),
    )


def _claim(bench: Workbench, connection: Connection, exam_id: ExamId, run: Run) -> list[Piece]:
    found = claims.list_uncut(connection, exam_id, run=run, limit=bench.settings.chunk_size)
    won = claims.claim_subjects(
        connection, stage=claims.Stage.CUT, subjects=found, holder=bench.holder, run=run
    )
    copy_ids = [CopyId(subject) for subject in won]
    imports.begin_imports_of(connection, copy_ids, run=run)
    return list_pieces(connection, copy_ids)


def _store_cuts(
    bench: Workbench, pieces: Sequence[Piece], cut: Mapping[CopyId, Sha256], run: Run
) -> None:
    cut_of_scan = {piece.scan: piece.copy_id for piece in pieces if piece.copy_id in cut}
    with bench.database.transaction() as connection:
        stored = store_cuts(connection, cut, holder=bench.holder, run=run)
        for copy_id in sorted(cut.keys() - set(stored)):
            note_lost(connection, copy_id, (cut[copy_id], Kind.COPY))
        for _, copy_id in sorted(cut_of_scan.items()):
            ended = imports.end_complete_import(connection, copy_id, run=run)
            observe_import(connection, ended, outcome=Outcome.SUCCESS, run=run)
    for copy_id in stored:
        logger.info("copy_imported", extra={"copy_id": copy_id})


def _store_failure(bench: Workbench, copy_id: CopyId, error: ViatiqueError, run: Run) -> Failure:
    with bench.database.transaction() as connection:
        if not keeps_claim(bench, connection, claims.Stage.CUT, copy_id):
            return Failure.LOST
        is_done = copies.mark_failed(
            connection,
            copy_id,
            error_code=error.code,
            is_final=not isinstance(error, TransientError),
            limit=bench.settings.retry_limit,
            run=run,
        )
        if isinstance(error, UnreadablePdf):
            quarantine_uncut(connection, copy_id, PlanProblem.UNREADABLE_PAGE, run=run)
        if is_done:
            ended = imports.end_failed_import(connection, run=run, copy_id=copy_id)
            observe_import(connection, ended, outcome=Outcome.FAILED, run=run)
    logger.error("cut_failed", exc_info=error, extra={"copy_id": copy_id})
    return Failure.SETTLED if is_done else Failure.RETRYABLE


def _claim_plan(bench: Workbench, source_id: int, run: Run) -> bool:
    with bench.database.transaction() as connection:
        _release_plan(bench, connection, source_id)  # an earlier try's, when the database was gone
        won = claims.claim_subjects(
            connection,
            stage=claims.Stage.PLAN,
            subjects=[str(source_id)],
            holder=bench.holder,
            run=run,
        )
    return bool(won)


def _release_plan(bench: Workbench, connection: Connection, source_id: int) -> bool:
    return claims.release_claim(
        connection, stage=claims.Stage.PLAN, subject=str(source_id), holder=bench.holder
    )


def _end_failed(bench: Workbench, source_id: int, run: Run) -> None:
    """Nothing failed where the scan was erased: that there is none is told."""
    with bench.database.transaction() as connection:
        sources.find_source(connection, source_id)
        _release_plan(bench, connection, source_id)
        ended = imports.end_failed_import(connection, run=run, source_id=source_id)
        observe_import(connection, ended, outcome=Outcome.FAILED, run=run)
