"""Two markers read the same copy unseen; what is near is agreed, what is apart is settled."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.commands import Command
from tests.db.marking import NOTE, TTL_S, store_account, store_ready, take
from tests.db.stored import RUN
from viatique.access import Role
from viatique.db import claims
from viatique.db.audit import list_events_of_copy
from viatique.db.copies import find_copy
from viatique.db.dispatch import Mode
from viatique.db.marking import Appreciation, Scored
from viatique.db.pool import Database
from viatique.errors import Forbidden, NotFound
from viatique.lifecycle import Action, LockConflict
from viatique.models import CopyId, ExamId
from viatique.run import Run
from viatique.seal_files import SealFiles
from viatique.steps import mark_copy as step
from viatique.steps.agree import disagreements, readings_of
from viatique.steps.dispatch_copies import dispatch_copies, list_my_copies, take_next
from viatique.steps.locks import Refused, acquire, release
from viatique.steps.verify_audit import verify_audit


@pytest.fixture
def boss(database: Database) -> Run:
    return store_account(database, "U0000000X", Role.COORDINATOR)


@pytest.fixture
def copy_id(database: Database, anne: Run, bruno: Run, boss: Run) -> CopyId:
    """Dispatched to Anne and Bruno; half a point apart is agreed."""
    (copy_id,) = store_ready(database)
    mode = Mode(readings=2, tolerance=Decimal("0.5"))
    dispatch_copies(database, RUN, ExamId(copy_id[:6]), mode)
    return copy_id


def give(
    database: Database,
    run: Run,
    copy_id: CopyId,
    question: str,
    points: str | None,
    *,
    remark: str = "",
) -> Scored:
    """Scores a question in place of what the account sees, and leaves the copy."""
    hold = take(database, run, copy_id)
    seen = {one.question: one for one in step.marks_of(database, run, copy_id).scores}
    version = seen[question].version if question in seen else 0
    given = Scored(
        question=question,
        points=Decimal(points) if points else None,
        remark=remark,
        version=version,
    )
    answer = step.put_score(database, run, hold, given)
    assert isinstance(answer, Scored)
    release(database, run, hold)
    return answer


def counting(database: Database, copy_id: CopyId) -> dict[str, Decimal | None]:
    """The points that count."""
    return {one.question: one.points for one in step.marks_of(database, RUN, copy_id).scores}


def is_complete(database: Database, copy_id: CopyId) -> bool:
    with database.transaction() as connection:
        exam_id = find_copy(connection, copy_id).exam_id
        leaves = ["1", "2"]
        return bool(claims.list_gradable(connection, exam_id, leaves=leaves, run=RUN, limit=9))


def test_near_readings_count_as_their_mean(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId
) -> None:
    give(database, anne, copy_id, "1", "2", remark="Oui")
    assert counting(database, copy_id) == {}
    give(database, bruno, copy_id, "1", "2.5", remark="Bien")
    assert step.marks_of(database, RUN, copy_id).scores == (
        Scored(question="1", points=Decimal("2.25"), remark="Oui\nBien", version=1),
    )
    give(database, anne, copy_id, "2", "12.5")
    assert not is_complete(database, copy_id)
    give(database, bruno, copy_id, "2", "12.5")
    assert is_complete(database, copy_id)


def test_neither_reader_sees_anything_of_the_other(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId
) -> None:
    give(database, anne, copy_id, "1", "2", remark="Oui")
    hold = take(database, anne, copy_id)
    step.put_appreciation(database, anne, hold, Appreciation(text="Solide"))
    note = step.create_annotation(database, anne, hold, NOTE)
    assert isinstance(note, step.StoredAnnotation)
    release(database, anne, hold)
    hold = take(database, bruno, copy_id)
    empty = step.StoredMarks(scores=(), appreciation=Appreciation(), annotations=())
    assert step.marks_of(database, bruno, copy_id) == empty
    with pytest.raises(NotFound):
        step.delete_annotation(database, bruno, hold, note.annotation_id, version=1)
    with pytest.raises(NotFound):
        step.update_annotation(database, bruno, hold, note)
    mine = step.put_appreciation(database, bruno, hold, Appreciation(text="Moyen"))
    assert mine == Appreciation(text="Moyen", version=1)
    assert step.marks_of(database, bruno, copy_id).appreciation == mine
    step.put_score(database, bruno, hold, Scored(question="1", points=Decimal(2)))
    release(database, bruno, hold)
    seen = step.marks_of(database, anne, copy_id)
    assert seen.scores == (Scored(question="1", points=Decimal(2), remark="Oui", version=1),)
    assert seen.appreciation == Appreciation(text="Solide", version=1)
    assert [one.annotation_id for one in seen.annotations] == [note.annotation_id]


def test_a_reader_is_told_their_own_score_when_theirs_is_stale(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId
) -> None:
    give(database, bruno, copy_id, "1", "7")
    mine = give(database, anne, copy_id, "1", "2")
    hold = take(database, anne, copy_id)
    answer = step.put_score(database, anne, hold, Scored(question="1", points=Decimal(3)))
    assert answer == Refused(conflict=LockConflict.STALE_VERSION, current=mine)


def test_readings_too_far_apart_wait_for_a_coordinator_who_settles_them(
    database: Database, anne: Run, bruno: Run, boss: Run, copy_id: CopyId
) -> None:
    exam_id = ExamId(copy_id[:6])
    give(database, anne, copy_id, "1", "2")
    give(database, bruno, copy_id, "1", "4")
    assert counting(database, copy_id).get("1") is None
    (found,) = disagreements(database, exam_id)
    assert (found.copy_id, found.question, sorted(found.points)) == (
        copy_id, "1", [Decimal(2), Decimal(4)],
    )  # fmt: skip
    assert {(one.account_id, one.scored.points) for one in readings_of(database, copy_id)} == {
        (anne.actor, Decimal(2)),
        (bruno.actor, Decimal(4)),
    }
    give(database, boss, copy_id, "1", "3")
    assert counting(database, copy_id) == {"1": Decimal(3)}
    assert disagreements(database, exam_id) == ()
    give(database, anne, copy_id, "1", "4")
    assert counting(database, copy_id) == {"1": Decimal(3)}


def test_readings_too_far_apart_are_shown_by_command(
    database: Database,
    anne: Run,
    bruno: Run,
    copy_id: CopyId,
    viatique: Command,
) -> None:
    give(database, anne, copy_id, "2", "2.5")
    give(database, bruno, copy_id, "2", "4")
    apart = {"copy": copy_id, "question": "2", "points": ["2.5", "4"]}
    assert viatique("disagreements", copy_id[:6], "--json").lines == [apart]
    assert "2.5 / 4" in viatique("disagreements", copy_id[:6]).out
    give(database, bruno, copy_id, "2", "3")
    assert viatique("disagreements", copy_id[:6]).out == ""
    viatique("disagreements", "NOSUCH", code=2)


def test_what_was_agreed_follows_its_readers_until_it_is_settled(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId
) -> None:
    give(database, anne, copy_id, "1", "2")
    give(database, bruno, copy_id, "1", "2")
    assert counting(database, copy_id) == {"1": Decimal(2)}
    give(database, bruno, copy_id, "1", "5")
    assert counting(database, copy_id) == {"1": None}
    give(database, anne, copy_id, "1", "5")
    assert counting(database, copy_id) == {"1": Decimal(5)}
    give(database, anne, copy_id, "1", None)
    assert counting(database, copy_id) == {"1": None}


def test_each_accepted_change_leaves_one_event_that_replays(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId, tmp_path: Path
) -> None:
    give(database, anne, copy_id, "1", "2")
    give(database, bruno, copy_id, "1", "2")
    with database.transaction() as connection:
        events = list_events_of_copy(connection, copy_id)
    scores = [
        (event.actor, "reader" in event.details) for event in events if event.action is Action.SCORE
    ]
    assert scores == [(anne.actor, True), (bruno.actor, True), (bruno.actor, False)]
    found = verify_audit(database, SealFiles(folder=tmp_path)).findings
    assert found == ()
    with database.transaction() as connection:
        connection.execute("UPDATE blind_mark SET points = 3 WHERE account_id = 'U0000000A'")
    (finding,) = verify_audit(database, SealFiles(folder=tmp_path)).findings
    assert "question 1 read by U0000000A" in finding.message


def test_a_copy_is_its_two_readers_and_each_is_asked_for_all_of_it(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId
) -> None:
    exam_id = ExamId(copy_id[:6])
    give(database, anne, copy_id, "1", "2")
    assert [copy.left for copy in list_my_copies(database, anne, exam_id)] == [1]
    assert [copy.left for copy in list_my_copies(database, bruno, exam_id)] == [2]
    lock = take_next(database, bruno, exam_id, ttl_s=TTL_S)
    assert lock
    assert lock.copy_id == copy_id
    third = store_account(database, "U0000000C")
    with pytest.raises(Forbidden):
        acquire(database, third, copy_id, ttl_s=TTL_S)
