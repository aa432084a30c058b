"""What the Operations page shows: counts and ids, of all exams."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashboard.core import open_database
from viatique.db import overviews
from viatique.db.measures import oldest_waiting
from viatique.db.overviews import Failures, Throughput

HOURS_SHOWN = 24
STAGES = {
    "grading_import_duration_seconds": "scan_imports",
    "grading_identify_duration_seconds": "headers",
    "grading_finalize_duration_seconds": "finals",
}
"""Metrics of which there is one measurement for each thing done, by the key of their text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """How the work goes.

    Attributes:
        oldest: seconds the longest waiting copy of a stage has waited.
        hours: those of ``throughput``, the present one last, whether something was done or not.
    """

    oldest: dict[str, float]
    failures: tuple[Failures, ...]
    throughput: tuple[Throughput, ...]
    hours: tuple[datetime, ...]


def operations() -> Operations:
    """How the work goes now, and went in the last day."""
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = tuple(this_hour - timedelta(hours=ago) for ago in reversed(range(HOURS_SHOWN)))
    with open_database().transaction() as connection:
        return Operations(
            oldest=oldest_waiting(connection),
            failures=overviews.list_failures(connection),
            throughput=overviews.list_throughput(connection, hours[0], list(STAGES)),
            hours=hours,
        )
