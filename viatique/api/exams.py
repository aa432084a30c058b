"""Exams, their copies, and the copies' pages, without anything that tells whose they are."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from viatique.access import Permission, shown_to_all
from viatique.api.callers import Auditor, Caller, Reader
from viatique.api.parts import parts_of
from viatique.api.paths import (
    EXAM_FORM,
    LARGEST_ID,
    PAGE_SIZE,
    PREFIX,
    CopyPath,
    Cursor,
    ExamPath,
    Limit,
    PagePath,
)
from viatique.api.shapes import CopiesOut, CopyOut, EventOut, EventsOut, ExamOut, ExamsOut
from viatique.db.audit import AuditEvent, list_events
from viatique.db.copies import find_copy
from viatique.db.exams import find_exam, list_exams
from viatique.db.listings import CopyFilter, list_copies_after
from viatique.errors import Forbidden
from viatique.lifecycle import Action, CopyStatus
from viatique.models import ExamId
from viatique.steps.locks import NOT_YET
from viatique.steps.page_image import anonymous_page, whole_page

router = APIRouter(prefix=PREFIX, tags=["exams and copies"])

LOWEST_DPI, USUAL_DPI, HIGHEST_DPI = 30, 110, 200


@router.get("/exams", response_model=ExamsOut)
def exams(
    request: Request,
    _caller: Reader,
    limit: Limit = PAGE_SIZE,
    cursor: Annotated[str | None, Query(pattern=EXAM_FORM)] = None,
) -> object:
    """The exams, newest first."""
    after = ExamId(cursor) if cursor else None
    with parts_of(request).database.transaction() as connection:
        found = list_exams(connection, after=after, limit=limit)
    items = [ExamOut.of(exam) for exam in found]
    return ExamsOut(items=items, next=items[-1].id if len(items) == limit else None)


@router.get("/exams/{exam_id}", response_model=ExamOut)
def exam(request: Request, _caller: Reader, exam_id: ExamPath) -> object:
    """An exam with its marking scheme."""
    with parts_of(request).database.transaction() as connection:
        return ExamOut.of(find_exam(connection, exam_id))


@router.get("/exams/{exam_id}/copies", response_model=CopiesOut)
def copies(
    request: Request,
    caller: Reader,
    exam_id: ExamPath,
    *,
    status: CopyStatus | None = None,
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = 0,
) -> object:
    """The copies of an exam, in the order of the stack."""
    with parts_of(request).database.transaction() as connection:
        find_exam(connection, exam_id)
        found = list_copies_after(
            connection, exam_id, cursor, wanted=CopyFilter(status=status), limit=limit
        )
    shown = caller.may(Permission.VIEW_IDENTITY)
    items = [CopyOut.of(copy, with_identity=shown) for copy in found]
    return CopiesOut(items=items, next=found[-1].number if len(found) == limit else None)


@router.get("/copies/{copy_id}", response_model=CopyOut)
def copy(request: Request, caller: Reader, copy_id: CopyPath) -> object:
    """A copy."""
    with parts_of(request).database.transaction() as connection:
        stored = find_copy(connection, copy_id)
        (found,) = list_copies_after(connection, stored.exam_id, stored.number - 1, limit=1)
    return CopyOut.of(found, with_identity=caller.may(Permission.VIEW_IDENTITY))


@router.get(
    "/copies/{copy_id}/pages/{page}",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
def page(
    request: Request,
    caller: Reader,
    copy_id: CopyPath,
    page: PagePath,
    *,
    dpi: Annotated[int, Query(ge=LOWEST_DPI, le=HIGHEST_DPI)] = USUAL_DPI,
    whole: Annotated[bool, Query(description="With the header; leaves an audit event.")] = False,
) -> Response:
    """A page as a PNG, its identity header white unless it is asked for by who may see it."""
    parts = parts_of(request)
    if whole:
        caller.require(Permission.VIEW_IDENTITY)
        png = whole_page(parts.database, parts.store, caller.run, copy_id, page, dpi=dpi)
    else:
        _check_is_sorted(request, caller, copy_id)
        png = anonymous_page(parts.database, parts.store, copy_id, page, dpi=dpi)
    return Response(png, media_type="image/png")


@router.get("/copies/{copy_id}/audit", response_model=EventsOut)
def audit(
    request: Request,
    caller: Auditor,
    copy_id: CopyPath,
    limit: Limit = PAGE_SIZE,
    cursor: Annotated[int | None, Query(ge=0, le=LARGEST_ID)] = None,
) -> object:
    """What happened to a copy, newest first."""
    with parts_of(request).database.transaction() as connection:
        find_copy(connection, copy_id)
        found = list_events(connection, copy_id=copy_id, before=cursor, limit=limit)
    items = [_event(event, caller) for event in found]
    return EventsOut(items=items, next=found[-1].event_id if len(found) == limit else None)


def _check_is_sorted(request: Request, caller: Caller, copy_id: CopyPath) -> None:
    """A copy in quarantine may hold anybody's first page anywhere: only for who may see names."""
    with parts_of(request).database.transaction() as connection:
        status = find_copy(connection, copy_id).status
    if status in NOT_YET and not caller.may(Permission.VIEW_IDENTITY):
        raise Forbidden(f"Copy {copy_id} may not be marked yet.")


def _event(event: AuditEvent, caller: Caller) -> EventOut:
    shown = EventOut.of(event)
    if event.action is Action.IDENTIFY and not caller.may(Permission.VIEW_IDENTITY):
        shown.details = shown_to_all(event.details)
    return shown
