"""A file of marks becomes scores, remarks and annotations."""

from prefect import flow

from flows.artifacts import publish_report
from flows.parameters import MarksParameters
from tasks.chunks import record_marks_task
from tasks.context import bound_to_run, flow_workbench
from viatique.models import ExamId, Sha256
from viatique.steps.report import report_exam


@flow(name="record-marks", flow_run_name="marks {parameters.exam}")
def record_marks(parameters: MarksParameters) -> None:
    """Records all of a received marks file, or nothing of it."""
    exam_id = ExamId(parameters.exam)
    with flow_workbench() as bench, bound_to_run(exam_id):
        record_marks_task(exam_id, Sha256(parameters.marks))
        publish_report(report_exam(bench.database, exam_id))
