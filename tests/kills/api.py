"""The API on a ground, killed or robbed of its database while markers write."""

import random
from multiprocessing.process import BaseProcess

import psutil

from tests.api.serving import Served
from tests.campaigns.marking_over_http import kill_while_writing
from tests.kills import runs
from tests.kills.points import Victim
from tests.kills.trials import Field, Strike, Trial
from viatique.db.pool import Database

MOST_WRITES = 60


class ForkedApi(Served):
    """``viatique api`` as a process of the fork server; its Postgres is the ground's."""

    def __init__(self, field: Field) -> None:
        self._field = field
        super().__init__(field.ground.dsn, field.ground.home)

    def _start(self) -> BaseProcess:  # type: ignore[override]
        self._plan = self._field.plan()
        command = self._field.command("api", "--port", str(self.port))
        process = runs.start(command, self._plan)
        assert runs.wait_until(lambda: self._answers() or process.exitcode is not None)
        assert process.exitcode is None, runs.last_words(self._plan.folder)
        return process

    def kill(self) -> None:
        """As the kernel does it when memory is short: this process, and none it started."""
        self.process.kill()
        runs.finish(self.process)  # type: ignore[arg-type]
        pids = self._plan.pool_pids()
        gone = runs.wait_until(lambda: not any(map(runs.is_alive, pids)), patience_s=20)
        assert gone, "the API left processes behind"

    def close(self) -> None:
        for client in self._clients:
            client.close()
        if self.process.exitcode is None:  # type: ignore[attr-defined]
            self.kill()


class PostgresBelow:
    """The database server of a ground: gone, and back before anybody gives up waiting for it."""

    def __init__(self, field: Field) -> None:
        self._ground = field.ground

    def kill(self) -> None:
        server = psutil.Process(self._ground.postgres_pid())
        server.kill()
        server.wait(runs.PATIENCE_S)
        assert self._ground.dsn

    def restart(self) -> None:
        """It is back."""


def kill_api(field: Field, *, kills: int, chance: random.Random) -> list[Trial]:
    """Kills of the API and of the database below it, in turns.

    Raises:
        AssertionError: what was answered and what is stored are two things.
    """
    field.ground.load("import")
    database = Database(field.ground.dsn).open()
    api = ForkedApi(field)
    try:
        kill_while_writing(
            api,
            database,
            field.ground.home,
            kills=kills,
            writes=MOST_WRITES,
            victims=(api, api, PostgresBelow(field)),
            chance=chance,
        )
    finally:
        api.close()
        database.close()
    victims = [(Victim.API, Victim.API, Victim.POSTGRES)[number % 3] for number in range(kills)]
    return [Trial(stage="API", strikes=(Strike(victim=victim),)) for victim in victims]
