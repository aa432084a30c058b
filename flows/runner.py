"""Runs a flow in this process for a command, and tells it which run it was.

The entry points ``viatique.runners`` in pyproject.toml name these functions.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from uuid import UUID

import httpx
from prefect.client.schemas.objects import State
from pydantic import BaseModel

from flows.finalize_copies import finalize_copies
from flows.identify_copies import identify_copies
from flows.import_copies import import_copies
from flows.maintenance import maintain
from flows.parameters import ExamParameters, MaintenanceParameters, MarksParameters
from flows.process_exam import process_exam
from flows.record_marks import record_marks
from tasks.context import use_workbench
from viatique.errors import ServiceUnavailable, UnexpectedFailure, ViatiqueError
from viatique.models import ExamId, Sha256
from viatique.run import Run
from viatique.steps.maintain import Chore, ChoreOutcome
from viatique.workbench import Workbench

Result = TypeVar("Result")


def run_import(bench: Workbench, exam_id: ExamId) -> Run:
    """``import_copies`` in this process."""
    return _run(bench, import_copies, ExamParameters(exam=exam_id))


def run_identify(bench: Workbench, exam_id: ExamId) -> Run:
    """``identify_copies`` in this process."""
    return _run(bench, identify_copies, ExamParameters(exam=exam_id))


def run_marks(bench: Workbench, exam_id: ExamId, sha256: Sha256) -> Run:
    """``record_marks`` in this process."""
    return _run(bench, record_marks, MarksParameters(exam=exam_id, marks=sha256))


def run_finalize(bench: Workbench, exam_id: ExamId) -> Run:
    """``finalize_copies`` in this process."""
    return _run(bench, finalize_copies, ExamParameters(exam=exam_id))


def run_process(bench: Workbench, exam_id: ExamId) -> Run:
    """``process_exam`` in this process."""
    return _run(bench, process_exam, ExamParameters(exam=exam_id))


def run_maintenance(
    bench: Workbench, chores: Sequence[Chore], *, is_whole: bool
) -> list[ChoreOutcome]:
    """``maintain`` in this process."""
    given = MaintenanceParameters(chores=tuple(chores), is_whole=is_whole)
    return _completed(bench, maintain, given).result()


def _run(bench: Workbench, flow: Callable[..., None], given: BaseModel) -> Run:
    state = _completed(bench, flow, given)
    return Run(correlation_id=str(_flow_run_id(state)))


def _completed(bench: Workbench, flow: Callable[..., Result], given: BaseModel) -> State[Result]:
    """How a flow ended.

    Raises:
        ViatiqueError: not well.
    """
    with use_workbench(bench), _prefect_answers():
        state = cast("State[Result]", flow(given, return_state=True))
    if not state.is_completed():
        raise _error(state)
    return state


@contextmanager
def _prefect_answers() -> Iterator[None]:
    """What Prefect's client raises when its server goes away, before, between or after the work.

    Raises:
        ServiceUnavailable: it does not answer, or refuses.
    """
    try:
        yield
    except httpx.HTTPError as error:
        raise ServiceUnavailable(
            f"The Prefect server went away ({type(error).__name__}).",
            next_step="Run the command again; what was done is kept. --inline works without it.",
        ) from None


def _flow_run_id(state: State[Any]) -> UUID:
    if state.state_details.flow_run_id is None:
        raise ServiceUnavailable("The Prefect server did not record the run.")
    return state.state_details.flow_run_id


def _error(state: State[Any]) -> ViatiqueError:
    error = state.result(raise_on_failure=False)
    if isinstance(error, ViatiqueError):
        return error
    return UnexpectedFailure(
        f"The flow run {state.state_details.flow_run_id} ended as {state.name}: "
        f"{type(error).__name__}.",
        next_step="Its page in the Prefect UI and the logs with this id tell more.",
    )
