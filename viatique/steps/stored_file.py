"""A file of a copy, or that there is no such copy any more."""

from viatique.db.copies import find_copy
from viatique.db.pool import Database
from viatique.errors import StoredFileCorrupt
from viatique.files import Kind, Store
from viatique.models import CopyId, Sha256


def file_of(database: Database, store: Store, copy_id: CopyId, sha256: Sha256, kind: Kind) -> bytes:
    """The bytes of a file that the copy had a moment ago.

    Raises:
        NotFound: the copy was erased since.
        StoredFileCorrupt: the file is gone or its bytes changed, and the copy is there.
    """
    try:
        return store.get(sha256, kind)
    except StoredFileCorrupt:
        with database.transaction() as connection:
            find_copy(connection, copy_id)
        raise
