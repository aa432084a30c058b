"""A finalized copy comes back to its markers; its final PDF is kept, and counts no more."""

import logging

from viatique.db import copies, finals
from viatique.db.pool import Database
from viatique.lifecycle import Move, ReopenReason
from viatique.models import CopyId
from viatique.run import Run

logger = logging.getLogger("grading")


def reopen_copy(database: Database, run: Run, copy_id: CopyId, reason: ReopenReason) -> None:
    """Lets a finalized copy be marked again; what is written on it stays.

    Raises:
        NotFound: no such copy.
        IllegalTransition: it is not finalized.
    """
    with database.transaction() as connection:
        copies.find_copy(connection, copy_id)
        superseded = finals.supersede_final_pdf(connection, copy_id)
        finals.forget_attempts(connection, copy_id)
        details = {"reason": reason, "superseded": superseded}
        copies.move_copy(connection, copy_id, Move.REOPEN, run=run, details=details)
    logger.info("copy_reopened", extra={"copy_id": copy_id, "reason": reason})
