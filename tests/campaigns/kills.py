"""Kills at random moments of every flow: run again, everything is as if nothing had been killed.

    python -m tests.campaigns.kills --kills 1000 --seed 1

Each kill (SIGKILL) takes a flow's process, a process of its pool, the embedded Postgres or one of
its backends: after a random time, or right before or after a random statement, file operation or
job. Then the same command runs again, and every row, event and file is compared with those of a run
nobody disturbed; no process, claim or temporary file may be left. The short form is
``tests/kills/test_kills.py``. The API, Prefect's server and its worker are killed too.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from tests.campaigns.folders import campaign_folder
from tests.kills import first, runs
from tests.kills.api import kill_api
from tests.kills.ground import ground
from tests.kills.points import Kind, Victim
from tests.kills.prefect import on_prefect, prefect_variables, worker_of
from tests.kills.trials import Field, Stage, Trial, draw
from tests.kills.way import walk
from viatique.services.flow_runs import FlowName

WEIGHTS = {Victim.FLOW: 4, Victim.POOL: 3, Victim.POSTGRES: 1, Victim.BACKEND: 2}
OCR = "identify by OCR"
IN_A_ROW = 3
"""Kills before a command may end, at most."""
OCR_EACH = 8
ON_PREFECT = ("import", "identify", "marks", "finalize", "maintenance")
PREFECT_VICTIMS = (
    Victim.FLOW,
    Victim.SERVER,
    Victim.POOL,
    Victim.POSTGRES,
    Victim.FLOW,
    Victim.POOL,
)
UNDER_WORKER = (
    ("finalize", FlowName.FINALIZE),
    ("import inbox", FlowName.IMPORT),
    ("identify", FlowName.IDENTIFY),
)
"""Of so many rounds one runs the OCR; the others take what it read."""

Told = Callable[[Trial], object]


def kill_often(
    field: Field, stages: dict[str, Stage], *, kills: int, chance: random.Random, told: Told
) -> list[Trial]:
    """So many kills, up to three in a row, spread over stages and victims."""
    trials: list[Trial] = []
    for stage in _stages_in_turn(stages):
        if count(trials) >= kills:
            break
        row = range(chance.randint(1, IN_A_ROW))
        strikes = [draw(stage, _victim(stage, chance), chance) for _ in row]
        trials.append(field.try_out(stage, strikes))
        told(trials[-1])
    return trials


def count(trials: Sequence[Trial]) -> int:
    """How many kills they were."""
    return sum(len(trial.strikes) for trial in trials)


def _stages_in_turn(stages: dict[str, Stage]) -> Iterator[Stage]:
    for number in cycle(range(OCR_EACH)):
        yield from (stage for name, stage in stages.items() if name != OCR or number == 0)


def _victim(stage: Stage, chance: random.Random) -> Victim:
    fit = [victim for victim in WEIGHTS if victim is not Victim.POOL or stage.points[Kind.POOL_JOB]]
    return chance.choices(fit, [WEIGHTS[victim] for victim in fit])[0]


@contextmanager
def field_in(folder: Path, *, has_prefect: bool = True) -> Iterator[Field]:
    """A ground in the folder, and a fork server to run commands on it."""
    temporary = folder / "tmp"
    temporary.mkdir()
    with ground(folder) as there:
        field = Field(there)
        variables = prefect_variables(field) if has_prefect else {}
        preloaded = ["flows.runner"] if has_prefect else []
        runs.start_fork_server({"TMPDIR": str(temporary), **variables}, preloaded)
        yield field


def kill_on_prefect(
    field: Field, stages: dict[str, Stage], *, kills: int, chance: random.Random, told: Told
) -> list[Trial]:
    """Kills of flows that a Prefect server knows of, of their pools, of the server, of Postgres."""
    trials: list[Trial] = []
    for number in range(3 * kills):
        stage = on_prefect(stages[ON_PREFECT[number % len(ON_PREFECT)]])
        victim = PREFECT_VICTIMS[number % len(PREFECT_VICTIMS)]
        if count(trials) == kills:
            break
        if victim is Victim.POOL and not stage.points[Kind.POOL_JOB]:
            continue
        trials.append(field.try_out(stage, [draw(stage, victim, chance)]))
        told(trials[-1])
    return trials


def kill_under_worker(
    field: Field, stages: dict[str, Stage], *, kills: int, chance: random.Random, told: Told
) -> list[Trial]:
    """Kills of a worker, and of the flow runs it started, in turns."""
    trials = []
    with worker_of(field) as worker:
        for number in range(kills):
            name, flow = UNDER_WORKER[number % len(UNDER_WORKER)]
            victim = (Victim.WORKER, Victim.FLOW)[number % 2]
            after_s = chance.uniform(0, 2 + stages[name].duration_s)
            trials.append(worker.kill_once(stages[name], flow, victim, after_s))
            told(trials[-1])
    return trials


def table(trials: Sequence[Trial]) -> str:
    """Kills by stage and victim, and after how many something was wrong."""
    counted = Counter((one.stage, strike.victim) for one in trials for strike in one.strikes)
    wrong = Counter((one.stage, one.strikes[-1].victim) for one in trials if one.wrong)
    victims = sorted({victim for _, victim in counted})
    lines = [f"{'':22}" + "".join(f"{victim:>18}" for victim in (*victims, "all"))]
    for stage in dict.fromkeys(trial.stage for trial in trials):
        cells = [_cell(counted[stage, victim], wrong[stage, victim]) for victim in victims]
        whole = sum(counted[stage, victim] for victim in victims)
        lines.append(f"{stage:22}" + "".join(f"{cell:>18}" for cell in (*cells, str(whole))))
    return "\n".join([*lines, f"{count(trials)} kills, {sum(wrong.values())} with a difference"])


def _cell(count: int, wrong: int) -> str:
    return f"{count}/{wrong} wrong" if wrong else str(count)


def _tell(trial: Trial) -> None:
    if trial.wrong:
        struck = ", ".join(map(str, trial.strikes))
        print(f"{trial.stage}: {struck}", *trial.wrong[:12], sep="\n    ", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=(), help="stages to kill, inline")
    given = parser.parse_args()
    kills, chance = given.kills, random.Random(given.seed)  # noqa: S311
    with campaign_folder() as folder, field_in(folder) as field:
        stages = walk(field)
        trials: list[Trial] = []
        if not given.only:
            trials += kill_api(field, kills=kills // 10, chance=chance)
            trials += kill_under_worker(
                field, stages, kills=kills // 100, chance=chance, told=_tell
            )
            trials += kill_on_prefect(field, stages, kills=kills // 20, chance=chance, told=_tell)
        if not given.only or first.NAME in given.only:
            share = kills if given.only == [first.NAME] else kills // 20
            with first.wilderness(field) as (there, stage):
                alone = {stage.name: stage}
                trials += kill_often(there, alone, kills=share, chance=chance, told=_tell)
        chosen = {name: stages[name] for name in given.only or stages if name in stages}
        left = kills - count(trials)
        trials += kill_often(field, chosen, kills=left, chance=chance, told=_tell)
    print(table(trials))
    return 1 if any(trial.wrong for trial in trials) else 0


if __name__ == "__main__":
    sys.exit(main())
