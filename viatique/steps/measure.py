"""What the steps measure, each in the transaction of the thing itself."""

from viatique.db.imports import Ended
from viatique.db.observations import insert_observation
from viatique.db.pool import Connection
from viatique.lifecycle import LockConflict
from viatique.measured import (
    FINALIZE,
    IDENTIFY,
    IMPORT,
    LOCK_CONFLICTS,
    OCR_ERRORS,
    Metric,
    OcrError,
    Outcome,
    pages_bucket,
    retry_attempt,
)
from viatique.models import IdentityState
from viatique.run import Run


def observe_import(
    connection: Connection, ended: Ended | None, *, outcome: Outcome, run: Run
) -> None:
    """A scan's import that is over; nothing when it is not."""
    if ended:
        labels = (outcome, pages_bucket(ended.pages))
        _observe(connection, IMPORT, ended.duration_s, *labels, run=run)


def observe_finalize(
    connection: Connection, duration_s: float, *, outcome: Outcome, retries: int, run: Run
) -> None:
    """One attempt at a final PDF."""
    _observe(connection, FINALIZE, duration_s, outcome, retry_attempt(retries), run=run)


def observe_identify(
    connection: Connection, duration_s: float, *, decision: IdentityState, run: Run
) -> None:
    """A copy that was read and then decided for the first time."""
    _observe(connection, IDENTIFY, duration_s, decision.lower(), run=run)


def observe_ocr_error(connection: Connection, error: OcrError, *, run: Run) -> None:
    """A header of which nothing is known."""
    _observe(connection, OCR_ERRORS, 1.0, error, run=run)


def observe_lock_conflict(connection: Connection, conflict: LockConflict, *, run: Run) -> None:
    """A lock or a write that was refused."""
    _observe(connection, LOCK_CONFLICTS, 1.0, conflict, run=run)


def _observe(connection: Connection, metric: Metric, value: float, *labels: str, run: Run) -> None:
    insert_observation(
        connection,
        metric=metric.name,
        value=value,
        labels=dict(zip(metric.label_names, labels, strict=True)),
        run=run,
    )
