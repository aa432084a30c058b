"""What a person says of a copy stands, and one student never holds two copies."""

from pathlib import Path
from threading import Thread

import pytest

from tests.steps.benches import (
    actions_of,
    count_rows,
    events_of,
    import_exam,
    list_copies,
    write_exam,
    write_scan,
)
from tests.steps.readings import identify_as
from viatique.db import identities
from viatique.db.copies import Copy
from viatique.db.identities import Applied
from viatique.db.pool import Connection
from viatique.errors import Conflict, IllegalTransition, NotFound
from viatique.inline import run_identify, run_import
from viatique.lifecycle import Action, CopyStatus
from viatique.models import CopyId, Decision, ExamId, IdentityState, StudentId
from viatique.run import Run, new_run
from viatique.seal_files import seal_files_of
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import plan_scan, receive_scan, unplanned_scans
from viatique.steps.settle import confirm_identity, release_from_quarantine, withdraw_answer
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

AUTO, REVIEW = IdentityState.AUTO, IdentityState.REVIEW
CONFIRMED, UNKNOWN = IdentityState.CONFIRMED, IdentityState.UNKNOWN


def _confirm(bench: Workbench, copy: Copy, student: str | None) -> None:
    confirm_identity(
        bench.database,
        new_run("coordinator"),
        copy.copy_id,
        StudentId(student) if student else None,
    )


def _identities(bench: Workbench, exam_id: ExamId) -> list[tuple[IdentityState, StudentId | None]]:
    return [(copy.identity, copy.student_id) for copy in list_copies(bench, exam_id)]


def test_confirmed_copy_is_the_students_by_a_persons_word(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, _second = list_copies(bench, exam_id)
    _confirm(bench, first, "S2")
    assert _identities(bench, exam_id)[0] == (CONFIRMED, "S2")
    event = events_of(bench, first.copy_id)[-1]
    assert (event.action, event.actor) == (Action.IDENTIFY, "coordinator")
    assert event.details == {"state": "CONFIRMED", "student": "S2", "method": "person"}


def test_an_answer_given_while_a_decision_is_stored_comes_after_it(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = list_copies(bench, exam_id)
    answer = Thread(target=lambda: _confirm(bench, second, "S1"))
    apply = identities.apply_decisions

    def applied(connection: Connection, decisions: list[Decision], *, run: Run) -> list[Applied]:
        answer.start()
        while answer.is_alive() and not _somebody_waits(connection):
            answer.join(0.01)
        return apply(connection, decisions, run=run)

    monkeypatch.setattr(identities, "apply_decisions", applied)
    identify_as(bench, {first.copy_id: ("Alpha", "Anne"), second.copy_id: ("Beta", "Bruno")})
    answer.join()
    assert _identities(bench, exam_id) == [(REVIEW, None), (CONFIRMED, "S1")]


def _somebody_waits(connection: Connection) -> bool:
    waiting = connection.execute(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return waiting.rowcount > 0


def test_copy_of_nobody_on_the_roster_is_told_so(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    _confirm(bench, list_copies(bench, exam_id)[0], None)
    assert _identities(bench, exam_id) == [(UNKNOWN, None)]


def test_person_may_change_their_mind(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    for student, state in (("S1", CONFIRMED), ("S2", CONFIRMED), (None, UNKNOWN)):
        _confirm(bench, copy, student)
        assert _identities(bench, exam_id) == [(state, student)]


def test_student_of_a_confirmed_copy_is_refused_for_another(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = list_copies(bench, exam_id)
    _confirm(bench, first, "S1")
    before = count_rows(bench)
    with pytest.raises(Conflict, match="S1 already has a confirmed copy"):
        _confirm(bench, second, "S1")
    assert count_rows(bench) == before
    assert _identities(bench, exam_id) == [(CONFIRMED, "S1"), (IdentityState.PENDING, None)]


def test_student_of_an_automatic_copy_goes_to_the_one_a_person_names(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = list_copies(bench, exam_id)
    identify_as(bench, {first.copy_id: ("Alpha", "Anne"), second.copy_id: ("", "")})
    assert _identities(bench, exam_id) == [(AUTO, "S1"), (REVIEW, None)]
    _confirm(bench, second, "S1")
    assert _identities(bench, exam_id) == [(REVIEW, None), (CONFIRMED, "S1")]
    assert events_of(bench, first.copy_id)[-1].details["given_to"] == second.copy_id


def test_deciding_again_never_overrules_a_person(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = list_copies(bench, exam_id)
    identify_as(bench, {first.copy_id: ("Alpha", "Anne"), second.copy_id: ("Beta", "Bruno")})
    _confirm(bench, first, "S3")
    _confirm(bench, second, None)
    run_identify(bench, exam_id)
    assert _identities(bench, exam_id) == [(CONFIRMED, "S3"), (UNKNOWN, None)]


def test_unknown_copy_or_student_is_not_found(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    with pytest.raises(NotFound, match="has no such student"):
        _confirm(bench, copy, "S9")
    with pytest.raises(NotFound, match="no copy"):
        confirm_identity(bench.database, new_run(), CopyId("X-0001"), None)
    assert _identities(bench, exam_id) == [(IdentityState.PENDING, None)]


def test_released_copy_leaves_quarantine_and_may_be_marked(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=1))
    run_import(bench, exam_id)
    (copy,) = list_copies(bench, exam_id)
    release_from_quarantine(bench.database, new_run("coordinator"), copy.copy_id)
    assert list_copies(bench, exam_id)[0].status is CopyStatus.READY
    assert actions_of(bench, copy.copy_id) == [Action.QUARANTINE, Action.VALIDATE]
    assert events_of(bench, copy.copy_id)[-1].actor == "coordinator"


def test_release_of_a_copy_that_is_not_in_quarantine_is_refused(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    before = count_rows(bench)
    with pytest.raises(IllegalTransition):
        release_from_quarantine(bench.database, new_run(), copy.copy_id)
    with pytest.raises(NotFound):
        release_from_quarantine(bench.database, new_run(), CopyId("X-0001"))
    assert count_rows(bench) == before


@pytest.mark.parametrize(
    ("pages", "status"), [(2, CopyStatus.STAGING), (1, CopyStatus.QUARANTINE)], ids=str
)
def test_copy_that_was_not_cut_yet_is_not_released(
    bench: Workbench, tmp_path: Path, pages: int, status: CopyStatus
) -> None:
    exam_id = _planned(bench, tmp_path, pages=pages)
    (copy,) = list_copies(bench, exam_id)
    with pytest.raises(Conflict, match="not cut") as refused:
        release_from_quarantine(bench.database, new_run(), copy.copy_id)
    assert f"viatique import {exam_id}" in refused.value.next_step
    assert list_copies(bench, exam_id)[0].status is status


def _planned(bench: Workbench, folder: Path, *, pages: int) -> ExamId:
    exam_id = create_exam(bench, write_exam(folder))
    receive_scan(bench, exam_id, write_scan(folder, pages=pages))
    for source_id in unplanned_scans(bench, exam_id):
        plan_scan(bench, new_run(), source_id)
    return exam_id


def test_an_answer_may_be_taken_back_and_the_trail_still_fits(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    run = new_run("coordinator")
    with pytest.raises(IllegalTransition):
        withdraw_answer(bench.database, run, copy.copy_id)
    for student in ("S2", None):
        _confirm(bench, copy, student)
        withdraw_answer(bench.database, run, copy.copy_id)
        assert _identities(bench, exam_id) == [(REVIEW, None)]
    assert events_of(bench, copy.copy_id)[-1].details["state"] == "REVIEW"
    assert verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()
