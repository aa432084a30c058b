"""A copy's file that is damaged is cut again from its scan: the same pages make the same bytes.

Nothing that the database tells changes, so that no event is left; the log says which file it was.
"""

import logging

from viatique.db import housekeeping, pages
from viatique.errors import FinalError, StoredFileCorrupt
from viatique.files import Kind, Store
from viatique.models import Sha256
from viatique.steps.arrange_pages import cut_file, kept_pages
from viatique.workbench import Workbench

logger = logging.getLogger("viatique.steps")


def mend_copy_file(bench: Workbench, sha256: Sha256) -> bool:
    """Whether the file is whole again; its scan may be damaged too, or older pages were cut apart.

    Raises:
        StoreUnavailable, DatabaseUnavailable: it cannot be tried now.
    """
    with bench.database.transaction() as connection:
        copy_id = housekeeping.find_copy_of_file(connection, sha256)
        kept = kept_pages(pages.list_pages(connection, copy_id)) if copy_id else ()
    try:
        if cut_file(bench.store, kept) != sha256:
            return False
        if not _is_whole(bench.store, sha256):  # over a network, only its size was looked at
            bench.store.remove(sha256, Kind.COPY)
            cut_file(bench.store, kept)
    except FinalError:
        logger.exception("stored_file_not_mended", extra={"sha256": sha256})
        return False
    is_mended = _is_whole(bench.store, sha256)
    if is_mended:
        logger.warning("stored_file_mended", extra={"copy_id": copy_id, "sha256": sha256})
    return is_mended


def _is_whole(store: Store, sha256: Sha256) -> bool:
    try:
        store.get(sha256, Kind.COPY)
    except StoredFileCorrupt:
        logger.warning("stored_file_corrupt", exc_info=True, extra={"sha256": sha256})
        return False
    return True
