"""Writes the three Grafana dashboards from the table below, when run.

One line a panel, so that a dashboard can be read and compared; Grafana's JSON is made of them.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
LOGS = {"type": "loki", "uid": "loki"}
WIDTH, HEIGHT = 8, 7
RATE = "$__rate_interval"

Panel = tuple[str, str, str, str]
"""Title, kind of panel, unit, expression."""


def p95(metric: str, by: str = "") -> str:
    labels = ", ".join(["le", *([by] if by else [])])
    return f"histogram_quantile(0.95, sum by ({labels}) (rate({metric}_bucket[{RATE}])))"


FINALIZE = "grading_finalize_duration_seconds"
FAILURE_RATIO = (
    f'sum(increase({FINALIZE}_count{{status="failed"}}[15m]))'
    f" / sum(increase({FINALIZE}_count[15m]))"
)
ERROR_RATIO = (
    f'(sum(rate(http_requests_total{{status=~"5.."}}[{RATE}])) or vector(0))'
    f" / sum(rate(http_requests_total[{RATE}]))"
)
DASHBOARDS: dict[str, list[Panel]] = {
    "coordinator": [
        ("Copies by status", "timeseries", "none", "sum by (status) (grading_copies_by_status)"),
        ("Graded", "stat", "percentunit",
         'sum(grading_copies_by_status{status="GRADED"}) / sum(grading_copies_by_status)'),
        ("Waiting for a person", "stat", "none",
         ('sum(grading_copies_by_status{status="QUARANTINE"})'
         ' + sum(grading_identities{state="REVIEW"})')),
        ("Identities", "timeseries", "none", "sum by (state) (grading_identities)"),
        ("Longest wait for a person", "timeseries", "s",
         'max by (stage) (grading_oldest_waiting_seconds{stage=~"review|quarantine|failed"})'),
        ("Being marked now", "stat", "none", 'sum(grading_copies_by_status{status="LOCKED"})'),
        ("Marks refused", "timeseries", "none",
         "sum by (conflict_type) (increase(grading_lock_conflicts_total[5m]))"),
        ("Finalized in the last hour", "stat", "none",
         f'sum(increase({FINALIZE}_count{{status="success"}}[1h]))'),
        ("Copies that need a person to be finalized", "stat", "none",
         "sum(grading_retries_exhausted)"),
    ],
    "pipeline": [
        ("Import, 95 %", "timeseries", "s",
         p95("grading_import_duration_seconds", "pages_bucket")),
        ("Reading a header, 95 %", "timeseries", "s",
         p95("grading_identify_duration_seconds", "decision")),
        ("Final PDF, 95 %", "timeseries", "s", p95(FINALIZE, "status")),
        ("Finalize failures", "timeseries", "percentunit", FAILURE_RATIO),
        ("OCR errors a minute", "timeseries", "none",
         "sum by (error_type) (rate(grading_ocr_errors_total[5m])) * 60"),
        ("Decided by itself", "stat", "percentunit",
         'sum(grading_identities{state="AUTO"}) / sum(grading_identities)'),
        ("Copies being worked on", "timeseries", "none", "sum by (stage) (grading_live_claims)"),
        ("Longest wait for the machine", "timeseries", "s",
         'max by (stage) (grading_oldest_waiting_seconds{stage=~"import|identify|finalize"})'),
        ("Copies finalized a minute", "timeseries", "none",
         f'sum(rate({FINALIZE}_count{{status="success"}}[5m])) * 60'),
    ],
    "platform": [
        ("Up", "timeseries", "none", 'up{job=~"viatique.*"}'),
        ("Database answers", "stat", "none", "min(viatique_database_up)"),
        ("Requests a second", "timeseries", "reqps",
         f"sum by (status) (rate(http_requests_total[{RATE}]))"),
        ("Requests, 95 %", "timeseries", "s", p95("http_request_duration_seconds")),
        ("Requests that failed", "timeseries", "percentunit", ERROR_RATIO),
        ("Slowest routes, 95 %", "timeseries", "s",
         f"topk(5, {p95('http_request_duration_seconds', 'route')})"),
        ("Memory", "timeseries", "bytes", "process_resident_memory_bytes"),
        ("Processor time", "timeseries", "percentunit",
         f"rate(process_cpu_seconds_total[{RATE}])"),
        ("Unsealed audit events, oldest", "timeseries", "s",
         "max(grading_audit_seal_age_seconds)"),
        ("Audit trail sound", "stat", "none", "min(grading_audit_seal_ok)"),
        ("Errors in the logs", "logs", "none",
         '{job="viatique"} | json | level=~"ERROR|CRITICAL"'),
    ],
}  # fmt: skip


def panel(index: int, spec: Panel) -> dict[str, Any]:
    title, kind, unit, expression = spec
    source = LOGS if kind == "logs" else SOURCE
    return {
        "id": index + 1,
        "title": title,
        "type": kind,
        "datasource": source,
        "gridPos": {
            "x": index % 3 * WIDTH, "y": index // 3 * HEIGHT, "w": WIDTH, "h": HEIGHT,
        },
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": "A", "datasource": source, "expr": expression, "exemplar": kind != "logs"}
        ],
    }  # fmt: skip


def dashboard(name: str) -> dict[str, Any]:
    return {
        "uid": f"viatique-{name}",
        "title": f"Viatique: {name}",
        "tags": ["viatique"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "panels": [panel(index, spec) for index, spec in enumerate(DASHBOARDS[name])],
    }


def rendered(name: str) -> str:
    """A dashboard as Grafana reads it."""
    return json.dumps(dashboard(name), indent=1) + "\n"


if __name__ == "__main__":
    for name in DASHBOARDS:
        (FOLDER / f"{name}.json").write_text(rendered(name), "utf-8")
