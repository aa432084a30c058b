"""Results: figures for staff; once released, marks and final PDFs with names for those who may."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from viatique.access import Permission
from viatique.api.callers import Namer, Staff
from viatique.api.parts import parts_of
from viatique.api.paths import PREFIX, CopyPath, ExamPath
from viatique.api.results_shapes import FiguresOut
from viatique.marking.results import Profile
from viatique.steps.download import download_final
from viatique.steps.export_results import send_csv, send_pdfs
from viatique.steps.release_results import require_release
from viatique.steps.statistics import statistics_of

router = APIRouter(prefix=PREFIX, tags=["results"])

CSV, ZIP, PDF = "text/csv", "application/zip", "application/pdf"
BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.get("/exams/{exam_id}/statistics", response_model=FiguresOut)
def statistics(request: Request, caller: Staff, exam_id: ExamPath) -> object:
    """How an exam went, in figures; before the release for those who decide on it only."""
    database = parts_of(request).database
    if not caller.may(Permission.DIRECT):
        require_release(database, exam_id)
    return FiguresOut.of(statistics_of(database, exam_id))


@router.get(
    "/exams/{exam_id}/results.csv",
    response_class=Response,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
def results(
    request: Request,
    caller: Namer,
    exam_id: ExamPath,
    *,
    profile: Profile = Profile.PLAIN,
    decimal_comma: Annotated[bool, Query(description="For the plain profile.")] = False,
) -> Response:
    """Who has which mark: every student and every copy has its line. Leaves an audit event."""
    data = send_csv(
        parts_of(request).database,
        caller.run,
        exam_id,
        profile,
        has_decimal_comma=decimal_comma,
    )
    return Response(data, headers=_attached(f"{exam_id}.csv", f"{CSV}; charset=utf-8"))


@router.get(
    "/exams/{exam_id}/finals.zip",
    response_class=Response,
    responses={200: {"content": {ZIP: BINARY}}},
)
def finals(request: Request, caller: Namer, exam_id: ExamPath) -> Response:
    """All final PDFs under their students' names, as they are read. Leaves an audit event."""
    parts = parts_of(request)
    chunks = send_pdfs(parts.database, parts.store, caller.run, exam_id)
    return StreamingResponse(chunks, headers=_attached(f"{exam_id}.zip", ZIP))


@router.get(
    "/copies/{copy_id}/final.pdf",
    response_class=Response,
    responses={200: {"content": {PDF: BINARY}}},
)
def final(request: Request, caller: Namer, copy_id: CopyPath) -> Response:
    """The final PDF of a copy. Leaves an audit event."""
    parts = parts_of(request)
    data = download_final(parts.database, parts.store, caller.run, copy_id)
    return Response(data, headers=_attached(f"{copy_id}.pdf", PDF))


def _attached(name: str, media_type: str) -> dict[str, str]:
    return {
        "content-type": media_type,
        "content-disposition": f'attachment; filename="{name}"',
    }
