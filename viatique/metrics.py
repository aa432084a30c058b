"""Prometheus metrics of the domain, computed from Postgres at each scrape.

Flow runs end before anybody scrapes them, so each writes what it measured in the transaction of the
thing itself; one long-lived exporter sums it up. Nothing is lost at a restart or counted twice.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, product
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from viatique.db import measures
from viatique.db.measures import Bucket
from viatique.db.pool import Connection, Database
from viatique.errors import ViatiqueError
from viatique.logs import severity
from viatique.measured import METRICS, Metric
from viatique.seal_files import SealFiles
from viatique.steps.log_trail import log_age_s
from viatique.steps.seal_state import is_seal_sound, seal_age_s

logger = logging.getLogger("metrics")

TIMEOUT_S = 5.0
"""A scrape that waits for the database longer than Prometheus waits for it says nothing at all."""

LabelValues = tuple[str, ...]


class DomainCollector(Collector):
    """The metrics of all exams of a database.

    Args:
        database: where everything was measured.
        retry_limit: attempts after which a copy that cannot be finalized needs a person.
        seal_files: where the trail's seals are anchored.
        log_folder: of ``audit.log``.
    """

    def __init__(
        self, database: Database, *, retry_limit: int, seal_files: SealFiles, log_folder: Path
    ) -> None:
        self._database = database
        self._retry_limit = retry_limit
        self._seal_files = seal_files
        self._log_folder = log_folder

    def describe(self) -> Iterable[Family]:
        """Nothing: names need not be known before the first scrape, nor a database."""
        return []

    def collect(self) -> Iterator[Family]:
        """All metrics; without a database only ``viatique_database_up`` 0."""
        try:
            with self._database.transaction(timeout_s=TIMEOUT_S) as connection:
                found = [
                    *_measured(connection),
                    *_counted(connection, self._retry_limit),
                    *_sealed(connection, self._seal_files),
                    _logged(connection, self._log_folder),
                ]
        except ViatiqueError as error:
            logger.log(severity(error), "metrics_without_database", exc_info=error)
            found = []
        up = "Whether the database answers."
        yield GaugeMetricFamily("viatique_database_up", up, value=1 if found else 0)
        yield from found


def _measured(connection: Connection) -> Iterator[Family]:
    for metric in METRICS:
        found = measures.list_buckets(connection, metric.name, metric.bounds)
        yield _histogram(metric, found) if metric.bounds else _counter(metric, found)


def _counted(connection: Connection, retry_limit: int) -> Iterator[Family]:
    yield _gauge(
        "grading_copies_by_status",
        "Copies by status; LOCKED: a marker holds it.",
        "status",
        measures.count_all_statuses(connection),
    )
    yield _gauge(
        "grading_identities",
        "Copies by identity.",
        "state",
        measures.count_all_identities(connection),
    )
    yield _gauge(
        "grading_oldest_waiting_seconds",
        "Since when the longest waiting copy waits.",
        "stage",
        measures.oldest_waiting(connection),
    )
    yield _gauge(
        "grading_live_claims",
        "Copies that living processes work on.",
        "stage",
        measures.count_live_claims(connection),
    )
    yield GaugeMetricFamily(
        "grading_retries_exhausted",
        "Copies that failed to be finalized as often as is tried.",
        value=measures.count_exhausted(connection, retry_limit),
    )


def _sealed(connection: Connection, files: SealFiles) -> Iterator[Family]:
    yield GaugeMetricFamily(
        "grading_audit_seal_age_seconds",
        "Since when the oldest audit event waits for its seal.",
        value=seal_age_s(connection),
    )
    yield GaugeMetricFamily(
        "grading_audit_seal_ok",
        "Whether the newest seal is signed and anchored and the trail's guards are on.",
        value=1 if is_seal_sound(connection, files) else 0,
    )


def _logged(connection: Connection, folder: Path) -> Family:
    return GaugeMetricFamily(
        "grading_audit_log_age_seconds",
        "Since when the oldest audit event waits for its line in audit.log.",
        value=log_age_s(connection, folder),
    )


def _histogram(metric: Metric, found: list[Bucket]) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.label_names)
    for labels, buckets in _by_labels(metric, found).items():
        at = {bucket.place: bucket for bucket in buckets}
        counts = accumulate(
            at[place].count if place in at else 0 for place in range(len(metric.bounds) + 1)
        )
        bounds = [*(str(bound) for bound in metric.bounds), "+Inf"]
        cells: list[Any] = [
            (bound, float(count), *_exemplar(at.get(place)))
            for place, (bound, count) in enumerate(zip(bounds, counts, strict=True))
        ]
        family.add_metric(labels, cells, sum_value=sum(bucket.total for bucket in buckets))
    return family


def _counter(metric: Metric, found: list[Bucket]) -> Family:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.label_names)
    for labels, buckets in _by_labels(metric, found).items():
        family.add_metric(labels, sum(bucket.total for bucket in buckets))
    return family


def _gauge(name: str, text: str, label: str, values: Mapping[Any, float]) -> Family:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, number in values.items():
        family.add_metric((str(value),), number)
    return family


def _by_labels(metric: Metric, found: list[Bucket]) -> dict[LabelValues, list[Bucket]]:
    """Buckets by label values: those of the table even where nothing happened, then any others."""
    groups: dict[LabelValues, list[Bucket]] = {
        labels: [] for labels in product(*(values for _, values in metric.labels))
    }
    for bucket in found:
        labels = tuple(bucket.labels.get(name, "") for name in metric.label_names)
        groups.setdefault(labels, []).append(bucket)
    return groups


def _exemplar(bucket: Bucket | None) -> tuple[Exemplar] | tuple[()]:
    if bucket is None:
        return ()
    return (Exemplar({"flow_run_id": bucket.latest_run}, bucket.latest_value),)
