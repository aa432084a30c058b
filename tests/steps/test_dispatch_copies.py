"""READY copies go to markers; each finds their own and the next; others are kept out."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.db.marking import (
    TTL_S,
    actions_of,
    hold_of,
    move,
    store_account,
    store_ready,
    take,
)
from viatique.access import Role
from viatique.db.audit import list_events
from viatique.db.dispatch import Mode, list_assignments
from viatique.db.locks import Lock
from viatique.db.marking import Scored
from viatique.db.pool import Database
from viatique.errors import Conflict, Forbidden, InvalidInput, NotFound
from viatique.lifecycle import Action, CopyStatus, Move
from viatique.marking.dispatch import Slot
from viatique.models import CopyId, ExamId
from viatique.run import Run, new_run
from viatique.steps import mark_copy as step
from viatique.steps.dispatch_copies import dispatch_copies, list_my_copies, take_next
from viatique.steps.locks import acquire, release

RUN = new_run("coordinator")
WHOLE, BY_QUESTION = Mode(), Mode(is_by_question=True)
DOUBLE = Mode(readings=2)


@pytest.fixture
def markers(database: Database) -> list[Run]:
    return [store_account(database, f"U0000000{letter}") for letter in "ABC"]


@pytest.fixture
def copy_ids(database: Database) -> list[CopyId]:
    return store_ready(database, 6)


@pytest.fixture
def exam_id(copy_ids: list[CopyId]) -> ExamId:
    return ExamId(copy_ids[0][:6])


def assigned(database: Database, exam_id: ExamId) -> dict[Slot, str]:
    with database.transaction() as connection:
        return list_assignments(connection, exam_id)


def dispatches(database: Database, exam_id: ExamId) -> list[dict[str, object]]:
    with database.transaction() as connection:
        found = list_events(connection, exam_id=exam_id, action=Action.DISPATCH)
    return [event.details for event in found]


def score(database: Database, run: Run, lock: object, question: str, points: int = 1) -> object:
    given = Scored(question=question, points=Decimal(points))
    return step.put_score(database, run, hold_of(lock), given)


def test_every_copy_gets_a_marker_and_one_event(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    done = dispatch_copies(database, RUN, exam_id, WHOLE)
    assert (done.changed, done.loads) == (6, {marker.actor: 2 for marker in markers})
    (event,) = [item for item in dispatches(database, exam_id) if "readings" in item]
    assert event == {"by_question": False, "readings": 1, "tolerance": "0"}
    for copy_id in copy_ids:
        assert actions_of(database, copy_id) == [Action.DISPATCH]
    assert dispatch_copies(database, RUN, exam_id, WHOLE).changed == 0
    assert len(dispatches(database, exam_id)) == 7


def test_a_finished_or_complete_copy_needs_no_marker(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    lock = take(database, markers[0], copy_ids[0])
    for question in ("1", "2"):
        step.put_score(database, markers[0], lock, Scored(question=question, points=Decimal(1)))
    release(database, markers[0], lock)
    move(database, copy_ids[1], Move.START_GRADING, Move.FINISH_GRADING)
    dispatch_copies(database, RUN, exam_id, WHOLE)
    assert {slot.copy_id for slot in assigned(database, exam_id)} == set(copy_ids[2:])


def test_a_copy_somebody_began_is_theirs(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    _, bruno, clara = markers
    begun = take_next(database, clara, exam_id, ttl_s=TTL_S)
    assert begun
    dispatch_copies(database, RUN, exam_id, WHOLE)
    slot = Slot(copy_id=begun.copy_id, part="", reading=1)
    assert assigned(database, exam_id)[slot] == clara.actor
    assert isinstance(score(database, clara, begun, "1"), Scored)
    assert acquire(database, markers[0], copy_ids[1], ttl_s=TTL_S)
    with pytest.raises(Forbidden):
        acquire(database, bruno, begun.copy_id, ttl_s=TTL_S)


def test_who_holds_a_copy_ends_what_they_began_whoever_it_is_given_to(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    anne, bruno, _ = markers
    lock = take_next(database, anne, exam_id, ttl_s=TTL_S)
    dispatch_copies(database, RUN, exam_id, WHOLE, markers=[bruno.actor])
    assert isinstance(score(database, anne, lock, "1"), Scored)
    release(database, anne, hold_of(lock))
    with pytest.raises(Forbidden):
        acquire(database, anne, copy_ids[0], ttl_s=TTL_S)
    assert isinstance(acquire(database, bruno, copy_ids[0], ttl_s=TTL_S), Lock)


def test_a_copy_somebody_began_is_not_given_to_blind_readers(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    take_next(database, markers[0], exam_id, ttl_s=TTL_S)
    dispatch_copies(database, RUN, exam_id, DOUBLE)
    assert {slot.copy_id for slot in assigned(database, exam_id)} == set(copy_ids[1:])


def test_rebalancing_moves_only_copies_nobody_touched(
    database: Database, markers: list[Run], exam_id: ExamId
) -> None:
    anne = markers[0]
    dispatch_copies(database, RUN, exam_id, WHOLE, markers=[anne.actor])
    first = take_next(database, anne, exam_id, ttl_s=TTL_S)
    second = take_next(database, anne, exam_id, ttl_s=TTL_S)
    assert first
    assert second
    step.save_draft(database, anne, hold_of(second), step.Draft(content={"1": "?"}))
    release(database, anne, hold_of(second))
    accounts = [marker.actor for marker in markers]
    assert dispatch_copies(database, RUN, exam_id, WHOLE, markers=accounts).changed == 0
    done = dispatch_copies(database, RUN, exam_id, WHOLE, markers=accounts, is_rebalanced=True)
    assert done.loads == dict.fromkeys(accounts, 2)
    found = assigned(database, exam_id)
    kept = {slot.copy_id for slot, account in found.items() if account == anne.actor}
    assert kept == {first.copy_id, second.copy_id}
    moved = [item for item in dispatches(database, exam_id) if item.get("before")]
    assert len(moved) == done.changed == 4


def test_a_dispatched_copy_is_locked_by_its_marker_or_a_coordinator_only(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    anne, bruno, _ = markers
    boss = store_account(database, "U0000000X", Role.COORDINATOR)
    dispatch_copies(database, RUN, exam_id, WHOLE, markers=[anne.actor])
    for refused in (
        lambda: acquire(database, bruno, copy_ids[0], ttl_s=TTL_S),
        lambda: step.marks_of(database, bruno, copy_ids[0]),
    ):
        with pytest.raises(Forbidden):
            refused()
    assert take_next(database, bruno, exam_id, ttl_s=TTL_S) is None
    release(database, boss, take(database, boss, copy_ids[0]))
    assert isinstance(acquire(database, anne, copy_ids[0], ttl_s=TTL_S), Lock)


def test_questions_go_to_markers_separately(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    anne, bruno, _ = markers
    dispatch_copies(database, RUN, exam_id, BY_QUESTION, markers=[anne.actor, bruno.actor])
    assert {copy.parts for copy in list_my_copies(database, anne, exam_id)} == {("1",)}
    lock = take_next(database, anne, exam_id, ttl_s=TTL_S)
    with pytest.raises(Forbidden):
        score(database, anne, lock, "2")
    score(database, anne, lock, "1")
    assert [copy.left for copy in list_my_copies(database, anne, exam_id)] == [0, 1, 1, 1, 1, 1]
    release(database, anne, hold_of(lock))
    following = take_next(database, anne, exam_id, ttl_s=TTL_S, after=copy_ids[0])
    assert following
    assert following.copy_id == copy_ids[1]
    other = take_next(database, bruno, exam_id, ttl_s=TTL_S)
    assert other
    assert other.copy_id == copy_ids[0]


def test_the_next_copy_comes_after_the_last_and_then_from_the_start(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    seen = []
    after: CopyId | None = copy_ids[3]
    for _ in copy_ids:
        lock = take_next(database, markers[0], exam_id, ttl_s=TTL_S, after=after)
        assert lock
        after = lock.copy_id
        seen.append(after)
    assert seen == [*copy_ids[4:], *copy_ids[:4]]
    assert take_next(database, markers[0], exam_id, ttl_s=TTL_S) is None


def test_markers_who_ask_at_once_get_different_copies(database: Database) -> None:
    copy_ids = store_ready(database, 40)
    runs = [store_account(database, f"U{number:08d}") for number in range(8)]
    exam_id = ExamId(copy_ids[0][:6])

    def take_all(run: Run) -> list[CopyId]:
        found = []
        while lock := take_next(database, run, exam_id, ttl_s=TTL_S):
            found.append(lock.copy_id)
        return found

    with ThreadPoolExecutor(8) as pool:
        taken = [copy_id for found in pool.map(take_all, runs) for copy_id in found]
    assert Counter(taken) == Counter(copy_ids)
    for copy_id in copy_ids:
        assert actions_of(database, copy_id) == [Action.LOCK]


def test_two_dispatchers_and_markers_at_once_leave_one_even_sharing(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    def work(number: int) -> object:
        if number % 2:
            return take_next(database, markers[number % 3], exam_id, ttl_s=TTL_S)
        return dispatch_copies(database, RUN, exam_id, WHOLE, is_rebalanced=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    found = assigned(database, exam_id)
    assert Counter(found.values()) == {marker.actor: 2 for marker in markers}
    assert len(found) == len(copy_ids)


def test_the_mode_changes_while_nothing_was_touched(
    database: Database, markers: list[Run], exam_id: ExamId
) -> None:
    dispatch_copies(database, RUN, exam_id, WHOLE)
    dispatch_copies(database, RUN, exam_id, DOUBLE)
    found = assigned(database, exam_id)
    assert Counter(slot.reading for slot in found) == {1: 6, 2: 6}
    assert Counter(found.values()) == {marker.actor: 4 for marker in markers}
    take_next(database, markers[0], exam_id, ttl_s=TTL_S)
    with pytest.raises(Conflict):
        dispatch_copies(database, RUN, exam_id, BY_QUESTION)
    assert assigned(database, exam_id) == found


def test_who_may_not_mark_gets_nothing(
    database: Database, markers: list[Run], exam_id: ExamId
) -> None:
    store_account(database, "U0000000V", Role.VIEWER)
    for wanted in (["U0000000V"], ["nobody"]):
        with pytest.raises(InvalidInput):
            dispatch_copies(database, RUN, exam_id, WHOLE, markers=wanted)
    with pytest.raises(InvalidInput):
        dispatch_copies(database, RUN, exam_id, DOUBLE, markers=[markers[0].actor])
    with pytest.raises(NotFound):
        dispatch_copies(database, RUN, ExamId("E00000"), WHOLE)
    assert dispatches(database, exam_id) == []


def test_a_marker_sees_what_is_theirs_page_by_page(
    database: Database, markers: list[Run], copy_ids: list[CopyId], exam_id: ExamId
) -> None:
    dispatch_copies(database, RUN, exam_id, WHOLE, markers=[markers[0].actor])
    first = list_my_copies(database, markers[0], exam_id, limit=4)
    rest = list_my_copies(database, markers[0], exam_id, after=first[-1].number, limit=4)
    assert [copy.copy_id for copy in (*first, *rest)] == copy_ids
    assert {(copy.left, copy.status) for copy in first} == {(2, CopyStatus.READY)}
    assert list_my_copies(database, markers[1], exam_id) == ()
