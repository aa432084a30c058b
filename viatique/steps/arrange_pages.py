"""Pages of a quarantined copy are put right by a person: order, blank ones, pages of another copy.

Copies are cut anew from the scans, which never change: nothing is lost, everything can be undone.
A page is named by its place in a scan, so what a person saw earlier is recognised wherever it is.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from viatique.db import audit, pages
from viatique.db.copies import find_copy
from viatique.db.pages import CopyPage
from viatique.db.pool import Connection, Database
from viatique.drawing import run_apart
from viatique.errors import Conflict, EngineFailure, FinalError, UnreadablePdf
from viatique.files import Kind, Store
from viatique.lifecycle import Action
from viatique.models import CopyId, Placement, Sha256
from viatique.pdf.cut import cut_pages
from viatique.pdf.document import open_pdf
from viatique.pdf.render import render_png
from viatique.run import Run

logger = logging.getLogger("viatique.steps")

THUMBNAIL_DPI = 40

Pages = tuple[CopyPage, ...]
Arranged = Mapping[CopyId, Pages]


def thumbnails(
    database: Database, store: Store, run: Run, copy_id: CopyId
) -> dict[str, bytes | None]:
    """Small PNGs of all pages of a copy by their keys; leaves a VIEW_IDENTITY event.

    A page that cannot be drawn has none: the copy waits here because of it.

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        found = pages.list_pages(connection, copy_id)
        audit.insert_event(
            connection,
            action=Action.VIEW_IDENTITY,
            exam_id=copy.exam_id,
            copy_id=copy_id,
            run=run,
            details={"pages": len(found)},
        )
    return {page.key: _thumbnail(store, page, copy_id) for page in found}


def reorder_pages(
    database: Database, store: Store, run: Run, copy_id: CopyId, order: Sequence[str]
) -> None:
    """Puts the pages of a copy into another order, given by their keys.

    Raises:
        NotFound: no such copy.
        Conflict: it has other pages by now, or somebody wrote on them.
    """
    before = read_pages(database, copy_id)
    by_key = {page.key: page for page in before[copy_id]}
    if sorted(order) != sorted(by_key):
        raise _changed(copy_id)
    after = {copy_id: tuple(by_key[key] for key in order)}
    details = {copy_id: {"change": "order", "pages": list(order)}}
    _arrange(database, store, run, before=before, after=after, details=details)


def leave_out_page(
    database: Database, store: Store, run: Run, copy_id: CopyId, key: str, *, is_left_out: bool
) -> None:
    """Leaves a blank page out of the copy's file, or takes it back in.

    Raises:
        NotFound: no such copy.
        Conflict: the page is not in it any more, or somebody wrote on the copy.
    """
    before = read_pages(database, copy_id)
    _page(before[copy_id], key, copy_id)
    after = {
        copy_id: tuple(
            replace(page, is_left_out=is_left_out) if page.key == key else page
            for page in before[copy_id]
        )
    }
    details = {copy_id: {"change": "left_out" if is_left_out else "taken_in", "page": key}}
    _arrange(database, store, run, before=before, after=after, details=details)


def move_page(
    database: Database, store: Store, run: Run, copy_id: CopyId, key: str, *, target: CopyId
) -> None:
    """Moves a page to the end of another copy of the exam. Each copy's history tells of it.

    Raises:
        NotFound: no such copy.
        Conflict: the page is not in the copy any more, the other is of another exam, or somebody
            wrote on one of them.
    """
    before = read_pages(database, copy_id, target)
    page = _page(before[copy_id], key, copy_id)
    if copy_id == target or copy_id.rpartition("-")[0] != target.rpartition("-")[0]:
        raise Conflict(f"Page {key} cannot be moved to {target}.")
    after = {
        copy_id: tuple(one for one in before[copy_id] if one.key != key),
        target: (*before[target], page),
    }
    details = {
        copy_id: {"change": "moved_away", "page": key, "to": target},
        target: {"change": "moved_in", "page": key, "from": copy_id},
    }
    _arrange(database, store, run, before=before, after=after, details=details)


def ask_rescan(database: Database, run: Run, copy_id: CopyId, *, is_asked: bool) -> bool:
    """Asks for the sheets of a quarantined copy to be scanned again, or no more.

    Returns:
        False when that was so already.

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        find_copy(connection, copy_id)
        is_new = pages.mark_rescan(connection, copy_id, is_asked=is_asked, run=run)
    logger.info("rescan_asked" if is_asked else "rescan_settled", extra={"copy_id": copy_id})
    return is_new


def read_pages(database: Database, *copy_ids: CopyId) -> dict[CopyId, Pages]:
    """The pages of copies, all of them cut.

    Raises:
        NotFound: no such copy.
        Conflict: one was not cut out of its scan yet.
    """
    with database.transaction() as connection:
        for copy_id in copy_ids:
            if find_copy(connection, copy_id).file_sha256 is None:
                raise Conflict(f"Copy {copy_id} was not cut out of its scan yet.")
        return {copy_id: pages.list_pages(connection, copy_id) for copy_id in copy_ids}


def _page(found: Pages, key: str, copy_id: CopyId) -> CopyPage:
    for page in found:
        if page.key == key:
            return page
    raise _changed(copy_id)


def _changed(copy_id: CopyId) -> Conflict:
    return Conflict(
        f"The pages of copy {copy_id} were changed meanwhile.", next_step="Look at it again."
    )


def _arrange(
    database: Database,
    store: Store,
    run: Run,
    *,
    before: Arranged,
    after: Arranged,
    details: Mapping[CopyId, Mapping[str, object]],
) -> None:
    with told_when_changed(database, before):
        files = {copy_id: cut_file(store, kept_pages(after[copy_id])) for copy_id in after}
    with database.transaction() as connection:
        for copy_id in sorted(after):  # in one order, so that two people never wait for each other
            _check(connection, copy_id, before[copy_id])
        pages.replace_pages(connection, after)
        for copy_id, arranged in after.items():
            pages.mark_arranged(
                connection,
                copy_id,
                file_sha256=files[copy_id],
                page_count=len(kept_pages(arranged)),
                run=run,
                details=details[copy_id],
            )
            if _first(arranged) not in {None, _first(before[copy_id])}:
                pages.forget_reading(connection, copy_id)
    logger.info("pages_arranged", extra={"copies": sorted(after)})


@contextmanager
def told_when_changed(database: Database, before: Arranged) -> Iterator[None]:
    """What cannot be done with pages because they are others by now, or erased, is told as that.

    Raises:
        NotFound: a copy is gone.
        Conflict: a copy's pages were changed.
    """
    try:
        yield
    except FinalError:
        for copy_id, found in read_pages(database, *before).items():
            if found != before[copy_id]:
                raise _changed(copy_id) from None
        raise


def _check(connection: Connection, copy_id: CopyId, expected: Pages) -> None:
    if not pages.may_be_arranged(connection, copy_id):
        raise Conflict(
            f"The pages of copy {copy_id} cannot change now: it is being marked, or was.",
            next_step="Only copies in quarantine, or untouched ones, can be arranged.",
        )
    if pages.list_pages(connection, copy_id) != expected:
        raise _changed(copy_id)


def kept_pages(arranged: Pages) -> Pages:
    """The pages that are in the copy's file."""
    return tuple(page for page in arranged if not page.is_left_out)


def _first(arranged: Pages) -> str | None:
    return next((page.key for page in kept_pages(arranged)), None)


def cut_file(store: Store, kept: Pages) -> Sha256 | None:
    """The new file of a copy, cut from the scans; None when no page is left.

    Raises:
        UnreadablePdf, EngineFailure: the pages cannot be cut.
    """
    if not kept:
        return None
    with _cutting(store, kept) as cutting:
        copy_pdf = run_apart(cut_apart, cutting)
    return store.put(copy_pdf, Kind.COPY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """Pages to be put together: the scan each lies in, a file on this machine, and where."""

    pages: tuple[tuple[Path, Placement], ...]


@contextmanager
def _cutting(store: Store, kept: Pages) -> Iterator[Cutting]:
    """The pages, with their scans fetched: how long a store takes is no part of a job's time."""
    with ExitStack() as stack:
        scans = {
            scan: stack.enter_context(store.local(scan, Kind.SCAN))
            for scan in dict.fromkeys(page.scan for page in kept)
        }
        pages = tuple((scans[page.scan], page.placement) for page in kept)
        yield Cutting(pages=pages)


def _thumbnail(store: Store, page: CopyPage, copy_id: CopyId) -> bytes | None:
    try:
        with _cutting(store, (page,)) as cutting:
            return run_apart(draw_thumbnail, cutting)
    except (UnreadablePdf, EngineFailure):
        logger.warning("thumbnail_failed", exc_info=True, extra={"copy_id": copy_id})
        return None


def draw_thumbnail(cutting: Cutting) -> bytes:
    """Runs in a worker process: a small PNG of the only page."""
    return render_png(cut_apart(cutting), 0, dpi=THUMBNAIL_DPI)


def cut_apart(cutting: Cutting) -> bytes:
    """Runs in a worker process: the pages as a copy's file."""
    with ExitStack() as stack:
        paths = dict.fromkeys(path for path, _ in cutting.pages)
        scans = {path: stack.enter_context(open_pdf(path)) for path in paths}
        return cut_pages([(scans[path], placement) for path, placement in cutting.pages])
