"""Spans tell what was done inside what, under the run's id, and nothing that was written."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tasks.context import bound_to_run
from tests.steps.benches import write_exam, write_scan
from viatique import logs, tracing
from viatique.errors import Conflict, EngineTimeout
from viatique.inline import run_import
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.workbench import Workbench

NAME = "Zorglubien"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("tests"))
    yield exporter
    provider.shutdown()


def path_of(span: ReadableSpan, all_spans: dict[int, ReadableSpan]) -> list[str]:
    """Names of the spans around it, the outermost first, and its own."""
    names = [span.name]
    while span.parent is not None:
        span = all_spans[span.parent.span_id]
        names.insert(0, span.name)
    return names


def test_an_import_is_one_trace_of_flow_steps_and_sql_under_the_runs_id(
    bench: Workbench, spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path, roster=f"INE;NOM\nS1;{NAME}\n"))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=4, name=f"{NAME}.pdf"))
    spans.clear()
    run = run_import(bench, exam_id)
    found = {span.context.span_id: span for span in spans.get_finished_spans() if span.context}
    paths = {tuple(path_of(span, found)) for span in found.values()}
    assert ("flow import",) in paths
    for step in ("plan_scan", "cut_chunk"):
        assert ("flow import", f"step {step}") in paths
        assert ("flow import", f"step {step}", "sql") in paths
    assert ("flow import", "step plan_scan", "job look_at_sides") in paths
    assert ("flow import", "step cut_chunk", "job cut_pieces") in paths
    attributes = [dict(span.attributes or {}) for span in found.values()]
    assert {one["flow_run_id"] for one in attributes} == {run.correlation_id}
    assert {one["exam_id"] for one in attributes} == {exam_id}
    assert NAME.lower() not in json.dumps(attributes).lower()


def test_flow_and_task_of_prefect_are_spans_under_their_ids(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ID": "run-1", "FLOW_NAME": "import-copies"}.items():
        monkeypatch.setenv(f"PREFECT__RUNTIME__FLOW_RUN__{name}", value)
    with bound_to_run("E00001"):
        for name, value in {"ID": "task-1", "TASK_NAME": "cut-chunk"}.items():
            monkeypatch.setenv(f"PREFECT__RUNTIME__TASK_RUN__{name}", value)
        with bound_to_run("E00001"):
            pass
    task, flow = spans.get_finished_spans()
    assert (flow.name, task.name) == ("flow import-copies", "task cut-chunk")
    assert flow.context is not None
    assert task.parent is not None
    assert task.parent.span_id == flow.context.span_id
    assert dict(task.attributes or {}) == {
        "flow_run_id": "run-1",
        "task_run_id": "task-1",
        "exam_id": "E00001",
    }


def test_a_failure_is_noted_by_its_type_alone(spans: InMemorySpanExporter) -> None:
    with pytest.raises(Conflict), tracing.span("step"):
        raise Conflict(NAME)
    (span,) = spans.get_finished_spans()
    assert not span.status.is_ok
    assert span.events == ()
    assert dict(span.attributes or {}) == {"error_type": "Conflict"}
    assert NAME not in span.to_json()


def test_a_job_that_was_killed_in_its_process_has_its_span(
    bench: Workbench, spans: InMemorySpanExporter
) -> None:
    with logs.bound(copy_id="C1"), tracing.span("step"):
        (failure,) = bench.pool.run(time.sleep, [600], timeout_s=0.1)
    job, _step = spans.get_finished_spans()
    assert isinstance(failure, EngineTimeout)
    assert job.name == "job sleep"
    assert dict(job.attributes or {}) == {"copy_id": "C1", "error_type": "EngineTimeout"}


def test_nothing_is_sent_where_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tracing.ENDPOINT, raising=False)
    assert not tracing.configure_tracing()
