"""The enums, transitions and audit guards as Postgres keeps them."""

import contextlib
import time

import pytest

from tests.db.stored import (
    RUN,
    store_copies,
    store_exam,
)
from viatique.db import claims, copies, identities
from viatique.db.audit import list_events_of_copy
from viatique.db.claims import Stage
from viatique.db.migrate import migrate
from viatique.db.pool import Database
from viatique.errors import Conflict, DatabaseFault, DatabaseUnavailable, IllegalTransition
from viatique.lifecycle import EDGES, Action, CopyStatus, Move
from viatique.models import (
    Candidate,
    CopyId,
    Decision,
    IdentityState,
    Sha256,
    StudentId,
)
from viatique.run import new_run


def _enum(database: Database, name: str) -> list[str]:
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT unnest(enum_range(NULL::copy_status))::text AS label"
            if name == "copy_status"
            else "SELECT unnest(enum_range(NULL::identity_state))::text AS label"
            if name == "identity_state"
            else "SELECT unnest(enum_range(NULL::audit_action))::text AS label"
        ).fetchall()
    return [row["label"] for row in rows]


@pytest.mark.parametrize(
    ("name", "enum"),
    [("copy_status", CopyStatus), ("identity_state", IdentityState), ("audit_action", Action)],
    ids=str,
)
def test_postgres_enums_mirror_the_table(database: Database, name: str, enum: type) -> None:
    assert sorted(_enum(database, name)) == sorted(member.value for member in enum)


def test_migrate_again_changes_nothing(database: Database) -> None:
    assert migrate(database) == 0


def test_migrate_refuses_a_database_whose_migration_was_edited(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE schema_migration SET checksum = 'other'")
    with pytest.raises(DatabaseFault, match="Migration 1"):
        migrate(database)


@pytest.mark.parametrize("status", list(CopyStatus), ids=str)
@pytest.mark.parametrize("move", [move for move in Move if EDGES[move].sources], ids=str)
def test_move_obeys_the_table_and_leaves_one_event(
    database: Database, status: CopyStatus, move: Move
) -> None:
    exam_id = store_exam(database)
    (copy_id,) = store_copies(database, exam_id, 1)
    with database.transaction() as connection:
        connection.execute(
            "UPDATE copy SET status = %(status)s, file_sha256 = 'x'", {"status": status}
        )
        before = len(list_events_of_copy(connection, copy_id))
    legal = status in EDGES[move].sources
    refusal = contextlib.nullcontext() if legal else pytest.raises(IllegalTransition, match=copy_id)
    with refusal, database.transaction() as connection:
        copies.move_copy(connection, copy_id, move, run=RUN, details={"n": 1})
    with database.transaction() as connection:
        after = copies.find_copy(connection, copy_id).status
        events = list_events_of_copy(connection, copy_id)[before:]
    assert after is (EDGES[move].target if legal else status)
    expected = [EDGES[move].action] if legal and EDGES[move].action else []
    assert [event.action for event in events] == expected


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'someone'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
    ],
    ids=["update", "delete", "truncate"],
)
def test_audit_events_cannot_be_changed(database: Database, statement: str) -> None:
    store_copies(database, store_exam(database), 1)
    with pytest.raises(Conflict), database.transaction() as connection:
        connection.execute(statement)


def _identity(copy_id: CopyId, student: str | None) -> Decision:
    return Decision(
        copy_id=copy_id,
        state=IdentityState.AUTO if student else IdentityState.REVIEW,
        student_id=StudentId(student) if student else None,
        confidence=0.99999,
        candidates=(Candidate(student_id=StudentId("S1"), probability=0.5),),
        reasons=(),
    )


def _read(database: Database, copy_ids: list[CopyId]) -> None:
    with database.transaction() as connection:
        for copy_id in copy_ids:
            identities.insert_reading(
                connection, copy_id, sha256=Sha256("0" * 64), engine="test", run=RUN
            )


def test_one_student_never_holds_two_copies(database: Database) -> None:
    first, second = store_copies(database, store_exam(database), 2)
    _read(database, [first, second])
    with (
        pytest.raises(Conflict, match="copy_one_per_student"),
        database.transaction() as connection,
    ):
        identities.apply_decisions(
            connection, [_identity(first, "S1"), _identity(second, "S1")], run=RUN
        )


def test_a_new_joint_decision_may_swap_two_students(database: Database) -> None:
    exam_id = store_exam(database)
    first, second = store_copies(database, exam_id, 2)
    _read(database, [first, second])
    for students in (("S1", "S2"), ("S2", "S1")):
        decided = [
            _identity(copy_id, student)
            for copy_id, student in zip((first, second), students, strict=True)
        ]
        with database.transaction() as connection:
            assert len(identities.apply_decisions(connection, decided, run=RUN)) == 2
    with database.transaction() as connection:
        found = [copy.student_id for copy in copies.list_copies(connection, exam_id)]
    assert found == ["S2", "S1"]


def test_deciding_the_same_again_leaves_no_event(database: Database) -> None:
    (copy_id,) = store_copies(database, store_exam(database), 1)
    _read(database, [copy_id])
    with database.transaction() as connection:
        assert len(identities.apply_decisions(connection, [_identity(copy_id, "S1")], run=RUN)) == 1
    with database.transaction() as connection:
        assert len(identities.apply_decisions(connection, [_identity(copy_id, "S1")], run=RUN)) == 0
        actions = [event.action for event in list_events_of_copy(connection, copy_id)]
    assert actions.count(Action.IDENTIFY) == 1


def test_a_machine_never_overrules_a_person(database: Database) -> None:
    exam_id = store_exam(database)
    (copy_id,) = store_copies(database, exam_id, 1)
    _read(database, [copy_id])
    with database.transaction() as connection:
        assert identities.settle(connection, copy_id, StudentId("S2"), run=RUN)
        assert len(identities.apply_decisions(connection, [_identity(copy_id, "S1")], run=RUN)) == 0
        assert copies.find_copy(connection, copy_id).student_id == "S2"


def _wait_until_gone(database: Database, holder: claims.Holder) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with database.transaction() as connection:
            held = connection.execute(
                "SELECT FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchall()
        if len(held) <= 1:
            return
        time.sleep(0.02)
    pytest.fail(f"the session of holder {holder.key} does not end")


def test_a_claim_keeps_others_away_until_its_process_is_gone(database: Database) -> None:
    exam_id = store_exam(database)
    found = [str(copy_id) for copy_id in store_copies(database, exam_id, 3)]
    other = new_run()
    with claims.holding(database, lease_s=60) as second:
        with claims.holding(database, lease_s=60) as first, database.transaction() as connection:
            won = claims.claim_subjects(
                connection, stage=Stage.CUT, subjects=found[:2], holder=first, run=RUN
            )
            assert won == found[:2]
            won = claims.claim_subjects(
                connection, stage=Stage.CUT, subjects=found, holder=second, run=other
            )
            assert won == found[2:]
            assert claims.list_uncut(connection, exam_id, run=other, limit=10) == []
        # the first holder's session is gone, as after SIGKILL; the server takes a moment to see it
        _wait_until_gone(database, first)
        with database.transaction() as connection:
            left = claims.list_uncut(connection, exam_id, run=other, limit=10)
            assert [str(copy_id) for copy_id in left] == found[:2]
            won = claims.claim_subjects(
                connection, stage=Stage.CUT, subjects=found, holder=second, run=other
            )
            assert won == found[:2]
            assert not claims.release_claim(
                connection, stage=Stage.CUT, subject=found[0], holder=first
            )


def test_a_claim_of_a_hung_process_ends_with_its_lease(database: Database) -> None:
    exam_id = store_exam(database)
    found = [str(copy_id) for copy_id in store_copies(database, exam_id, 1)]
    with (
        claims.holding(database, lease_s=0) as hung,
        claims.holding(database, lease_s=60) as other,
        database.transaction() as connection,
    ):
        claims.claim_subjects(connection, stage=Stage.CUT, subjects=found, holder=hung, run=RUN)
        won = claims.claim_subjects(
            connection, stage=Stage.CUT, subjects=found, holder=other, run=RUN
        )
    assert won == found


def test_errors_of_postgres_never_show_values(database: Database) -> None:
    exam_id = store_exam(database)
    with pytest.raises(Conflict) as raised, database.transaction() as connection:
        connection.execute(
            "INSERT INTO student (exam_id, student_id, last_name, first_name)"
            " VALUES (%(exam)s, 'S1', 'ZORGLUB', 'x')",
            {"exam": exam_id},
        )
    assert "ZORGLUB" not in str(raised.value)
    assert "student_pk" in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_server_that_is_not_there_is_a_transient_error() -> None:
    database = Database("postgresql://nobody:x@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable), database.session():
        pass
