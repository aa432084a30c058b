"""Prometheus metrics of the domain, computed from Postgres at each scrape.

Flow runs end before anybody scrapes them, so each writes what it measured in the transaction of the
thing itself; this one long-lived exporter sums it up. Nothing is lost at a restart or counted
twice.
"""

import hmac
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from viatique.db import measures
from viatique.db.measures import Bucket
from viatique.db.pool import Database
from viatique.errors import ViatiqueError

logger = logging.getLogger("metrics")

DURATION_BOUNDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds: an import or a finalize."""
READING_BOUNDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0)
"""Seconds: one header takes 0.13."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """A metric of durations kept as observations."""

    name: str
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...] = DURATION_BOUNDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A metric of events kept as observations; its name ends in ``_total``."""

    name: str
    help: str
    label: str


HISTOGRAMS = (
    Histogram(
        name="grading_import_duration_seconds",
        help="Time to find the copies of a scan.",
        labels=("status", "pages_bucket"),
    ),
    Histogram(
        name="grading_finalize_duration_seconds",
        help="Time to make and verify a final PDF.",
        labels=("status", "retry_attempt"),
    ),
    Histogram(
        name="grading_identify_duration_seconds",
        help="Time to read the header of a copy.",
        labels=("decision",),
        bounds=READING_BOUNDS,
    ),
)
COUNTERS = (
    Counter(
        name="grading_ocr_errors_total",
        help="Headers the OCR could not be run on.",
        label="error_type",
    ),
    Counter(
        name="grading_lock_conflicts_total",
        help="Writes refused because of a marker's lock.",
        label="conflict_type",
    ),
)


class DomainCollector(Collector):
    """The metrics of all exams of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """Nothing: names need not be known before the first scrape, nor a database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics; without a database only ``viatique_database_up`` 0."""
        up = GaugeMetricFamily("viatique_database_up", "Whether the database answers.", value=1)
        try:
            found = list(self._read())
        except ViatiqueError as error:
            logger.warning("metrics_without_database", exc_info=error)
            found, up = [], GaugeMetricFamily(up.name, up.documentation, value=0)
        yield up
        yield from found

    def _read(self) -> Iterator[Metric]:
        with self._database.transaction() as connection:
            for histogram in HISTOGRAMS:
                found = measures.list_buckets(connection, histogram.name, histogram.bounds)
                yield _histogram(histogram, found)
            for counter in COUNTERS:
                found = measures.list_buckets(connection, counter.name, ())
                yield _counter(counter, found)
            statuses = measures.count_all_statuses(connection)
            yield _gauge("grading_copies_by_status", "Copies by status.", "status", statuses)
            identities = measures.count_all_identities(connection)
            yield _gauge("grading_identities", "Copies by identity.", "state", identities)
            waiting = measures.oldest_waiting(connection)
            text = "Since when the longest waiting copy waits."
            yield _gauge("grading_oldest_waiting_seconds", text, "stage", waiting)


def metrics_app(database: Database, token: str) -> Starlette:
    """Serves ``/metrics`` to who has the token."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    registry.register(DomainCollector(database))

    def metrics(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            return PlainTextResponse("A token is needed.", status_code=401)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    return Starlette(routes=[Route("/metrics", metrics)])


def metrics_token(home: Path) -> str:
    """The token of this home, made when there is none; only its owner can read it."""
    path = home / "run" / "metrics.token"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), "utf-8")
    return path.read_text("utf-8").strip()


def _histogram(histogram: Histogram, found: list[Bucket]) -> Metric:
    family = HistogramMetricFamily(histogram.name, histogram.help, labels=histogram.labels)
    for labels, buckets in _by_labels(histogram.labels, found).items():
        at = {bucket.place: bucket for bucket in buckets}
        counts = accumulate(
            at[place].count if place in at else 0 for place in range(len(histogram.bounds) + 1)
        )
        bounds = [*(str(bound) for bound in histogram.bounds), "+Inf"]
        cells: list[Any] = [
            (bound, float(count), *_exemplar(at.get(place)))
            for place, (bound, count) in enumerate(zip(bounds, counts, strict=True))
        ]
        family.add_metric(labels, cells, sum_value=sum(bucket.total for bucket in buckets))
    return family


def _counter(counter: Counter, found: list[Bucket]) -> Metric:
    family = CounterMetricFamily(counter.name, counter.help, labels=(counter.label,))
    for labels, buckets in _by_labels((counter.label,), found).items():
        family.add_metric(labels, sum(bucket.total for bucket in buckets))
    return family


def _gauge(name: str, text: str, label: str, values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, number in values.items():
        family.add_metric((str(value),), number)
    return family


def _by_labels(names: tuple[str, ...], found: list[Bucket]) -> dict[tuple[str, ...], list[Bucket]]:
    groups: dict[tuple[str, ...], list[Bucket]] = {}
    for bucket in found:
        labels = tuple(bucket.labels.get(name, "") for name in names)
        groups.setdefault(labels, []).append(bucket)
    return groups


def _exemplar(bucket: Bucket | None) -> tuple[Exemplar] | tuple[()]:
    if bucket is None:
        return ()
    return (Exemplar({"flow_run_id": bucket.latest_run}, bucket.latest_value),)
