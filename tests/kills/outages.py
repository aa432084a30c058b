"""Postgres is gone for a while in the middle of a stage, and comes back where it was."""

from dataclasses import dataclass

from tests.kills import runs
from tests.kills.points import Kind, Victim
from tests.kills.trials import Field, Stage, Strike, Trial
from viatique.db.pool import POOL_TIMEOUT_S
from viatique.services.postgres import find_server, locate

PATIENCE_S = 300.0
"""For a run whose database was away: with Prefect it tries four times, each later than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What came of one.

    Attributes:
        trial: without a strike when the run had ended before.
        is_outlived: the run ended well by its own patience; else the command ran once more.
        is_whole: it lasted as long as it should: no command that was just starting mended it.
    """

    trial: Trial
    is_outlived: bool
    is_whole: bool


def go_through(
    field: Field,
    stage: Stage,
    kind: Kind,
    number: int,
    *,
    seconds: float,
    patience_s: float = POOL_TIMEOUT_S,
) -> Outage:
    """Postgres is killed at a point and started after so many seconds, under the running flow.

    Whoever asks for a connection waits for ``patience_s``.
    """
    field.ground.load(stage.state)
    postgres, location = field.ground.postgres_pid(), locate(field.ground.home)
    plan = field.plan(
        victim=Victim.POSTGRES,
        kind=kind,
        number=number,
        pids=(postgres,),
        recorded=field.recorded(stage),
        waits_s=patience_s,
    )
    process = runs.start(stage.command, plan)
    runs.wait_until(lambda: plan.was_struck or not process.is_alive())
    is_whole = plan.was_struck and runs.wait_until(lambda: not runs.is_alive(postgres))
    if is_whole:
        # a run that gives up earlier finds nobody there either
        is_whole = not runs.wait_until(lambda: find_server(location), patience_s=seconds)
    assert field.ground.dsn, "asking for it starts it, on the port it had"
    code = runs.finish(process, patience_s=PATIENCE_S)
    wrong = [] if code == stage.code else field.run_again(stage)
    strikes = [Strike(victim=Victim.POSTGRES, kind=kind, number=number)] * plan.was_struck
    trial = field.conclude(stage, strikes, wrong)
    return Outage(trial=trial, is_outlived=code == stage.code, is_whole=is_whole)
