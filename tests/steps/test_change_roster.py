"""A roster is put right in the middle of an exam: nobody loses a copy, the rest is decided."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.steps.benches import count_rows, import_exam, list_copies
from tests.steps.readings import give_readings, identify_as
from viatique.db.audit import list_events
from viatique.db.exams import list_students
from viatique.db.pool import Connection, Database
from viatique.inline import run_identify
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId, IdentityState, StudentId
from viatique.roster import RosterChange, read_roster
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.steps.change_roster import change_roster
from viatique.steps.settle import confirm_identity
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

AUTO, CONFIRMED, REVIEW = IdentityState.AUTO, IdentityState.CONFIRMED, IdentityState.REVIEW
FORGOTTEN = "INE;NOM;PRENOM\nS4;Zwickel;Otto\nS5;Delta;Dora\n"
LEFT_OUT = "INE;NOM;PRENOM\nS2;Beta;Bruno\n"
MISSPELT = "INE;NOM;PRENOM;MAIL\nS1;Zwickel;Otto;\nS2;Beta;Bruno;b@example.org\n"
OTTO = ("Zwickel", "Otto")


def change(database: Database, exam_id: ExamId, csv: str) -> RosterChange:
    return change_roster(database, new_run("coordinator"), exam_id, read_roster(csv.encode()))


def copy_ids_of(bench: Workbench, exam_id: ExamId) -> list[CopyId]:
    return [copy.copy_id for copy in list_copies(bench, exam_id)]


def identities(bench: Workbench, exam_id: ExamId) -> list[tuple[IdentityState, str | None]]:
    return [(copy.identity, copy.student_id) for copy in list_copies(bench, exam_id)]


def test_a_forgotten_student_is_found_by_the_next_identify(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = copy_ids_of(bench, exam_id)
    identify_as(bench, {first: ("Alpha", "Anne"), second: OTTO})
    assert identities(bench, exam_id) == [(AUTO, "S1"), (REVIEW, None)]
    assert change(bench.database, exam_id, FORGOTTEN).counts == {
        "added": 2, "changed": 0, "absent": 3, "erased": 0,
    }  # fmt: skip
    run_identify(bench, exam_id)
    assert identities(bench, exam_id) == [(AUTO, "S1"), (AUTO, "S4")]
    with bench.database.transaction() as connection:
        (event,) = list_events(connection, action=Action.ROSTER)
    assert event.details == {"added": ["S4", "S5"], "changed": []}
    assert verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()


def test_changing_it_before_anything_is_read_and_again_leaves_one_event(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    change(bench.database, exam_id, FORGOTTEN)
    once = count_rows(bench)
    change(bench.database, exam_id, FORGOTTEN)
    assert count_rows(bench) == once
    first, second = copy_ids_of(bench, exam_id)
    identify_as(bench, {first: OTTO, second: ("Delta", "Dora")})
    assert identities(bench, exam_id) == [(AUTO, "S4"), (AUTO, "S5")]


def test_who_a_file_leaves_out_stays_and_keeps_the_copy(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = copy_ids_of(bench, exam_id)
    identify_as(bench, {first: ("Alpha", "Anne"), second: ("Gamma", "Carla")})
    confirm_identity(bench.database, new_run(), first, StudentId("S1"))
    assert change(bench.database, exam_id, LEFT_OUT).absent == ("S1", "S3")
    run_identify(bench, exam_id)
    assert identities(bench, exam_id) == [(CONFIRMED, "S1"), (AUTO, "S3")]


def test_a_corrected_line_is_decided_by_and_empties_nothing(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = copy_ids_of(bench, exam_id)
    identify_as(bench, {first: ("Alpha", "Anne"), second: OTTO})
    change(bench.database, exam_id, MISSPELT)
    change(bench.database, exam_id, LEFT_OUT)
    run_identify(bench, exam_id)
    assert identities(bench, exam_id) == [(REVIEW, None), (AUTO, "S1")]
    with bench.database.transaction() as connection:
        assert [one.email for one in list_students(connection, exam_id)] == [
            "", "b@example.org", "",
        ]  # fmt: skip


def test_a_change_in_the_middle_of_a_decision_is_taken_up_by_it(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, second = copy_ids_of(bench, exam_id)
    give_readings(bench, {first: ("Alpha", "Anne"), second: OTTO})
    transaction, opened = bench.database.transaction, 0

    @contextmanager
    def changing() -> Iterator[Connection]:
        """Between reading the roster and storing what was decided by it."""
        nonlocal opened
        opened += 1
        if opened == len(BEFORE_STORING):
            monkeypatch.setattr(bench.database, "transaction", transaction)
            change(bench.database, exam_id, FORGOTTEN)
        with transaction() as connection:
            yield connection

    monkeypatch.setattr(bench.database, "transaction", changing)
    run_identify(bench, exam_id)
    assert identities(bench, exam_id) == [(AUTO, "S1"), (AUTO, "S4")]


BEFORE_STORING = ("count what is unread", "claim nothing", "read the facts", "store")
