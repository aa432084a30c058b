"""Marks and annotations become the copy's final PDF: GRADED, or GRADING_FAILED with the reason.

A failure is stored in a transaction of its own, so that it leaves a trace.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from viatique import progress
from viatique.db import annotations, claims, copies, finals, marking, readings
from viatique.db.exams import Exam, find_exam
from viatique.db.pool import Connection
from viatique.errors import StoreUnavailable, TransientError, ViatiqueError
from viatique.files import Kind, make_here, read_here
from viatique.lifecycle import CopyStatus, Move
from viatique.marking.scoring import score_rows, total_score
from viatique.measured import Outcome
from viatique.models import Annotation, CopyId, ExamId, Language, ScoreSheet, Sha256
from viatique.pdf.finalize import compose_final, verify_final
from viatique.run import Run
from viatique.steps.kept_claim import keeps_claim
from viatique.steps.measure import observe_finalize
from viatique.steps.outcome import ChunkOutcome, Failure, chunk_outcome
from viatique.tracing import traced
from viatique.workbench import Workbench
from viatique.workers import PDF_TIMEOUT_S

logger = logging.getLogger("grading")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A copy and what its final PDF shows."""

    copy_id: CopyId
    file_sha256: Sha256
    sheet: ScoreSheet = field(repr=False)
    annotations: tuple[Annotation, ...] = field(repr=False)
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeJob:
    """All a worker process needs to make one final PDF out of a copy, both files on this machine.

    Fetching the one and storing the other is no part of it: a slow store fails no copy.
    """

    copy_pdf: Path
    marked: Marked
    made: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A final PDF, verified: what is kept of it until its chunk is done."""

    sha256: Sha256
    byte_size: int
    duration_s: float


@traced
def finalize_chunk(bench: Workbench, run: Run, exam_id: ExamId) -> ChunkOutcome:
    """Takes the next copies with complete marks and finalizes them."""
    with claims.claiming(bench.database, bench.holder) as connection:
        exam = find_exam(connection, exam_id)
        copy_ids = _claim(bench, connection, exam, run)
        marked = [_marked(connection, exam, copy_id) for copy_id in copy_ids]
    failures: list[Failure] = []
    with claims.given_back_on_failure(
        bench.database, stage=claims.Stage.FINALIZE, subjects=copy_ids, holder=bench.holder
    ):
        for one, outcome in zip(marked, _make_all(bench, marked), strict=True):
            if isinstance(outcome, ViatiqueError):
                failures.append(_store_failure(bench, one.copy_id, outcome, run))
            else:
                _store_final(bench, one, outcome, run)
    progress.advance("finalize", len(marked) - failures.count(Failure.RETRYABLE))
    return chunk_outcome(len(marked), failures)


def count_gradable(bench: Workbench, run: Run, exam_id: ExamId) -> int:
    """How many copies ``finalize_chunk`` would take now."""
    with claims.claiming(bench.database, bench.holder) as connection:
        exam = find_exam(connection, exam_id)
        return len(_gradable(connection, exam, run, limit=1_000_000))


def _make_all(bench: Workbench, marked: Sequence[Marked]) -> list[Composed | ViatiqueError]:
    """The final PDF of each copy, in the store, or why there is none."""
    try:
        with bench.store.workshop() as folder:
            return bench.pool.lead(lambda one: _make(bench, one, folder / one.copy_id), marked)
    except StoreUnavailable as error:
        return [error for _ in marked]


def _make(bench: Workbench, marked: Marked, made: Path) -> Composed:
    with bench.store.local(marked.file_sha256, Kind.COPY) as path:
        job = ComposeJob(copy_pdf=path, marked=marked, made=made)
        composed = bench.pool.run_one(compose_copy, job, timeout_s=PDF_TIMEOUT_S)
    bench.store.take(made, composed.sha256, Kind.FINAL)
    return composed


def compose_copy(job: ComposeJob) -> Composed:
    """Runs in a worker process: composes and checks one final PDF."""
    started = time.perf_counter()
    marked = job.marked
    copy_pdf = read_here(job.copy_pdf, marked.file_sha256)
    final = compose_final(copy_pdf, marked.sheet, marked.annotations, language=marked.language)
    verify_final(
        final,
        copy_pdf,
        sheet=marked.sheet,
        annotations=marked.annotations,
        language=marked.language,
    )
    return Composed(
        sha256=make_here(job.made, final),
        byte_size=len(final),
        duration_s=time.perf_counter() - started,
    )


def _gradable(connection: Connection, exam: Exam, run: Run, *, limit: int) -> list[CopyId]:
    leaves = [leaf.question_id for leaf in exam.scheme.leaves()]
    return claims.list_gradable(connection, exam.exam_id, leaves=leaves, run=run, limit=limit)


def _claim(bench: Workbench, connection: Connection, exam: Exam, run: Run) -> list[CopyId]:
    found = _gradable(connection, exam, run, limit=bench.settings.chunk_size)
    won = claims.claim_subjects(
        connection, stage=claims.Stage.FINALIZE, subjects=found, holder=bench.holder, run=run
    )
    copy_ids = [CopyId(subject) for subject in won]
    for copy_id in copy_ids:
        if copies.find_copy(connection, copy_id).status is not CopyStatus.GRADING_IN_PROGRESS:
            copies.move_copy(connection, copy_id, Move.START_GRADING, run=run)
    return copy_ids


def _marked(connection: Connection, exam: Exam, copy_id: CopyId) -> Marked:
    copy = copies.find_copy(connection, copy_id)
    stored = marking.list_scores(connection, copy_id)
    scores = {scored.question: scored.points for scored in stored}
    remarks = {scored.question: scored.remark for scored in stored}
    sheet = ScoreSheet(
        exam_name=exam.name,
        exam_date=exam.exam_date,
        copy_id=copy_id,
        rows=score_rows(exam.scheme, scores, remarks),
        total=total_score(exam.scheme, scores),
        maximum=exam.scheme.total,
        appreciation=copy.appreciation or _of_both_readers(connection, copy_id),
    )
    return Marked(
        copy_id=copy_id,
        file_sha256=copy.file_sha256 or Sha256(""),
        sheet=sheet,
        annotations=tuple(one.annotation for one in annotations.list_stored(connection, copy_id)),
        language=exam.language,
    )


def _of_both_readers(connection: Connection, copy_id: CopyId) -> str:
    """The readers' overall remarks, one under the other, when nobody wrote one that counts."""
    found = readings.list_readings(connection, copy_id, questions=[readings.OVERALL])
    return "\n".join(one.scored.remark for one in found if one.scored.remark)


def _store_final(bench: Workbench, marked: Marked, final: Composed, run: Run) -> None:
    with bench.database.transaction() as connection:
        made = (final.sha256, Kind.FINAL)
        if not keeps_claim(bench, connection, claims.Stage.FINALIZE, marked.copy_id, made):
            return
        finals.insert_final_pdf(
            connection,
            marked.copy_id,
            sha256=final.sha256,
            byte_size=final.byte_size,
            score=marked.sheet.total,
            run=run,
        )
        copies.mark_succeeded(connection, marked.copy_id)
        retries = copies.count_attempt(connection, marked.copy_id) - 1
        copies.move_copy(
            connection,
            marked.copy_id,
            Move.FINISH_GRADING,
            run=run,
            details=_final_details(marked.sheet.total, final.sha256, retries),
        )
        observe_finalize(
            connection, final.duration_s, outcome=Outcome.SUCCESS, retries=retries, run=run
        )
    logger.info(
        "copy_finalized",
        extra={"copy_id": marked.copy_id, "duration_ms": round(final.duration_s * 1000)},
    )


def _final_details(score: Decimal, sha256: Sha256, retries: int) -> dict[str, object]:
    return {"success": True, "retries": retries, "score": str(score), "file": sha256}


def _store_failure(bench: Workbench, copy_id: CopyId, error: ViatiqueError, run: Run) -> Failure:
    limit = bench.settings.retry_limit
    with bench.database.transaction() as connection:
        if not keeps_claim(bench, connection, claims.Stage.FINALIZE, copy_id):
            return Failure.LOST
        is_done = copies.mark_failed(
            connection,
            copy_id,
            error_code=error.code,
            is_final=not isinstance(error, TransientError),
            limit=limit,
            run=run,
        )
        attempts = copies.count_attempt(connection, copy_id)
        copies.move_copy(
            connection,
            copy_id,
            Move.FAIL_GRADING,
            run=run,
            details={"success": False, "retries": attempts - 1, "error_type": error.code},
        )
        observe_finalize(
            connection, error.duration_s, outcome=Outcome.FAILED, retries=attempts - 1, run=run
        )
    logger.error("finalize_failed", exc_info=error, extra={"copy_id": copy_id})
    if attempts >= limit:
        logger.critical(
            "finalize_retries_exhausted",
            exc_info=error,
            extra={"copy_id": copy_id, "attempts": attempts},
        )
    return Failure.SETTLED if is_done else Failure.RETRYABLE
