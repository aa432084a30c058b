"""A page of a copy as a picture: anonymous for those who mark, whole for those who may know.

What tells whose a copy is becomes white in the pixels themselves, before anything leaves here.
"""

from collections.abc import Collection

from viatique.db import audit, identities, pages
from viatique.db.copies import find_copy
from viatique.db.exams import find_exam
from viatique.db.pool import Database
from viatique.drawing import draw_png
from viatique.errors import NotFound
from viatique.files import Kind, Store
from viatique.lifecycle import Action
from viatique.models import CopyId, FieldName, HeaderReading, Rect
from viatique.ocr import evidence
from viatique.run import Run
from viatique.steps.stored_file import file_of

NOT_FOUND_HEIGHT = 0.38
"""Part of the first page that is removed when its header was not read, or not all of it."""
MARGIN = 0.02
"""Paper removed below the lowest field, in page heights: writing goes below its line."""


def anonymous_page(
    database: Database, store: Store, copy_id: CopyId, page: int, *, dpi: int
) -> bytes:
    """PNG of a page (0-based), without the header when one may be on it.

    Raises:
        NotFound: no such copy or page, or it was not cut out of its scan yet.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        fields = find_exam(connection, copy.exam_id).header.fields
        reading_sha256 = identities.find_reading(connection, copy_id) if page == 0 else None
        has_header = page in pages.list_first_pages(connection, copy_id)
    if copy.file_sha256 is None or page >= copy.page_count:
        raise _no_page(copy_id, page)
    copy_pdf = file_of(database, store, copy_id, copy.file_sha256, Kind.COPY)
    if not has_header:
        return draw_png(copy_pdf, page, dpi=dpi)
    reading = None
    if reading_sha256:
        stored = file_of(database, store, copy_id, reading_sha256, Kind.READING)
        reading = evidence.from_bytes(stored)
    return draw_png(copy_pdf, page, dpi=dpi, without=(identity_zone(reading, fields),))


def whole_page(
    database: Database, store: Store, run: Run, copy_id: CopyId, page: int, *, dpi: int
) -> bytes:
    """PNG of a page (0-based) as it is; leaves a VIEW_IDENTITY event.

    Raises:
        NotFound: no such copy or page, or it was not cut out of its scan yet.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        if copy.file_sha256 is None or page >= copy.page_count:
            raise _no_page(copy_id, page)
        audit.insert_event(
            connection,
            action=Action.VIEW_IDENTITY,
            exam_id=copy.exam_id,
            copy_id=copy_id,
            run=run,
            details={"page": page},
        )
    copy_pdf = file_of(database, store, copy_id, copy.file_sha256, Kind.COPY)
    return draw_png(copy_pdf, page, dpi=dpi)


def identity_zone(reading: HeaderReading | None, fields: Collection[FieldName]) -> Rect:
    """The part of the first page, as seen, that may tell whose it is.

    From the top edge to below the lowest field; at least ``NOT_FOUND_HEIGHT`` unless every field
    was found.
    """
    zones = {item.name: item.zone for item in reading.fields if item.zone} if reading else {}
    lowest = max((zone.y1 for zone in zones.values()), default=0.0) + MARGIN
    height = lowest if zones.keys() >= set(fields) else max(lowest, NOT_FOUND_HEIGHT)
    if reading and reading.turn:
        return Rect(x0=0, y0=max(0.0, 1 - height), x1=1, y1=1)
    return Rect(x0=0, y0=0, x1=1, y1=min(1.0, height))


def _no_page(copy_id: CopyId, page: int) -> NotFound:
    return NotFound(f"Copy {copy_id} has no page {page} to show.")
