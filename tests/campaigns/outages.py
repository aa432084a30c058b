"""Postgres gone for half a minute in the middle of every flow: the end state of an undisturbed run.

    python -m tests.campaigns.outages --outages 20 --seconds 30 --seed 1

Each outage begins at a random statement, file operation or job of import, identify, marks, finalize
or maintenance, inline and on a Prefect server (whose own database is gone as well), and ends while
the flow waits, tries again or has given up. A command that gave up is run once more. Then every
row, event and file is compared with those of a run nobody disturbed. The short form is in
``tests/kills/test_kills.py``.
"""

import argparse
import random
import sys
from collections.abc import Callable
from itertools import count

from tests.campaigns.folders import campaign_folder
from tests.campaigns.kills import ON_PREFECT, field_in
from tests.kills.outages import Outage, go_through
from tests.kills.points import Victim
from tests.kills.prefect import on_prefect
from tests.kills.trials import KINDS, Field, Stage
from tests.kills.way import walk
from viatique.db.pool import POOL_TIMEOUT_S


def go_through_all(
    field: Field,
    stages: dict[str, Stage],
    *,
    outages: int,
    seconds: float,
    chance: random.Random,
    told: Callable[[Outage], object],
    patience_s: float = POOL_TIMEOUT_S,
    turn: int = 0,
) -> list[Outage]:
    """So many that lasted so long; flows in turns, inline one time, on Prefect the next.

    In ten turns each is there both ways: which is first, ``turn`` says.
    """
    found: list[Outage] = []
    for number in count(turn):
        if sum(outage.is_whole for outage in found) >= outages:
            break
        stage = stages[ON_PREFECT[number % len(ON_PREFECT)]]
        stage = on_prefect(stage) if number % 2 else stage
        kind = chance.choice([kind for kind in KINDS[Victim.POSTGRES] if stage.points[kind]])
        point = chance.randint(1, stage.points[kind])
        found.append(go_through(field, stage, kind, point, seconds=seconds, patience_s=patience_s))
        told(found[-1])
    return found


def _tell(outage: Outage) -> None:
    how = "outlived" if outage.is_outlived else "run again"
    trial = outage.trial
    struck = f"{', '.join(map(str, trial.strikes))} {'' if outage.is_whole else '(shorter)'}"
    print(f"{trial.stage}: {struck} {how}", *trial.wrong[:12], sep="\n    ", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outages", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311
    with campaign_folder() as folder, field_in(folder) as field:
        found = go_through_all(
            field,
            walk(field),
            outages=given.outages,
            seconds=given.seconds,
            chance=chance,
            told=_tell,
        )
    whole = [outage for outage in found if outage.is_whole]
    outlived = sum(outage.is_outlived for outage in whole)
    wrong = [outage for outage in found if outage.trial.wrong]
    print(f"{len(whole)} outages, {outlived} outlived, {len(wrong)} with a difference")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
