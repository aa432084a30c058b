"""Sixteen clients on one copy: one winner, no lost update, one event for each accepted change."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import pytest

from tests.db.marking import (
    NOTE,
    TTL_S,
    actions_of,
    count_conflicts,
    hold_of,
    store_account,
    store_ready,
    take,
)
from tests.db.stored import RUN
from viatique.db import copies, marking
from viatique.db.locks import Hold, Lock
from viatique.db.marking import Appreciation, Draft, Scored
from viatique.db.pool import Database
from viatique.lifecycle import Action, LockConflict, Move
from viatique.models import CopyId
from viatique.run import Run
from viatique.steps import mark_copy as step
from viatique.steps.locks import Refused, acquire, heartbeat, release

CLIENTS = 16
ROUNDS = 50
Result = TypeVar("Result")


@pytest.fixture
def database(database_dsn: str) -> Iterator[Database]:
    database = Database(database_dsn, max_size=CLIENTS).open()
    yield database
    database.close()


@pytest.fixture
def markers(database: Database) -> list[Run]:
    return [store_account(database, f"U{number:08d}") for number in range(CLIENTS)]


def together(work: Callable[[int], Result]) -> list[Result]:
    """What ``work`` gives to clients that begin at the same moment."""
    barrier = threading.Barrier(CLIENTS)

    def client(number: int) -> Result:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(client, range(CLIENTS)))


def test_one_client_gets_the_lock(database: Database, markers: list[Run]) -> None:
    for copy_id in store_ready(database, 10):
        answers = together(lambda n, c=copy_id: acquire(database, markers[n], c, ttl_s=TTL_S))
        winners = [answer for answer in answers if isinstance(answer, Lock)]
        assert len(winners) == 1
        assert actions_of(database, copy_id) == [Action.LOCK]
    assert count_conflicts(database) == {LockConflict.ALREADY_LOCKED: 10 * (CLIENTS - 1)}


def test_of_many_writes_over_one_version_one_is_accepted(
    database: Database, markers: list[Run]
) -> None:
    (copy_id,) = store_ready(database)
    hold = take(database, markers[0], copy_id)
    for version in range(10):
        given = [
            Scored(question="1", points=Decimal(n) / 4, version=version) for n in range(CLIENTS)
        ]
        answers = together(lambda n, g=given: step.put_score(database, markers[0], hold, g[n]))
        (accepted,) = [answer for answer in answers if isinstance(answer, Scored)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert accepted.version == version + 1
        assert [answer.current for answer in refused] == [accepted] * (CLIENTS - 1)
    assert actions_of(database, copy_id).count(Action.SCORE) == 10


class Client:
    """A marker who takes the copy when it is free, adds one to all that is there, leaves it."""

    def __init__(self, database: Database, run: Run, copy_id: CopyId) -> None:
        self.database, self.run, self.copy_id = database, run, copy_id
        self.accepted: Counter[str] = Counter()
        self.old: Hold | None = None

    def work(self) -> None:
        for _ in range(ROUNDS):
            lock = acquire(self.database, self.run, self.copy_id, ttl_s=TTL_S)
            if isinstance(lock, Lock):
                self.accepted["LOCK"] += 1
                self.old = hold_of(lock)
                self.write(self.old)
                assert release(self.database, self.run, self.old) is None
                self.accepted["UNLOCK"] += 1
            elif self.old:
                self.write_too_late(self.old)

    def write(self, hold: Hold) -> None:
        stored = step.marks_of(self.database, RUN, self.copy_id)
        score = stored.scores[0] if stored.scores else Scored(question="1", remark="0")
        one_more = replace(score, remark=str(int(score.remark) + 1))
        assert isinstance(step.put_score(self.database, self.run, hold, one_more), Scored)
        text = stored.appreciation
        longer = replace(text, text=text.text + "+")
        assert not isinstance(step.put_appreciation(self.database, self.run, hold, longer), Refused)
        self.accepted["SCORE"] += 2
        assert not isinstance(heartbeat(self.database, self.run, hold, ttl_s=TTL_S), Refused)
        made = step.create_annotation(self.database, self.run, hold, NOTE)
        assert not isinstance(made, Refused)
        self.accepted["CREATE_ANN"] += 1

    def write_too_late(self, hold: Hold) -> None:
        score = Scored(question="1", remark="-1000", version=1)
        for answer in (
            step.put_score(self.database, self.run, hold, score),
            step.put_appreciation(self.database, self.run, hold, Appreciation(text="lost")),
            step.create_annotation(self.database, self.run, hold, NOTE),
            step.save_draft(self.database, self.run, hold, Draft()),
        ):
            assert isinstance(answer, Refused)


def test_nothing_is_lost_and_each_accepted_change_leaves_one_event(
    database: Database, markers: list[Run]
) -> None:
    (copy_id,) = store_ready(database)
    clients = [Client(database, run, copy_id) for run in markers]
    together(lambda number: clients[number].work())
    accepted = sum((client.accepted for client in clients), Counter())
    stored = step.marks_of(database, RUN, copy_id)
    times = accepted["LOCK"]
    assert times > 0
    assert (stored.scores[0].remark, stored.scores[0].version) == (str(times), times)
    assert stored.appreciation == Appreciation(text="+" * times, version=times)
    assert len(stored.annotations) == times
    assert Counter(actions_of(database, copy_id)) == accepted


class LateWriter(threading.Thread):
    """Writes the same score again and again until it is refused."""

    def __init__(self, database: Database, run: Run, hold: Hold) -> None:
        super().__init__()
        self.database, self.marker, self.hold = database, run, hold
        self.wrote = threading.Event()
        self.refused: Refused | None = None

    def run(self) -> None:
        answer: Scored | Refused = Scored(question="1", points=Decimal(1))
        while isinstance(answer, Scored):
            answer = step.put_score(self.database, self.marker, self.hold, answer)
            self.wrote.set()
        self.refused = answer


def test_finalize_beats_the_write_that_comes_after_it(
    database: Database, markers: list[Run]
) -> None:
    for copy_id in store_ready(database, 20):
        writer = LateWriter(database, markers[0], take(database, markers[0], copy_id))
        writer.start()
        writer.wrote.wait()
        with database.transaction() as connection:
            copies.move_copy(connection, copy_id, Move.START_GRADING, run=RUN)
            taken = marking.list_scores(connection, copy_id)
        writer.join()
        assert writer.refused == Refused(conflict=LockConflict.ALREADY_GRADED)
        assert step.marks_of(database, RUN, copy_id).scores == taken
        assert actions_of(database, copy_id).count(Action.SCORE) == taken[0].version
