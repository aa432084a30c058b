"""The results of an exam in figures; no name is among them."""

from dataclasses import dataclass

from dashboard.core import open_database
from viatique.db.accounts import list_accounts
from viatique.db.exams import Exam, find_exam
from viatique.db.markers import MarkerFigures, list_marker_figures
from viatique.models import ExamId
from viatique.results import Figures, figures
from viatique.steps.export_results import list_results
from viatique.steps.finalize_request import FinalizeState, finalize_state


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamResults:
    """What the page shows; ``logins``: of the accounts that marked."""

    exam: Exam
    state: FinalizeState
    figures: Figures | None
    markers: tuple[MarkerFigures, ...]
    logins: dict[str, str]


def results_of(exam_id: ExamId) -> ExamResults:
    """The figures of an exam as it stands.

    Raises:
        NotFound: there is no such exam.
    """
    database = open_database()
    results, scheme = list_results(database, exam_id)
    with database.transaction() as connection:
        exam = find_exam(connection, exam_id)
        markers = list_marker_figures(connection, exam_id, scheme.maximum())
        logins = {account.account_id: account.login for account in list_accounts(connection)}
    return ExamResults(
        exam=exam,
        state=finalize_state(database, exam_id, limit=0),
        figures=figures(results, scheme),
        markers=markers,
        logins=logins,
    )
