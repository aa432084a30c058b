"""Domain measurements, written in the transaction of the thing they measure, exported elsewhere."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from viatique.db.pool import Connection
from viatique.run import Run


def insert_observation(
    connection: Connection, *, metric: str, value: float, labels: Mapping[str, str], run: Run
) -> None:
    """Adds one measurement; ``value`` is in the metric's unit (seconds for durations)."""
    connection.execute(
        """
        INSERT INTO observation (metric, value, labels, correlation_id)
        VALUES (%(metric)s, %(value)s, %(labels)s, %(correlation)s)
        """,
        {
            "metric": metric,
            "value": value,
            "labels": Jsonb(dict(labels)),
            "correlation": run.correlation_id,
        },
    )
