"""One task for each kind of chunk: retry policy, log context, one call into a step."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.context import bound_to_run, current_run, current_workbench
from tasks.policy import RETRY_POLICY, retry_if_needed
from viatique.models import ExamId, Sha256
from viatique.steps.decide_identities import decide_identities
from viatique.steps.finalize_copies import finalize_chunk
from viatique.steps.import_scan import cut_chunk, plan_scan
from viatique.steps.inbox import receive_inbox
from viatique.steps.maintain import Chore, ChoreOutcome, run_chore
from viatique.steps.outcome import ChunkOutcome
from viatique.steps.read_headers import read_chunk
from viatique.steps.record_marks import record_marks


@task(name="receive-inbox", cache_policy=NO_CACHE, **RETRY_POLICY)
def receive_inbox_task(exam_id: ExamId) -> int:
    """Files refused in the exam's inbox."""
    with bound_to_run(exam_id):
        return receive_inbox(current_workbench(), current_run(), exam_id)


@task(name="plan-scan", cache_policy=NO_CACHE, **RETRY_POLICY)
def plan_scan_task(exam_id: ExamId, source_id: int) -> int:
    """Copies found in one scan."""
    with bound_to_run(exam_id):
        return plan_scan(current_workbench(), current_run(), source_id)


@task(name="cut-chunk", cache_policy=NO_CACHE, **RETRY_POLICY)
def cut_chunk_task(exam_id: ExamId) -> ChunkOutcome:
    """The next copies cut from their scan."""
    with bound_to_run(exam_id):
        return retry_if_needed(cut_chunk(current_workbench(), current_run(), exam_id))


@task(name="read-chunk", cache_policy=NO_CACHE, **RETRY_POLICY)
def read_chunk_task(exam_id: ExamId) -> ChunkOutcome:
    """The next headers read."""
    with bound_to_run(exam_id):
        return retry_if_needed(read_chunk(current_workbench(), current_run(), exam_id))


@task(name="decide-identities", cache_policy=NO_CACHE, **RETRY_POLICY)
def decide_identities_task(exam_id: ExamId) -> int:
    """Copies whose identity changed."""
    with bound_to_run(exam_id):
        bench = current_workbench()
        threshold = bench.settings.review_threshold
        return decide_identities(
            bench.database, bench.store, current_run(), exam_id, threshold=threshold
        )


@task(name="record-marks", cache_policy=NO_CACHE, **RETRY_POLICY)
def record_marks_task(exam_id: ExamId, sha256: Sha256) -> int:
    """Copies whose marks changed."""
    with bound_to_run(exam_id):
        return record_marks(current_workbench(), current_run(), exam_id, sha256)


@task(name="finalize-chunk", cache_policy=NO_CACHE, **RETRY_POLICY)
def finalize_chunk_task(exam_id: ExamId) -> ChunkOutcome:
    """The next copies finalized."""
    with bound_to_run(exam_id):
        return retry_if_needed(finalize_chunk(current_workbench(), current_run(), exam_id))


@task(name="chore", task_run_name="{chore}", cache_policy=NO_CACHE, **RETRY_POLICY)
def chore_task(chore: Chore, *, is_whole: bool) -> ChoreOutcome:
    """One chore of maintenance."""
    with bound_to_run():
        return run_chore(current_workbench(), current_run(), chore, is_whole=is_whole)
