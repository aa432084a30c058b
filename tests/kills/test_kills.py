"""The short form of ``tests.campaigns.kills`` and ``tests.campaigns.outages``.

Whatever is killed, or away for a while, running again does the rest.
"""

import random
from collections.abc import Iterator, Sequence

import pytest

from tests.campaigns import kills, outages
from tests.kills import first
from tests.kills.api import kill_api
from tests.kills.points import Victim
from tests.kills.prefect import on_prefect
from tests.kills.trials import Field, Stage, Trial, draw
from tests.kills.way import walk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

KILLS = 48


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with kills.field_in(tmp_path_factory.mktemp("kills")) as field:
        yield field


@pytest.fixture(scope="module")
def stages(field: Field) -> dict[str, Stage]:
    return walk(field)


@pytest.fixture
def chance() -> random.Random:
    """The same kills each time, but for those after a time; the campaign draws others."""
    return random.Random(1)  # noqa: S311


def _wrong(trials: Sequence[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.wrong]


def test_what_is_left_is_told(field: Field, stages: dict[str, Stage]) -> None:
    """The campaign sees what it looks for: a changed row, an event twice, a file too many."""
    stage = stages["finalize"]
    field.ground.load(stage.state)
    (field.ground.home / "store" / "00").mkdir(exist_ok=True)
    (field.ground.home / "store" / "00" / ".writing-gone").touch()
    assert field.run(stage.command, field.plan()) == stage.code
    with field.ground.connect() as connection:
        connection.execute("UPDATE final_pdf SET score = 0 WHERE copy_id LIKE '%-0001'")
        connection.execute(
            "INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)"
            " SELECT action, exam_id, copy_id, actor, correlation_id, details FROM audit_event"
            " WHERE action = 'FINALIZE' AND copy_id LIKE '%-0002'"
        )
    found = {line.partition(":")[0] for line in field.compare(stage, set())}
    assert found == {"events", "files", "final_pdf", "trail"}


def test_flows_and_pools_and_postgres_are_killed(
    field: Field, stages: dict[str, Stage], chance: random.Random
) -> None:
    trials = kills.kill_often(field, stages, kills=KILLS, chance=chance, told=bool)
    assert kills.count(trials) >= KILLS
    assert {trial.stage for trial in trials} == set(stages)
    assert not _wrong(trials)


def test_the_first_command_is_killed(field: Field, chance: random.Random) -> None:
    with first.wilderness(field) as (there, stage):
        assert not there.try_out(stage, [draw(stage, Victim.FLOW, chance)]).wrong


def test_the_api_and_its_database_are_killed_under_writers(
    field: Field, stages: dict[str, Stage], chance: random.Random
) -> None:
    assert len(kill_api(field, kills=9, chance=chance)) == 9


def test_flows_are_killed_that_prefect_knows_of(
    field: Field, stages: dict[str, Stage], chance: random.Random
) -> None:
    trials = kills.kill_on_prefect(field, stages, kills=4, chance=chance, told=bool)
    assert not _wrong(trials)


def test_a_worker_and_its_flow_run_are_killed(
    field: Field, stages: dict[str, Stage], chance: random.Random
) -> None:
    trials = kills.kill_under_worker(field, stages, kills=2, chance=chance, told=bool)
    assert not _wrong(trials)


def test_postgres_is_away_for_longer_than_each_flow_waits_for_it(
    field: Field, stages: dict[str, Stage], chance: random.Random
) -> None:
    """Import, marks and maintenance on Prefect, identify and finalize inline."""
    found = outages.go_through_all(
        field, stages, outages=5, seconds=3, patience_s=1, turn=5, chance=chance, told=bool
    )
    assert {one.trial.stage.removesuffix(" (Prefect)") for one in found} == set(kills.ON_PREFECT)
    assert not _wrong([one.trial for one in found])


@pytest.mark.parametrize("name", ["import", "identify", "marks", "finalize"])
def test_two_operators_start_the_same_flow_at_once_on_prefect(
    field: Field, stages: dict[str, Stage], name: str
) -> None:
    assert field.twice_at_once(on_prefect(stages[name])) == []
