"""What every task needs: the workbench of this process, the run's ids on every log line.

The flow opens the workbench once; its tasks, threads of the same process, share it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.runtime import flow_run, task_run

from viatique import logs
from viatique.errors import ServiceUnavailable
from viatique.run import Run
from viatique.settings import load_settings
from viatique.tracing import span
from viatique.workbench import Workbench, open_workbench

_open: list[Workbench] = []


@contextmanager
def flow_workbench() -> Iterator[Workbench]:
    """The workbench of this process while the flow lasts; sub-flows share their parent's."""
    if _open:
        yield _open[-1]
        return
    with open_workbench(load_settings()) as bench:
        _open.append(bench)
        try:
            yield bench
        finally:
            _open.remove(bench)


@contextmanager
def use_workbench(bench: Workbench) -> Iterator[None]:
    """Lets flows called inside the block use this workbench instead of opening one."""
    _open.append(bench)
    try:
        yield
    finally:
        _open.remove(bench)


def current_workbench() -> Workbench:
    """The workbench the flow opened."""
    if not _open:
        raise ServiceUnavailable("This task runs outside a flow.", next_step="Run the flow.")
    return _open[-1]


def current_run() -> Run:
    """The flow run all of this belongs to: its id is the correlation id of everything."""
    return Run(correlation_id=str(flow_run.id))


@contextmanager
def bound_to_run(exam_id: str | None = None) -> Iterator[None]:
    """Puts flow-run, task-run and exam ids on every log line of the block."""
    ids = {"flow_run_id": str(flow_run.id)}
    if exam_id:
        ids["exam_id"] = exam_id
    name = f"flow {flow_run.flow_name}"
    if task_run.id:
        ids["task_run_id"] = str(task_run.id)
        name = f"task {task_run.task_name}"
    with logs.bound(**ids), span(name):
        yield
