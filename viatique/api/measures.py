"""What Prometheus is told of requests, by route template: no path, no id is ever a label."""

from prometheus_client import CollectorRegistry, Counter, Histogram

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
LABELS = ("method", "route", "status")
REQUESTS, DURATIONS = "http_requests_total", "http_request_duration_seconds"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "OTHER"


class RequestMeasures:
    """The requests this process answered."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(REQUESTS, "Requests answered.", LABELS, registry=registry)
        self._durations = Histogram(
            DURATIONS,
            "Time until a request was answered.",
            LABELS,
            buckets=BOUNDS,
            registry=registry,
        )

    def note(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Counts an answer; methods that somebody invented are one."""
        labels = (method if method in METHODS else OTHER, route, str(status))
        self._requests.labels(*labels).inc()
        self._durations.labels(*labels).observe(duration_s)
