"""Spans of flows, tasks, steps, requests and SQL, each with the ids its log lines carry.

Without the extra ``tracing`` and an ``OTEL_EXPORTER_OTLP_ENDPOINT`` nothing is recorded or sent.
Spans hold ids and the literal text of statements, never a parameter.
"""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import ParamSpec, TypeVar

from opentelemetry import trace

from viatique import logs

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SERVICE = "viatique"

_tracer = trace.get_tracer(SERVICE)


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """A span for as long as the block lasts, below the one around it.

    An exception is noted by its type; its text stays out, because it may hold data.
    """
    with _tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as current:
        if current.is_recording():
            for key, value in {**logs.bound_fields(), **attributes}.items():
                current.set_attribute(key, value)
        try:
            yield
        except BaseException as error:
            note_failure(error)
            raise


def note_failure(error: BaseException) -> None:
    """Says that what the innermost span stands for failed, and how."""
    current = trace.get_current_span()
    current.set_status(trace.StatusCode.ERROR)
    current.set_attribute("error_type", type(error).__name__)


def traced(step: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The step, with a span around each of its calls."""

    @functools.wraps(step)
    def inside(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        with span(f"step {step.__name__}"):
            return step(*arguments, **named)

    return inside


def configure_tracing() -> bool:
    """Sends spans where the environment says, if it says so; returns whether it does.

    Calling it again changes nothing.
    """
    if not os.environ.get(ENDPOINT) or find_spec("opentelemetry.sdk") is None:
        return False
    return _send_spans()


@functools.cache
def _send_spans() -> bool:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # an extra
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True
