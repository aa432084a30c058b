"""Who may hold a copy: every way to be refused, and what each leaves behind."""

import logging
from uuid import uuid4

import pytest

from tests.db.marking import (
    TTL_S,
    actions_of,
    count_conflicts,
    expire,
    hold_of,
    is_held,
    move,
    store_ready,
    take,
)
from tests.db.stored import store_copies, store_exam
from viatique.db.audit import list_events_of_copy
from viatique.db.locks import Hold
from viatique.db.pool import Database
from viatique.errors import IllegalTransition, NotFound
from viatique.lifecycle import Action, LockConflict, Move, UnlockReason
from viatique.models import CopyId
from viatique.run import Run
from viatique.steps.locks import Refused, acquire, force_release, heartbeat, lock_of, release


@pytest.fixture
def copy_id(database: Database) -> CopyId:
    return store_ready(database)[0]


def test_a_marker_takes_keeps_and_gives_back_a_copy(
    database: Database, anne: Run, copy_id: CopyId
) -> None:
    taken = acquire(database, anne, copy_id, ttl_s=60)
    extended = heartbeat(database, anne, hold_of(taken), ttl_s=TTL_S)
    assert not isinstance(taken, Refused)
    assert not isinstance(extended, Refused)
    assert extended.expires_at > taken.expires_at
    assert extended.token == taken.token
    assert lock_of(database, copy_id) == extended
    assert release(database, anne, hold_of(taken)) is None
    assert lock_of(database, copy_id) is None
    assert actions_of(database, copy_id) == [Action.LOCK, Action.UNLOCK]


def test_the_same_marker_enters_again_only_by_an_explicit_take_over(
    database: Database, anne: Run, copy_id: CopyId
) -> None:
    first = take(database, anne, copy_id)
    assert acquire(database, anne, copy_id, ttl_s=TTL_S) == Refused(
        conflict=LockConflict.ALREADY_LOCKED
    )
    second = hold_of(acquire(database, anne, copy_id, ttl_s=TTL_S, take_over=True))
    assert second.token != first.token
    assert heartbeat(database, anne, first, ttl_s=TTL_S) == Refused(
        conflict=LockConflict.TOKEN_MISMATCH
    )
    assert release(database, anne, second) is None


def test_a_lock_that_expired_is_anybodys(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId
) -> None:
    first = take(database, anne, copy_id)
    refused = acquire(database, bruno, copy_id, ttl_s=TTL_S, take_over=True)
    assert refused == Refused(conflict=LockConflict.ALREADY_LOCKED)
    expire(database, copy_id)
    assert lock_of(database, copy_id) is None
    second = take(database, bruno, copy_id)
    refused = release(database, anne, first)
    assert refused == Refused(conflict=LockConflict.OWNER_MISMATCH)
    assert release(database, bruno, second) is None


def test_a_marker_whose_lock_expired_takes_it_again(
    database: Database, anne: Run, copy_id: CopyId
) -> None:
    first = take(database, anne, copy_id)
    expire(database, copy_id)
    assert heartbeat(database, anne, first, ttl_s=TTL_S) == Refused(conflict=LockConflict.EXPIRED)
    assert take(database, anne, copy_id).token != first.token


def test_a_copy_that_finalize_has_is_nobodys(
    database: Database, anne: Run, copy_id: CopyId
) -> None:
    hold = take(database, anne, copy_id)
    move(database, copy_id, Move.START_GRADING)
    graded = Refused(conflict=LockConflict.ALREADY_GRADED)
    assert heartbeat(database, anne, hold, ttl_s=TTL_S) == graded
    assert acquire(database, anne, copy_id, ttl_s=TTL_S, take_over=True) == graded
    move(database, copy_id, Move.FINISH_GRADING)
    assert release(database, anne, hold) == graded
    move(database, copy_id, Move.REOPEN)
    expire(database, copy_id)
    take(database, anne, copy_id)


def test_a_coordinator_takes_a_lock_away_and_says_why(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId
) -> None:
    hold = take(database, anne, copy_id)
    assert force_release(database, bruno, copy_id, UnlockReason.MARKER_ABSENT) is None
    assert heartbeat(database, anne, hold, ttl_s=TTL_S) == Refused(conflict=LockConflict.MISSING)
    with database.transaction() as connection:
        event = list_events_of_copy(connection, copy_id)[-1]
    assert (event.action, event.actor) == (Action.FORCE_UNLOCK, bruno.actor)
    assert event.details == {"account": anne.actor, "reason": "marker_absent"}


def test_there_is_nothing_to_take_away_from_nobody(
    database: Database, anne: Run, bruno: Run, copy_id: CopyId
) -> None:
    refused = force_release(database, bruno, copy_id, UnlockReason.MISTAKE)
    assert refused == Refused(conflict=LockConflict.MISSING)
    take(database, anne, copy_id)
    expire(database, copy_id)
    refused = force_release(database, bruno, copy_id, UnlockReason.MISTAKE)
    assert refused == Refused(conflict=LockConflict.EXPIRED)
    assert actions_of(database, copy_id) == [Action.LOCK]


def test_every_refusal_is_logged_and_counted_by_its_type(
    database: Database, anne: Run, copy_id: CopyId, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        heartbeat(database, anne, Hold(copy_id=copy_id, token=uuid4()), ttl_s=TTL_S)
        take(database, anne, copy_id)
        acquire(database, anne, copy_id, ttl_s=TTL_S)
        release(database, anne, Hold(copy_id=copy_id, token=uuid4()))
    expected = ["missing", "already_locked", "token_mismatch"]
    lines = [record for record in caplog.records if record.message == "lock_conflict"]
    assert [record.__dict__["conflict_type"] for record in lines] == expected
    assert {record.levelno for record in lines} == {logging.WARNING}
    assert count_conflicts(database) == dict.fromkeys(expected, 1)
    assert is_held(database, copy_id)


def test_a_copy_that_is_not_there_or_not_ready_cannot_be_locked(
    database: Database, anne: Run
) -> None:
    with pytest.raises(NotFound):
        acquire(database, anne, CopyId("E00000-0001"), ttl_s=TTL_S)
    (staging,) = store_copies(database, store_exam(database), 1)
    with pytest.raises(IllegalTransition, match=staging):
        acquire(database, anne, staging, ttl_s=TTL_S)


def test_the_conflicts_are_exactly_those_of_the_contract() -> None:
    assert " ".join(LockConflict) == (
        "missing expired owner_mismatch token_mismatch already_locked already_graded stale_version"
    )
