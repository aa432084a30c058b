"""Domain measurements, written in the transaction of the thing they measure, exported elsewhere."""

import logging
from collections.abc import Mapping

import psycopg
from psycopg.types.json import Jsonb

from viatique.db.pool import Connection, translated
from viatique.run import Run

logger = logging.getLogger("metrics")


def insert_observation(
    connection: Connection, *, metric: str, value: float, labels: Mapping[str, str], run: Run
) -> None:
    """Adds one measurement; ``value`` is in the metric's unit (seconds for durations).

    One that cannot be written is logged and left out: the work it measures goes on.
    """
    try:
        with connection.transaction():
            _insert(connection, metric, value, labels, run)
    except psycopg.Error as error:
        logger.warning("observation_lost", exc_info=translated(error), extra={"metric": metric})


def _insert(
    connection: Connection, metric: str, value: float, labels: Mapping[str, str], run: Run
) -> None:
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


def delete_observations(connection: Connection) -> int:
    """Forgets every measurement; returns how many there were."""
    return connection.execute("DELETE FROM observation").rowcount
