"""Files people download: each is asked for by its copy's id, with a role, and leaves an event.

The gate has asked for a session before; whose it is decides here.
"""

import logging
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.core import acting, open_database, store
from dashboard.gate import session_token
from viatique.access import Permission
from viatique.db.pool import Database
from viatique.errors import Conflict, Forbidden, NotFound, ViatiqueError
from viatique.files import Store
from viatique.models import CopyId
from viatique.run import Run
from viatique.steps.download import download_copy, download_final

logger = logging.getLogger("viatique")

PREFIX = "/files"
Download = Callable[[Database, Store, Run, CopyId], bytes]
STATUS_CODES: dict[type[ViatiqueError], int] = {Forbidden: 403, NotFound: 404, Conflict: 409}


def copy_address(copy_id: CopyId) -> str:
    """Where a copy's own PDF is downloaded."""
    return f"{PREFIX}/copies/{copy_id}.pdf"


def final_address(copy_id: CopyId) -> str:
    """Where a copy's final PDF is downloaded."""
    return f"{PREFIX}/finals/{copy_id}.pdf"


async def _copy(request: Request) -> Response:
    return await _download(request, download_copy)


async def _final(request: Request) -> Response:
    return await _download(request, download_final)


async def _download(request: Request, download: Download) -> Response:
    copy_id = CopyId(request.path_params["copy_id"])
    token = session_token(request.headers) or ""
    try:
        pdf = await run_in_threadpool(_file, token, download, copy_id)
    except ViatiqueError as error:
        logger.warning("download_refused", exc_info=error)
        return PlainTextResponse(str(error), status_code=STATUS_CODES.get(type(error), 503))
    name = f'attachment; filename="{copy_id}.pdf"'
    return Response(pdf, media_type="application/pdf", headers={"content-disposition": name})


def _file(token: str, download: Download, copy_id: CopyId) -> bytes:
    run = acting(token, Permission.VIEW_IDENTITY)
    return download(open_database(), store(), run, copy_id)


ROUTES = (
    Route(f"{PREFIX}/copies/{{copy_id}}.pdf", _copy),
    Route(f"{PREFIX}/finals/{{copy_id}}.pdf", _final),
)
