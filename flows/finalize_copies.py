"""Marked copies become final PDFs."""

from prefect import flow

from flows.artifacts import publish_report
from flows.drain import chunk_runner, drain
from flows.parameters import ExamParameters
from tasks.chunks import finalize_chunk_task
from tasks.context import bound_to_run, current_run, flow_workbench
from viatique.db.claims import Stage
from viatique.models import ExamId
from viatique.steps.finalize_copies import count_gradable
from viatique.steps.report import report_exam
from viatique.steps.sharing import others_at_work


@flow(
    name="finalize-copies",
    flow_run_name="finalize {parameters.exam}",
    task_runner=chunk_runner(),
)
def finalize_copies(parameters: ExamParameters) -> None:
    """Gives every copy with complete marks its final PDF; failed ones are tried again."""
    exam_id, run = ExamId(parameters.exam), current_run()
    with flow_workbench() as bench, bound_to_run(exam_id):
        drain(
            finalize_chunk_task,
            exam_id,
            stage="finalize",
            count=lambda: count_gradable(bench, run, exam_id),
            is_shared=lambda: others_at_work(bench, exam_id, Stage.FINALIZE),
            chunk_size=bench.settings.chunk_size,
        )
        publish_report(report_exam(bench.database, exam_id))
