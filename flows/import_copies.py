"""Scans become copies."""

from prefect import flow, unmapped

from flows.artifacts import publish_report
from flows.drain import chunk_runner, drain
from flows.parameters import ExamParameters
from tasks.chunks import cut_chunk_task, plan_scan_task, receive_inbox_task
from tasks.context import bound_to_run, current_run, flow_workbench
from viatique.db.claims import Stage
from viatique.models import ExamId
from viatique.steps.import_scan import count_uncut, unplanned_scans
from viatique.steps.report import report_exam
from viatique.steps.sharing import others_at_work


@flow(
    name="import-copies",
    flow_run_name="import {parameters.exam}",
    task_runner=chunk_runner(),
)
def import_copies(parameters: ExamParameters) -> None:
    """Cuts every scan of the exam that was not yet, those laid into HOME/inbox/EXAM included."""
    exam_id, run = ExamId(parameters.exam), current_run()
    with flow_workbench() as bench, bound_to_run(exam_id):
        receive_inbox_task(exam_id)
        plans = plan_scan_task.map(unmapped(exam_id), unplanned_scans(bench, exam_id))
        plans.wait()
        drain(
            cut_chunk_task,
            exam_id,
            stage="import",
            count=lambda: count_uncut(bench, run, exam_id),
            is_shared=lambda: others_at_work(bench, exam_id, Stage.CUT),
            chunk_size=bench.settings.chunk_size,
        )
        publish_report(report_exam(bench.database, exam_id))
        plans.result()  # a scan that could not be planned fails the run, but holds up no other
