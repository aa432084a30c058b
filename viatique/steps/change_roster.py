"""A roster is put right after its exam was created: who was forgotten, who was misspelt.

Nobody is taken off it, whatever the file leaves out: a copy may be theirs. `viatique erase` does
that, and who was erased does not come back with an old file: the trail keeps the id, no name.
Identities are decided again, from the readings there are, by the next identify.
"""

import logging
from collections.abc import Sequence

from viatique.db import audit, erasure, identities
from viatique.db.exams import find_exam, list_students, put_students
from viatique.db.pool import Connection, Database
from viatique.errors import Conflict
from viatique.lifecycle import Action
from viatique.models import ExamId, Student
from viatique.roster import RosterChange, compare_rosters
from viatique.run import Run

logger = logging.getLogger("viatique.steps")


def change_roster(
    database: Database,
    run: Run,
    exam_id: ExamId,
    given: Sequence[Student],
    *,
    are_erased_taken: bool = False,
) -> RosterChange:
    """Adds people to an exam's roster and corrects their lines, with one ROSTER event of ids.

    The same file again changes nothing and leaves no event.

    Args:
        database: where the exam is.
        run: who does it.
        exam_id: which one.
        given: what a file says.
        are_erased_taken: people who were erased from the exam are put on its roster again.

    Raises:
        NotFound: no such exam.
        Conflict: everybody was erased from it.
    """
    with database.transaction() as connection:
        find_exam(connection, exam_id)
        # two changes take turns, and a decision never mixes two rosters
        identities.lock_decisions(connection, exam_id)
        change = compare_rosters(list_students(connection, exam_id), given)
        if not are_erased_taken:
            change = _without_erased(connection, exam_id, change)
        if change.added or change.changed:
            put_students(connection, exam_id, (*change.added, *change.changed))
            audit.insert_event(
                connection,
                action=Action.ROSTER,
                exam_id=exam_id,
                copy_id=None,
                run=run,
                details={
                    "added": [student.student_id for student in change.added],
                    "changed": [student.student_id for student in change.changed],
                },
            )
    logger.info("roster_changed", extra={"exam_id": exam_id, **change.counts})
    return change


def _without_erased(connection: Connection, exam_id: ExamId, change: RosterChange) -> RosterChange:
    if change.added and erasure.was_exam_erased(connection, exam_id):
        raise Conflict(
            f"Everybody was erased from exam {exam_id}.",
            next_step="`viatique exam roster --erased-too` puts people on its roster again.",
        )
    added = [student.student_id for student in change.added]
    return change.without(erasure.list_erased(connection, exam_id, added))
