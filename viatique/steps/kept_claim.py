"""Whether a result still counts: the claim it was made under may be lost, its copy even erased."""

import logging

from viatique.db import claims, erasure
from viatique.db.claims import Stage
from viatique.db.pool import Connection
from viatique.models import CopyId
from viatique.workbench import Workbench

logger = logging.getLogger("viatique.steps")


def keeps_claim(
    bench: Workbench,
    connection: Connection,
    stage: Stage,
    copy_id: CopyId,
    made: erasure.StoredFile | None = None,
) -> bool:
    """Gives a claim up in the transaction that stores the result.

    Args:
        bench: whose claim it is.
        connection: in that transaction.
        stage: what was done with the copy.
        copy_id: the copy.
        made: the file that was made of it, if any.

    Returns:
        False when nothing may be stored.
    """
    if claims.release_claim(connection, stage=stage, subject=copy_id, holder=bench.holder):
        return True
    note_lost(connection, copy_id, made)
    return False


def note_lost(connection: Connection, copy_id: CopyId, made: erasure.StoredFile | None) -> None:
    """Tells of a copy that another run took over, or that is no more: then what was made goes."""
    logger.warning("claim_lost", extra={"copy_id": copy_id})
    if made:
        erasure.doom_file_of_gone(connection, copy_id, made)
