"""Copies get their students."""

from prefect import flow

from flows.artifacts import publish_report
from flows.drain import chunk_runner, drain
from flows.parameters import ExamParameters
from tasks.chunks import decide_identities_task, read_chunk_task
from tasks.context import bound_to_run, flow_workbench
from viatique.db.claims import Stage
from viatique.models import ExamId
from viatique.steps.read_headers import count_unread
from viatique.steps.report import report_exam
from viatique.steps.sharing import others_at_work


@flow(
    name="identify-copies",
    flow_run_name="identify {parameters.exam}",
    task_runner=chunk_runner(),
)
def identify_copies(parameters: ExamParameters) -> None:
    """Reads the headers that were not read, then decides the whole exam's identities jointly."""
    exam_id = ExamId(parameters.exam)
    with flow_workbench() as bench, bound_to_run(exam_id):
        drain(
            read_chunk_task,
            exam_id,
            stage="identify",
            count=lambda: count_unread(bench, exam_id),
            is_shared=lambda: others_at_work(bench, exam_id, Stage.READ),
            chunk_size=bench.settings.chunk_size,
        )
        decide_identities_task(exam_id)
        publish_report(report_exam(bench.database, exam_id))
