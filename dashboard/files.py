"""Files people download: each is asked for by its copy's id, with a role, and leaves an event.

The gate has asked for a session before; whose it is decides here.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboard.core import acting, open_database, store, workbench
from dashboard.gate import session_token
from viatique.access import Permission
from viatique.api.problems import status_of
from viatique.db.pool import Database
from viatique.errors import ViatiqueError
from viatique.files import Store
from viatique.marking.results import Profile
from viatique.models import CopyId, ExamId
from viatique.run import Run
from viatique.steps.download import download_copy, download_final
from viatique.steps.export_results import send_csv, send_pdfs
from viatique.steps.export_trail import export_trail

logger = logging.getLogger("viatique")

PREFIX = "/files"
PIECE_BYTES = 2**20
Download = Callable[[Database, Store, Run, CopyId], bytes]


def copy_address(copy_id: CopyId) -> str:
    """Where a copy's own PDF is downloaded."""
    return f"{PREFIX}/copies/{copy_id}.pdf"


def final_address(copy_id: CopyId) -> str:
    """Where a copy's final PDF is downloaded."""
    return f"{PREFIX}/finals/{copy_id}.pdf"


def results_address(exam_id: ExamId, profile: Profile, *, has_decimal_comma: bool = False) -> str:
    """Where the results of an exam are downloaded as a CSV."""
    comma = "?comma=yes" if has_decimal_comma else ""
    return f"{PREFIX}/exams/{exam_id}/{profile}.csv{comma}"


def finals_address(exam_id: ExamId) -> str:
    """Where all final PDFs of an exam are downloaded in a ZIP."""
    return f"{PREFIX}/exams/{exam_id}/finals.zip"


def trail_address(exam_id: ExamId | None) -> str:
    """Where the audit trail is downloaded, of one exam or of all."""
    return f"{PREFIX}/trail.jsonl" + (f"?exam={exam_id}" if exam_id else "")


async def _copy(request: Request) -> Response:
    return await _download(request, download_copy)


async def _final(request: Request) -> Response:
    return await _download(request, download_final)


async def _download(request: Request, download: Download) -> Response:
    copy_id = CopyId(request.path_params["copy_id"])
    work = partial(_file, _token(request), download, copy_id)
    return await _sent(work, f"{copy_id}.pdf", "application/pdf")


async def _results(request: Request) -> Response:
    exam_id, profile = ExamId(request.path_params["exam_id"]), request.path_params["profile"]
    if profile not in list(Profile):
        return PlainTextResponse("No such profile.", status_code=404)
    comma = request.query_params.get("comma") == "yes"
    work = partial(_csv, _token(request), exam_id, Profile(profile), has_decimal_comma=comma)
    return await _sent(work, f"{exam_id}-{profile}.csv", "text/csv; charset=utf-8")


async def _finals(request: Request) -> Response:
    exam_id = ExamId(request.path_params["exam_id"])
    work = partial(_zip, _token(request), exam_id)
    return await _sent(work, f"{exam_id}-finals.zip", "application/zip")


async def _trail(request: Request) -> Response:
    exam = request.query_params.get("exam")
    work = partial(_jsonl, _token(request), ExamId(exam) if exam else None)
    return await _sent(work, f"{exam or 'all'}-trail.jsonl", "application/jsonl")


async def _sent(
    work: Callable[[], bytes | Iterator[bytes]], name: str, media_type: str
) -> Response:
    """What the work gives, as a file of that name; or why it may not leave."""
    try:
        content = await run_in_threadpool(work)
    except ViatiqueError as error:
        logger.warning("download_refused", exc_info=error)
        return PlainTextResponse(str(error), status_code=status_of(error))
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    if isinstance(content, bytes):
        return Response(content, media_type=media_type, headers=headers)
    return StreamingResponse(content, media_type=media_type, headers=headers)


def _token(request: Request) -> str:
    return session_token(request.headers) or ""


def _file(token: str, download: Download, copy_id: CopyId) -> bytes:
    run = acting(token, Permission.VIEW_IDENTITY)
    return download(open_database(), store(), run, copy_id)


def _csv(token: str, exam_id: ExamId, profile: Profile, *, has_decimal_comma: bool) -> bytes:
    run = acting(token, Permission.DIRECT)
    return send_csv(open_database(), run, exam_id, profile, has_decimal_comma=has_decimal_comma)


def _zip(token: str, exam_id: ExamId) -> Iterator[bytes]:
    run = acting(token, Permission.DIRECT)
    return send_pdfs(open_database(), store(), run, exam_id)


def _jsonl(token: str, exam_id: ExamId | None) -> Iterator[bytes]:
    run = acting(token, Permission.VIEW_IDENTITY)
    path = workbench().passing_folder() / f"{secrets.token_hex(8)}.jsonl"
    export_trail(open_database(), run, path, exam_id=exam_id)
    file = path.open("rb")
    path.unlink()  # gone with the answer, even when nobody waits for it any more
    return _pieces_of(file)


def _pieces_of(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


ROUTES = (
    Route(f"{PREFIX}/trail.jsonl", _trail),
    Route(f"{PREFIX}/copies/{{copy_id}}.pdf", _copy),
    Route(f"{PREFIX}/finals/{{copy_id}}.pdf", _final),
    Route(f"{PREFIX}/exams/{{exam_id}}/{{profile}}.csv", _results),
    Route(f"{PREFIX}/exams/{{exam_id}}/finals.zip", _finals),
)
