"""What the To do page shows."""

from dashboard.core import open_database
from viatique.models import ExamId
from viatique.steps.report import ExamReport, report_exam


def report(exam_id: ExamId) -> ExamReport:
    """Where an exam stands."""
    return report_exam(open_database(), exam_id)
