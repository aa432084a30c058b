"""Counters and histograms begin anew: an act of administration that the audit trail tells of."""

from viatique.db.audit import insert_event
from viatique.db.observations import delete_observations
from viatique.db.pool import Database
from viatique.lifecycle import Action
from viatique.run import Run


def reset_metrics(database: Database, run: Run) -> int:
    """Forgets what was measured; returns how many measurements there were."""
    with database.transaction() as connection:
        count = delete_observations(connection)
        insert_event(
            connection,
            action=Action.RESET_METRICS,
            exam_id=None,
            copy_id=None,
            run=run,
            details={"observations": count},
        )
    return count
