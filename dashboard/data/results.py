"""The results of an exam in figures; no name is among them."""

from dataclasses import dataclass

from dashboard.core import open_database
from viatique.db.accounts import list_accounts
from viatique.db.exams import Exam, find_exam
from viatique.db.markers import MarkerFigures
from viatique.marking.results import Figures
from viatique.models import ExamId
from viatique.steps.finalize_request import FinalizeState, finalize_state
from viatique.steps.statistics import statistics_of


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
    found = statistics_of(database, exam_id)
    with database.transaction() as connection:
        exam = find_exam(connection, exam_id)
        logins = {account.account_id: account.login for account in list_accounts(connection)}
    return ExamResults(
        exam=exam,
        state=finalize_state(database, exam_id, limit=0),
        figures=found.figures,
        markers=found.markers,
        logins=logins,
    )
