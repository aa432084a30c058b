"""Real clients against the served API: on one copy, and while something is killed under them.

The short form of the first is run by ``tests/api/test_served.py``; the long one, thousands of
operations, takes some minutes: ``pytest tests/campaigns/marking_over_http.py``. The kills are a
part of ``tests.campaigns.kills``.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from tests.api.serving import Served, served
from tests.api.writers import Unavailable, Writer
from tests.db.marking import actions_of, store_account, store_ready
from viatique.db.pool import Database
from viatique.run import new_run
from viatique.seal_files import SealFiles
from viatique.steps import mark_copy
from viatique.steps.sign_in import create_service_token
from viatique.steps.verify_audit import verify_audit

CLIENTS = 16
RUN = new_run("tests")


@pytest.mark.timeout(3600)
def test_sixteen_clients_on_one_copy(database: Database, database_dsn: str, tmp_path: Path) -> None:
    with served(database_dsn, tmp_path / "home") as api:
        race_on_one_copy(api, database, tmp_path, requests=700)


def race_on_one_copy(api: Served, database: Database, folder: Path, *, requests: int) -> None:
    """One winner at a time, no lost update, one event for each accepted change."""
    (copy_id,) = store_ready(database)
    writers = [Writer(client, copy_id) for client in _clients(api, database, CLIENTS)]
    _together(writers, lambda writer: writer.race(requests))
    told = sum((writer.told for writer in writers), Counter())
    stored = mark_copy.marks_of(database, RUN, copy_id)
    times = told["UNLOCK"]
    assert times > 0
    assert told == {"LOCK": times, "SCORE": 2 * times, "CREATE_ANN": times, "UNLOCK": times}
    assert (stored.scores[0].remark, stored.scores[0].version) == (str(times), times)
    assert stored.appreciation == mark_copy.Appreciation(text="+" * times, version=times)
    assert len(stored.annotations) == times
    assert Counter(map(str, actions_of(database, copy_id))) == told
    _check_trail(database, folder)


class Victim(Protocol):
    """What is killed while clients write."""

    def kill(self) -> None: ...

    def restart(self) -> None: ...


def kill_while_writing(
    api: Served,
    database: Database,
    folder: Path,
    *,
    kills: int,
    writes: int,
    victims: Sequence[Victim] = (),
    chance: random.Random | None = None,
) -> None:
    """What was answered is stored; what was not is stored whole, with its event, or not at all.

    Args:
        api: what the clients write to.
        database: of the API.
        folder: for keys.
        kills: how often something is killed, each time in the middle of a storm of writes.
        writes: most requests the clients are answered between two kills.
        victims: what is killed, one after the other; the API by default.
        chance: draws how many requests they are; as many as there may be by default.
    """
    copy_ids = store_ready(database, 8)
    clients = _clients(api, database, len(copy_ids))
    writers = [Writer(client, copy_id) for client, copy_id in zip(clients, copy_ids, strict=True)]
    storm = Storm(writers)
    turns = cycle(victims or [api])
    for number, victim in zip(range(kills), turns, strict=False):
        storm.begin()
        storm.wait(chance.randint(1, writes) if chance else writes)
        victim.kill()
        storm.end()
        victim.restart()
        for writer in writers:
            _check_copy(database, writer, interrupted=number + 1)
        _check_trail(database, folder)
    for writer in writers:
        assert writer.take(take_over=True)
        writer.add_one()
        writer.leave()
    _check_trail(database, folder)


class Storm:
    """Writers that write until what they need is gone, or the storm is over."""

    def __init__(self, writers: list[Writer]) -> None:
        self._writers = writers
        self._threads: list[threading.Thread] = []
        self.failures: list[BaseException] = []
        self._answered = threading.Condition()
        self._count, self._is_over = 0, False

    def begin(self) -> None:
        self._count, self._is_over = 0, False
        self._threads = [
            threading.Thread(target=self._write, args=[writer]) for writer in self._writers
        ]
        for thread in self._threads:
            thread.start()

    def wait(self, writes: int) -> None:
        with self._answered:
            assert self._answered.wait_for(lambda: self._count >= writes or self.failures, 120)
        assert self.failures == []

    def end(self) -> None:
        self._is_over = True
        for thread in self._threads:
            thread.join()
        assert self.failures == []

    def _write(self, writer: Writer) -> None:
        try:
            writer.take(take_over=True)
            while not self._is_over:
                writer.add_one()
                with self._answered:
                    self._count += 3
                    self._answered.notify_all()
        except (httpx.TransportError, Unavailable):
            return
        except BaseException as failure:  # noqa: BLE001  # told to the thread that waits
            self.failures.append(failure)


def _check_copy(database: Database, writer: Writer, *, interrupted: int) -> None:
    """At most one request in each kill was stored and not answered; each has its event."""
    stored = mark_copy.marks_of(database, RUN, writer.copy_id)
    events = Counter(map(str, actions_of(database, writer.copy_id)))
    assert not writer.told - events
    assert (events - writer.told).total() <= interrupted
    score, text = stored.scores[0], stored.appreciation
    assert (score.remark, len(text.text)) == (str(score.version), text.version)
    assert score.version + text.version == events["SCORE"]
    assert len(stored.annotations) == events["CREATE_ANN"]


def _check_trail(database: Database, folder: Path) -> None:
    assert verify_audit(database, SealFiles(folder=folder / "seal")).findings == ()


def _clients(api: Served, database: Database, count: int) -> list[httpx.Client]:
    clients = []
    for number in range(count):
        account = f"U{number:08d}"
        store_account(database, account)
        clients.append(api.client(create_service_token(database, account, "tests")))
    return clients


def _together(writers: list[Writer], work: Callable[[Writer], None]) -> None:
    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(work, writers))
