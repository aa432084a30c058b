"""The whole way of an exam, from scans to final PDFs."""

from prefect import flow

from flows.finalize_copies import finalize_copies
from flows.identify_copies import identify_copies
from flows.import_copies import import_copies
from flows.parameters import ExamParameters, MarksParameters
from flows.record_marks import record_marks
from tasks.context import flow_workbench
from viatique.models import ExamId
from viatique.steps.record_marks import unrecorded_marks


@flow(name="process-exam", flow_run_name="process {parameters.exam}")
def process_exam(parameters: ExamParameters) -> None:
    """Imports, identifies, records every marks file received, and finalizes what is complete."""
    exam = parameters.exam
    with flow_workbench() as bench:
        import_copies(parameters)
        identify_copies(parameters)
        for sha256 in unrecorded_marks(bench, ExamId(exam)):
            record_marks(MarksParameters(exam=exam, marks=sha256))
        finalize_copies(parameters)
