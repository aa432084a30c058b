"""Two blind readings become one score: by themselves when they are near, else by a coordinator.

A coordinator settles a question by scoring it under a lock, as anybody scores who is no reader of
the copy; readings change that no more.
"""

from dataclasses import replace

from viatique.db import marking, readings
from viatique.db.copies import find_copy
from viatique.db.dispatch import Mode
from viatique.db.exams import find_exam
from viatique.db.locks import Hold
from viatique.db.pool import Connection, Database
from viatique.db.readings import Disagreement, Reading
from viatique.errors import Conflict
from viatique.lifecycle import LockConflict
from viatique.marking.agreement import Given, agreed
from viatique.marking.scoring import Scheme
from viatique.models import CopyId, ExamId
from viatique.run import Run


def agree_on(
    connection: Connection, hold: Hold, scheme: Scheme, mode: Mode, question: str, *, run: Run
) -> None:
    """Brings the score that counts up to the readings, in the transaction of one of them."""
    if readings.is_settled(connection, hold.copy_id, question):
        return
    found = readings.list_readings(connection, hold.copy_id, questions=[question])
    given = [Given(points=one.scored.points, remark=one.scored.remark) for one in found]
    outcome = agreed(given, tolerance=mode.tolerance, step=scheme.step)
    stored = marking.find_score(connection, hold.copy_id, question)
    wanted = replace(stored, points=outcome.points, remark=outcome.remark)
    if wanted != stored and isinstance(
        marking.put_score(connection, hold, wanted, run=run), LockConflict
    ):
        raise Conflict(f"The readings of copy {hold.copy_id} could not be agreed.")


def readings_of(database: Database, copy_id: CopyId) -> tuple[Reading, ...]:
    """What each reader of a copy gave, for who settles it.

    Raises:
        NotFound: no such copy.
    """
    with database.transaction() as connection:
        find_copy(connection, copy_id)
        return readings.list_readings(connection, copy_id)


def disagreements(
    database: Database, exam_id: ExamId, *, after: int = 0, limit: int | None = None
) -> tuple[Disagreement, ...]:
    """What waits for an agreement, of ``limit`` copies (None: all) with numbers above ``after``.

    Raises:
        NotFound: no such exam.
    """
    with database.transaction() as connection:
        find_exam(connection, exam_id)
        return readings.list_disagreements(connection, exam_id, after=after, limit=limit)
