"""A file of a copy leaves the system: handed out with the event that says so."""

from viatique.db import audit
from viatique.db.copies import Copy, find_copy
from viatique.db.exams import find_exam
from viatique.db.finals import find_final_pdf
from viatique.db.pool import Connection, Database
from viatique.errors import NotFound
from viatique.files import Kind, Store
from viatique.lifecycle import Action
from viatique.models import CopyId
from viatique.run import Run
from viatique.steps.release_results import check_released
from viatique.steps.stored_file import file_of


def download_copy(database: Database, store: Store, run: Run, copy_id: CopyId) -> bytes:
    """The copy's own PDF, as it was scanned.

    Raises:
        NotFound: no such copy, or it was not cut out of its scan yet.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        if copy.file_sha256 is None:
            raise NotFound(f"Copy {copy_id} was not cut out of its scan yet.")
        _note(connection, copy, "copy", run)
    return file_of(database, store, copy_id, copy.file_sha256, Kind.COPY)


def download_final(database: Database, store: Store, run: Run, copy_id: CopyId) -> bytes:
    """The copy's final PDF.

    Raises:
        NotFound: no such copy, or it is not finalized.
        NotReleased: the exam's results are still hidden.
    """
    with database.transaction() as connection:
        copy = find_copy(connection, copy_id)
        found = find_final_pdf(connection, copy_id)
        if found is None:
            raise NotFound(f"Copy {copy_id} has no final PDF.")
        check_released(find_exam(connection, copy.exam_id))
        _note(connection, copy, "final", run)
    return file_of(database, store, copy_id, found.sha256, Kind.FINAL)


def _note(connection: Connection, copy: Copy, file: str, run: Run) -> None:
    audit.insert_event(
        connection,
        action=Action.DOWNLOAD,
        exam_id=copy.exam_id,
        copy_id=copy.copy_id,
        run=run,
        details={"file": file},
    )
