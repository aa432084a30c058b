"""The long form of tests/hostile: thousands of hostile files, each put through all of the system.

    python -m tests.campaigns.hostile_input --inputs 10000 [--seed 0]

Scans are every attack once, then random changes of sound files and of attacks; tables are rosters,
marks (CSV and JSON) and exam files. Prints how many ended how, the longest stages, the most memory
a worker had, and every input that did not end well with the seed that makes it again. A stage that
takes much CPU is bad, or one that hangs: see ``tests.hostile.stages``.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.campaigns.folders import campaign_folder
from tests.hostile.judging import Verdict, judge_scan, peak_mib_of_children
from tests.hostile.mutations import PDF_TOKENS, TEXT_TOKENS, mutated
from tests.hostile.pdf_attacks import ATTACKS, SLOW, SOUND
from tests.hostile.stages import Spent
from tests.hostile.tables import TABLES, judge_table
from viatique.settings import Settings
from viatique.workbench import Workbench, open_workbench

Judge = Callable[[], Verdict]
SCAN_SHARE = 0.6


def scans(bench: Workbench, folder: Path, seeds: range) -> Iterator[tuple[str, Judge]]:
    """Attacks as they are, then files with random changes, with the name of each."""
    sound = {name: make() for name, make in SOUND.items()}
    for name, make in {**ATTACKS, **SLOW}.items():
        yield name, lambda make=make: judge_scan(bench, folder, make())
    parts = [*sound.items(), *((name, make()) for name, make in ATTACKS.items())]
    parts = [(name, data) for name, data in parts if len(data) < 100_000]
    for seed in seeds:
        name, data = parts[seed % len(parts)]
        changed = mutated(data, seed, PDF_TOKENS)
        yield f"{name}, seed {seed}", lambda data=changed: judge_scan(bench, folder, data)


def tables(bench: Workbench, folder: Path, seeds: range) -> Iterator[tuple[str, Judge]]:
    kinds = list(TABLES)
    for seed in seeds:
        kind = kinds[seed % len(kinds)]
        data = mutated(TABLES[kind], seed, TEXT_TOKENS)
        yield f"{kind}, seed {seed}", lambda k=kind, data=data: judge_table(bench, folder, k, data)


def run(inputs: Iterator[tuple[str, Judge]], outcomes: Counter[str]) -> tuple[list[str], Spent]:
    """Judges each; what did not end well, and the most a stage took."""
    bad: list[str] = []
    longest, last_told = Spent(), time.monotonic()
    for number, (name, judge) in enumerate(inputs, 1):
        try:
            verdict = judge()
        except Exception as error:  # noqa: BLE001  # told, and the next input judged
            bad.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
            print("BAD", bad[-1], flush=True)
            continue
        outcomes[verdict.outcome] += 1
        longest = longest.most(verdict.longest)
        if time.monotonic() - last_told > 60:
            last_told = time.monotonic()
            print(f"{number} inputs, {len(bad)} bad", flush=True)
    return bad, longest


def main() -> int:
    """1 when an input did not end well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    scan_count = int(SCAN_SHARE * arguments.inputs) - len(ATTACKS) - len(SLOW)
    first, last = arguments.seed, arguments.seed + arguments.inputs
    outcomes: Counter[str] = Counter()
    started = time.monotonic()
    with (
        campaign_folder() as folder,
        open_workbench(Settings(home=folder / "home", processes=2)) as bench,
    ):
        found = [
            run(tables(bench, folder, range(first + scan_count, last)), outcomes),
            run(scans(bench, folder, range(first, first + scan_count)), outcomes),
        ]
        peak_mib = peak_mib_of_children()
    for outcome, count in outcomes.most_common():
        print(f"{count:7} {outcome}")
    bad = [line for lines, _ in found for line in lines]
    longest = found[0][1].most(found[1][1])
    print(
        f"{outcomes.total() + len(bad)} inputs in {time.monotonic() - started:.0f} s, "
        f"longest stage {longest.wall_s:.1f} s by the clock, {longest.cpu_s:.1f} s of CPU, "
        f"most memory of a worker {peak_mib:.0f} MiB, {len(bad)} bad"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
