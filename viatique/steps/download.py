"""A file of a copy leaves the system: handed out with the event that says so."""

from viatique.db import audit, copies
from viatique.db.copies import find_copy
from viatique.db.pool import Database
from viatique.errors import NotFound
from viatique.files import Kind, Store
from viatique.lifecycle import Action
from viatique.models import CopyId
from viatique.run import Run


def download_copy(database: Database, store: Store, run: Run, copy_id: CopyId) -> bytes:
    """The copy's own PDF, as it was scanned.

    Raises:
        NotFound: no such copy, or it was not cut out of its scan yet.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        if copy.file_sha256 is None:
            raise NotFound(f"Copy {copy_id} was not cut out of its scan yet.")
        audit.insert_event(
            connection,
            action=Action.DOWNLOAD,
            exam_id=copy.exam_id,
            copy_id=copy_id,
            run=run,
            details={"file": "copy"},
        )
    return store.get(copy.file_sha256, Kind.COPY)


def download_final(database: Database, store: Store, run: Run, copy_id: CopyId) -> bytes:
    """The copy's final PDF.

    Raises:
        NotFound: no such copy, or it is not finalized.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        found = copies.list_final_pdfs(connection, copy.exam_id).get(copy_id)
        if found is None:
            raise NotFound(f"Copy {copy_id} has no final PDF.")
        audit.insert_event(
            connection,
            action=Action.DOWNLOAD,
            exam_id=copy.exam_id,
            copy_id=copy_id,
            run=run,
            details={"file": "final"},
        )
    return store.get(found[0], Kind.FINAL)
