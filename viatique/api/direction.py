"""What a coordinator directs: who marks what, what is finalized, reopened and released."""

import logging

from fastapi import APIRouter, Request
from fastapi.responses import Response

from viatique.api.callers import Director, Marker
from viatique.api.direction_shapes import (
    AssignedOut,
    AssignmentsOut,
    DisagreementOut,
    DisagreementsOut,
    DispatchIn,
    DispatchOut,
    FinalizeOut,
    NextIn,
    NextOut,
    ReadingOut,
    ReadingsOut,
    ReopenIn,
)
from viatique.api.parts import parts_of
from viatique.api.paths import PAGE_SIZE, PREFIX, CopyPath, Cursor, ExamPath, Limit
from viatique.api.shapes import LockOut
from viatique.steps import agree
from viatique.steps import dispatch_copies as dispatching
from viatique.steps.finalize_request import finalize_state
from viatique.steps.release_results import release_results
from viatique.steps.reopen import reopen_copy

logger = logging.getLogger("grading")
router = APIRouter(prefix=PREFIX, tags=["direction"])


@router.post("/exams/{exam_id}/dispatch", response_model=DispatchOut)
def dispatch(request: Request, caller: Director, exam_id: ExamPath, body: DispatchIn) -> object:
    """Share the copies that are ready out to markers, evenly; again gives out what came since."""
    done = dispatching.dispatch_copies(
        parts_of(request).database,
        caller.run,
        exam_id,
        body.mode(),
        markers=body.markers,
        is_rebalanced=body.rebalance,
    )
    return DispatchOut(changed=done.changed, loads=done.loads)


@router.get("/exams/{exam_id}/my-copies", response_model=AssignmentsOut)
def my_copies(
    request: Request,
    caller: Marker,
    exam_id: ExamPath,
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = 0,
) -> object:
    """The copies dispatched to you, and how much is left to mark on each."""
    found = dispatching.list_my_copies(
        parts_of(request).database, caller.run, exam_id, after=cursor, limit=limit
    )
    items = [AssignedOut.of(copy) for copy in found]
    return AssignmentsOut(items=items, next=found[-1].number if len(found) == limit else None)


@router.post(
    "/exams/{exam_id}/next-copy",
    response_model=NextOut,
    responses={204: {"description": "Nothing is left for you"}},
)
def next_copy(request: Request, caller: Marker, exam_id: ExamPath, body: NextIn) -> object:
    """Lock the next copy you have something left to mark on."""
    parts = parts_of(request)
    lock = dispatching.take_next(
        parts.database, caller.run, exam_id, ttl_s=parts.lock_ttl_s, after=body.copy_after()
    )
    if lock is None:
        return Response(status_code=204)
    return NextOut(copy_id=lock.copy_id, lock=LockOut.of(lock))


@router.get("/exams/{exam_id}/disagreements", response_model=DisagreementsOut)
def disagreements(
    request: Request,
    _caller: Director,
    exam_id: ExamPath,
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = 0,
) -> object:
    """Questions whose two readings are too far apart; a page holds those of ``limit`` copies."""
    found = agree.disagreements(parts_of(request).database, exam_id, after=cursor, limit=limit)
    is_full = len({item.number for item in found}) == limit
    return DisagreementsOut(
        items=[DisagreementOut.of(item) for item in found],
        next=found[-1].number if is_full else None,
    )


@router.get("/copies/{copy_id}/readings", response_model=ReadingsOut)
def readings(request: Request, _caller: Director, copy_id: CopyPath) -> object:
    """What each of a copy's two readers gave."""
    found = agree.readings_of(parts_of(request).database, copy_id)
    return ReadingsOut(items=[ReadingOut.of(reading) for reading in found])


@router.get("/exams/{exam_id}/finalize", response_model=FinalizeOut)
def finalization(
    request: Request,
    _caller: Director,
    exam_id: ExamPath,
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = 0,
) -> object:
    """What finalize would take now, and what each other copy lacks."""
    parts = parts_of(request)
    state = finalize_state(parts.database, exam_id, after=cursor, limit=limit)
    is_running = parts.launcher.is_running("finalize", exam_id)
    return FinalizeOut.of(state, is_running=is_running, limit=limit)


@router.post("/exams/{exam_id}/finalize", response_model=FinalizeOut, status_code=202)
def finalize(request: Request, caller: Director, exam_id: ExamPath) -> object:
    """Start making final PDFs of all complete copies; ask with GET how far it is.

    Nothing is started when no copy is ready, or while a run that was started here goes on.
    """
    parts = parts_of(request)
    state = finalize_state(parts.database, exam_id, limit=PAGE_SIZE)
    if state.ready:
        is_new = parts.launcher.start("finalize", exam_id)
        extra = {"exam_id": exam_id, "user_id": caller.run.actor, "started": is_new}
        logger.info("finalize_requested", extra=extra)
    is_running = parts.launcher.is_running("finalize", exam_id)
    return FinalizeOut.of(state, is_running=is_running, limit=PAGE_SIZE)


@router.post("/copies/{copy_id}/reopen", status_code=204, response_class=Response)
def reopen(request: Request, caller: Director, copy_id: CopyPath, body: ReopenIn) -> Response:
    """Take a finalized copy back to be marked again; its final PDF is kept as superseded."""
    reopen_copy(parts_of(request).database, caller.run, copy_id, body.reason)
    return Response(status_code=204)


@router.put("/exams/{exam_id}/release", status_code=204, response_class=Response)
def release(request: Request, caller: Director, exam_id: ExamPath) -> Response:
    """Let the results of an exam leave; again changes nothing."""
    release_results(parts_of(request).database, caller.run, exam_id, is_released=True)
    return Response(status_code=204)


@router.delete("/exams/{exam_id}/release", status_code=204, response_class=Response)
def withdraw(request: Request, caller: Director, exam_id: ExamPath) -> Response:
    """Keep the results of an exam back again."""
    release_results(parts_of(request).database, caller.run, exam_id, is_released=False)
    return Response(status_code=204)
