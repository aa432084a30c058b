"""How an exam went: figures of the finalized copies, of the questions and of the markers."""

from dataclasses import dataclass

from viatique.db.markers import MarkerFigures, list_marker_figures
from viatique.db.pool import Database
from viatique.marking.results import Figures, figures
from viatique.marking.scoring import Scheme
from viatique.models import ExamId
from viatique.steps.export_results import list_results


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The figures of an exam; ``figures`` None: no copy is finalized."""

    scheme: Scheme
    figures: Figures | None
    markers: tuple[MarkerFigures, ...]


def statistics_of(database: Database, exam_id: ExamId) -> Statistics:
    """The figures as they stand.

    Raises:
        NotFound: there is no such exam.
    """
    results, scheme = list_results(database, exam_id)
    with database.transaction() as connection:
        markers = list_marker_figures(connection, exam_id, scheme.maximum())
    return Statistics(scheme=scheme, figures=figures(results, scheme), markers=markers)
