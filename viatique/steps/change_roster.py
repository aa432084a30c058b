"""A roster is put right after its exam was created: who was forgotten, who was misspelt.

Nobody is taken off it, whatever the file leaves out: a copy may be theirs. `viatique erase` does
that. Identities are decided again, from the readings there are, by the next identify.
"""

import logging
from collections.abc import Sequence

from viatique.db import audit, identities
from viatique.db.exams import find_exam, list_students, put_students
from viatique.db.pool import Database
from viatique.lifecycle import Action
from viatique.models import ExamId, Student
from viatique.roster import RosterChange, compare_rosters
from viatique.run import Run

logger = logging.getLogger("viatique.steps")


def change_roster(
    database: Database, run: Run, exam_id: ExamId, given: Sequence[Student]
) -> RosterChange:
    """Adds people to an exam's roster and corrects their lines, with one ROSTER event of ids.

    The same file again changes nothing and leaves no event.

    Raises:
        NotFound: no such exam.
    """
    with database.transaction() as connection:
        find_exam(connection, exam_id)
        # two changes take turns, and a decision never mixes two rosters
        identities.lock_decisions(connection, exam_id)
        change = compare_rosters(list_students(connection, exam_id), given)
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
