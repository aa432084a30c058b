"""Kills: a stage begins, something is killed at some point, the same command runs again."""

import os
import random
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from tests.kills import runs
from tests.kills.ground import Ground
from tests.kills.outcome import Outcome, differences, observe, without_failures
from tests.kills.points import Kind, Plan, Victim
from viatique.services.processes import read_record

GRACE_S = 20.0
"""In which what a killed process leaves behind has to be gone."""
FLOW_WAITS_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A command, and how it ends undisturbed.

    Attributes:
        done_code: how it ends when it was done already and says so.
        points: how many of each kind it comes to.
        duration_s: how long it takes.
    """

    name: str
    state: str
    command: runs.Command
    code: int
    outcome: Outcome
    points: dict[Kind, int]
    duration_s: float
    is_ocr_real: bool = False
    done_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """What to kill and when: at a point, or after a time."""

    victim: Victim
    kind: Kind | None = None
    number: int = 0
    after_s: float = 0.0

    def __str__(self) -> str:
        when = f"{self.kind} {self.number}" if self.kind else f"{self.after_s:.3f} s"
        return f"{self.victim} at {when}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of kills, one after the other, of a command that then ran to its end.

    Attributes:
        strikes: those that struck: a run may have ended before.
    """

    stage: str
    strikes: tuple[Strike, ...]
    wrong: tuple[str, ...] = field(default=())


class Field:
    """Runs on one ground, each in a folder of its own."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._runs = ground.folder / f"runs-{ground.home.name}"
        self._count = 0

    def plan(self, **given: object) -> Plan:
        """A plan for the next run; without a point it only counts."""
        self._count += 1
        folder = self._runs / f"{self._count:05}"
        folder.mkdir(parents=True)
        return replace(Plan(folder=folder, root=self.ground.home), **given)  # type: ignore[arg-type]

    def command(self, *arguments: str | Path) -> runs.Command:
        return runs.Command(
            arguments=tuple(map(str, arguments)), environment=self.ground.environment
        )

    def run(self, command: runs.Command, plan: Plan) -> int:
        return runs.finish(runs.start(command, plan))

    def stage(
        self,
        name: str,
        *arguments: str | Path,
        is_ocr_real: bool = False,
        code: int = 0,
        done_code: int | None = None,
    ) -> Stage:
        """Keeps the present state, and runs the command undisturbed from there."""
        command = self.command(*arguments)
        self.ground.save(name)
        plan = self.plan(recorded=None if is_ocr_real else self.ground.recorded)
        started = time.monotonic()
        found = self.run(command, plan)
        assert found == code, runs.last_words(plan.folder)
        duration_s = time.monotonic() - started
        return Stage(
            name=name,
            state=name,
            command=command,
            code=code,
            outcome=observe(self.ground),
            points={kind: plan.points(kind) for kind in Kind},
            duration_s=duration_s,
            is_ocr_real=is_ocr_real,
            done_code=done_code,
        )

    def try_out(self, stage: Stage, strikes: Sequence[Strike]) -> Trial:
        """Kills a run, the next one and so on; when the last has ended all is as undisturbed."""
        self.ground.load(stage.state)
        struck: list[Strike] = []
        wrong: list[str] = []
        for strike in strikes:
            plan = self._struck_run(stage, strike)
            if plan.was_struck:
                struck.append(strike)
            wrong += self._left_processes(plan)
        wrong += self.run_again(stage)
        return self.conclude(stage, struck, wrong)

    def twice_at_once(self, stage: Stage) -> list[str]:
        """Two people give the command at the same time; what is not as if one had."""
        self.ground.load(stage.state)
        plans = [self.plan(recorded=self.recorded(stage)) for _ in range(2)]
        processes = [runs.start(stage.command, plan) for plan in plans]
        wrong = [
            f"ended with {code}: {runs.last_words(plan.folder)}"
            for process, plan in zip(processes, plans, strict=True)
            if (code := runs.finish(process)) != stage.code
        ]
        return list(self.conclude(stage, [], wrong).wrong)

    def run_again(self, stage: Stage) -> list[str]:
        """Runs the same command, undisturbed now; what is wrong with how it ends."""
        again = self.plan(recorded=self.recorded(stage))
        code = self.run(stage.command, again)
        if code in {stage.code, stage.done_code}:
            return []
        return [f"ended with {code}: {runs.last_words(again.folder)}"]

    def conclude(self, stage: Stage, struck: Sequence[Strike], wrong: Sequence[str]) -> Trial:
        """What came of it, when the last run has ended."""
        found = [*wrong, *self.compare(stage, {strike.victim for strike in struck})]
        found += self.leftovers()
        if not found:
            shutil.rmtree(self._runs, ignore_errors=True)
        return Trial(stage=stage.name, strikes=tuple(struck), wrong=tuple(found))

    def _struck_run(self, stage: Stage, strike: Strike) -> Plan:
        plan = self.plan(
            victim=strike.victim,
            kind=strike.kind or Kind.FLOW_SQL,
            number=strike.number,
            pids=self._service_pids(strike.victim),
            recorded=self.recorded(stage),
        )
        process = runs.start(stage.command, plan)
        if strike.after_s and self._struck_by_time(process.pid or 0, plan, strike):
            plan.note_strike()
        # whoever lost the Prefect server would wait for it for minutes; a person does not
        runs.finish(process, patience_s=FLOW_WAITS_S if strike.victim is Victim.SERVER else 120)
        return plan

    def recorded(self, stage: Stage) -> Path | None:
        return None if stage.is_ocr_real else self.ground.recorded

    def _service_pids(self, victim: Victim) -> tuple[int, ...]:
        if victim is Victim.SERVER:
            record = read_record(self.ground.home / "run" / "prefect-server.json")
            return (record.pid,) if record else ()
        return self.ground.service_pids() if victim is Victim.POSTGRES else ()

    def _struck_by_time(self, pid: int, plan: Plan, strike: Strike) -> bool:
        time.sleep(strike.after_s)
        victims = {
            Victim.FLOW: lambda: [pid],
            Victim.POOL: lambda: [one for one in plan.pool_pids() if runs.is_alive(one)][-1:],
        }.get(strike.victim, plan.service_pids)()
        return [_kill(victim) for victim in victims] not in ([], [False])

    def _left_processes(self, plan: Plan) -> list[str]:
        """Processes of a run that is over and that are there still."""
        pids = plan.pool_pids()
        if runs.wait_until(lambda: not any(map(runs.is_alive, pids)), patience_s=GRACE_S):
            return []
        return ["it left processes behind"]

    def compare(self, stage: Stage, victims: Collection[Victim]) -> list[str]:
        """What is not as it is undisturbed; a pool process that was killed failed its job once."""
        found = observe(self.ground)
        expected = stage.outcome
        if Victim.POOL in victims:
            expected, found = without_failures(expected), without_failures(found)
        return differences(expected, found)

    def leftovers(self) -> list[str]:
        """Temporary files, and notes of processes that are gone, beside what the outcome lists."""
        run = self.ground.home / "run"
        names = [path.relative_to(run).as_posix() for path in run.rglob(".writing-*")]
        own = f"{os.getpid()}-"
        notes = [path.name for path in (run / "users").glob("*.json")]
        names += [f"users/{name}" for name in notes if not name.startswith(own)]
        names += [f"tmp/{path.name}" for path in self.ground.temporary.iterdir()]
        return [f"left: {name}" for name in names]


def _kill(pid: int) -> bool:
    try:
        psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        return False
    return True


def draw(stage: Stage, victim: Victim, chance: random.Random) -> Strike:
    """A strike at a random point of a random kind, or after a random time."""
    kinds: list[Kind | None] = [kind for kind in KINDS[victim] if stage.points[kind]]
    if victim is not Victim.BACKEND:
        kinds.append(None)
    kind = chance.choice(kinds)
    if kind is None:
        return Strike(victim=victim, after_s=chance.uniform(0.001, stage.duration_s))
    return Strike(victim=victim, kind=kind, number=chance.randint(1, stage.points[kind]))


KINDS: dict[Victim, tuple[Kind, ...]] = {
    Victim.FLOW: (Kind.FLOW_SQL, Kind.FLOW_FILE, Kind.POOL_FILE, Kind.POOL_JOB),
    Victim.POOL: (Kind.POOL_FILE, Kind.POOL_JOB),
    Victim.POSTGRES: (Kind.FLOW_SQL, Kind.FLOW_FILE, Kind.POOL_JOB),
    Victim.BACKEND: (Kind.FLOW_SQL,),
    Victim.SERVER: (Kind.FLOW_SQL, Kind.FLOW_FILE, Kind.POOL_JOB),
}
