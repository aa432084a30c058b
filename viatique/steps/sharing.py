"""Runs of one flow on one exam share its work, wherever they run, and end together.

What one has claimed the others leave alone. None ends before all is done: a run that died gives its
work back, and whoever still waits does it; what follows a stage sees all of it.
"""

import time

from viatique.db.claims import Stage, has_other_claims
from viatique.models import ExamId
from viatique.workbench import Workbench

PAUSE_S = 0.5
"""Between looks at what others do; a look takes about a millisecond."""


def others_at_work(bench: Workbench, exam_id: ExamId, stage: Stage) -> bool:
    """Whether other runs hold copies of the exam in this stage.

    Asked before looking for work (what one that dies afterwards gives back is found the next time)
    and after none was found (it may just have been taken).
    """
    with bench.database.transaction() as connection:
        return has_other_claims(connection, exam_id, stage=stage, holder=bench.holder)


def pause() -> None:
    """Waits a moment for what others do."""
    time.sleep(PAUSE_S)
