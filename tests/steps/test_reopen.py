"""A finalized copy comes back, its final PDF is kept and superseded, and it is finalized anew."""

from pathlib import Path

import pytest

from tests.steps.benches import (
    actions_of,
    complete_marks,
    events_of,
    give_marks,
    list_copies,
    mark_exam,
    stored_files,
)
from viatique.db.finals import find_final_pdf
from viatique.errors import IllegalTransition, NotFound
from viatique.inline import run_finalize
from viatique.lifecycle import Action, CopyStatus, ReopenReason
from viatique.models import CopyId
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.steps.reopen import reopen_copy
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

RUN = new_run("U1")


def finals(bench: Workbench, copy_id: CopyId) -> list[bool]:
    """Whether each final PDF of the copy is superseded, oldest first."""
    with bench.database.transaction() as connection:
        rows = connection.execute(
            """
            SELECT superseded_at IS NOT NULL AS is_old FROM final_pdf
            WHERE copy_id = %(copy)s ORDER BY final_id
            """,
            {"copy": copy_id},
        ).fetchall()
    return [row["is_old"] for row in rows]


def test_a_reopened_copy_is_marked_and_finalized_again(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    run_finalize(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    with bench.database.transaction() as connection:
        before = find_final_pdf(connection, copy.copy_id)
    assert before
    files = stored_files(bench)
    reopen_copy(bench.database, RUN, copy.copy_id, ReopenReason.APPEAL)
    assert list_copies(bench, exam_id)[0].status is CopyStatus.READY
    event = events_of(bench, copy.copy_id)[-1]
    assert (event.action, event.actor) == (Action.REOPEN, "U1")
    assert event.details == {"reason": "appeal", "superseded": before.sha256}
    assert finals(bench, copy.copy_id) == [True]
    assert stored_files(bench) == files
    (marks,) = complete_marks([copy.copy_id])
    give_marks(bench, exam_id, tmp_path, [marks | {"scores": {"1": 7, "2": 10}}])
    run_finalize(bench, exam_id)
    with bench.database.transaction() as connection:
        after = find_final_pdf(connection, copy.copy_id)
    assert after
    assert (str(before.score), str(after.score)) == ("15.5", "17")
    assert finals(bench, copy.copy_id) == [True, False]
    assert events_of(bench, copy.copy_id)[-1].details["retries"] == 0
    assert verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()


def test_only_a_finalized_copy_is_reopened(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    before = actions_of(bench, copy.copy_id)
    with pytest.raises(IllegalTransition):
        reopen_copy(bench.database, RUN, copy.copy_id, ReopenReason.MISTAKE)
    with pytest.raises(NotFound):
        reopen_copy(bench.database, RUN, CopyId("E00000-0001"), ReopenReason.MISTAKE)
    assert actions_of(bench, copy.copy_id) == before
