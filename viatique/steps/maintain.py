"""Chores that keep the house in order: each can be run at any time and any number of times.

What a chore finds broken is logged by id and counted; the others go on.
"""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePosixPath

from viatique.db import erasure, housekeeping
from viatique.errors import FinalError, ViatiqueError
from viatique.files import Kind
from viatique.models import ExamId
from viatique.run import Run
from viatique.seal_files import seal_files_of
from viatique.steps.erase import erase_exam, remove_doomed
from viatique.steps.log_trail import log_trail
from viatique.steps.mend_copy import mend_copy_file
from viatique.steps.seal_trail import seal_trail
from viatique.workbench import Workbench

logger = logging.getLogger("viatique.steps")

ORPHAN_AGE_S = 24 * 3600
"""Age from which a file no row points to is an orphan: a file is stored before its row."""
SLICES = 16
"""Nights in which every stored file is read once: one slice a night, by the first digit."""
BATCH = 500


class Chore(StrEnum):
    LOG = "log"
    SEAL = "seal"
    CLAIMS = "claims"
    RETENTION = "retention"
    ORPHANS = "orphans"
    SCRUB = "scrub"
    STATISTICS = "statistics"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoreOutcome:
    """What a chore did.

    Attributes:
        done: events logged or sealed, claims freed, exams erased, files removed or read,
            partitions made.
        problems: what it found broken; the log names each.
    """

    chore: Chore
    done: int
    problems: int = 0


def run_chore(bench: Workbench, run: Run, chore: Chore, *, is_whole: bool = False) -> ChoreOutcome:
    """Does one chore.

    Args:
        bench: what it works with.
        run: under which events are left.
        chore: which.
        is_whole: reads every stored file, not tonight's slice of them.

    Raises:
        ViatiqueError: the chore could not be done.
    """
    if chore is Chore.SCRUB:
        outcome = _scrub(bench, is_whole=is_whole)
    else:
        outcome = ChoreOutcome(chore=chore, done=_DOING[chore](bench, run))
    logger.info(
        "chore_done", extra={"chore": chore, "done": outcome.done, "problems": outcome.problems}
    )
    return outcome


def _seal(bench: Workbench, _run: Run) -> int:
    return seal_trail(bench.sealer, seal_files_of(bench.settings))


def _log(bench: Workbench, _run: Run) -> int:
    return log_trail(bench.database, bench.settings.home_path / "logs")


def _claims(bench: Workbench, _run: Run) -> int:
    with bench.database.transaction() as connection:
        housekeeping.delete_expired_sessions(connection)
        return housekeeping.delete_abandoned_claims(connection)


def _retention(bench: Workbench, run: Run) -> int:
    """Erases what is older than the retention period; 0 days keep everything.

    What an erasure that was killed had still to do is done as well.
    """
    exams = _exams_over(bench)
    for exam_id in exams:
        erase_exam(bench, run, exam_id)
    with bench.database.transaction() as connection:
        is_owed = erasure.is_rewriting_owed(connection)
    if is_owed:
        erasure.rewrite_tables(bench.owner)
    return len(exams)


def _exams_over(bench: Workbench) -> list[ExamId]:
    days = bench.settings.retention_days
    if not days:
        return []
    with bench.database.transaction() as connection:
        return housekeeping.list_exams_before(connection, days)


def _orphans(bench: Workbench, _run: Run) -> int:
    """Removes what nothing points to any more, temporary files included."""
    return remove_doomed(bench) + _remove_unneeded(bench) + _remove_left_behind(bench)


def _remove_unneeded(bench: Workbench) -> int:
    """Stored files no row points to, when they are old enough by the store's own clock."""
    removed = 0
    oldest = bench.store.now() - ORPHAN_AGE_S
    old = [name for name, written in bench.store.list_names() if written < oldest]
    for start in range(0, len(old), BATCH):
        names = old[start : start + BATCH]
        with bench.database.transaction() as connection:
            bare = [PurePosixPath(name).name for name in names]
            needed = housekeeping.list_needed(connection, bare)
        for name in names:
            if PurePosixPath(name).name not in needed:
                bench.store.remove_name(name)
                removed += 1
    return removed


def _remove_left_behind(bench: Workbench) -> int:
    """What came in or was to go out through a process that was killed."""
    oldest = time.time() - ORPHAN_AGE_S
    left = [one for one in bench.passing_folder().iterdir() if one.stat().st_mtime < oldest]
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(left)


def _scrub(bench: Workbench, *, is_whole: bool) -> ChoreOutcome:
    """Reads stored files and compares them with their names; damaged copies are cut again."""
    prefix = "" if is_whole else _slice_of_tonight()
    problems = 0
    with bench.database.transaction() as connection:
        files = list(housekeeping.iterate_stored_files(connection, prefix=prefix))
    for sha256, kind in files:
        try:
            bench.store.get(sha256, kind)
        except FinalError:
            logger.exception("stored_file_corrupt", extra={"sha256": sha256, "kind": kind})
            if not (kind is Kind.COPY and mend_copy_file(bench, sha256)):
                problems += 1
    return ChoreOutcome(chore=Chore.SCRUB, done=len(files), problems=problems)


def _slice_of_tonight() -> str:
    """First digit of the files whose turn it is."""
    return f"{datetime.now(UTC).toordinal() % SLICES:x}"


def _statistics(bench: Workbench, _run: Run) -> int:
    return housekeeping.refresh_statistics(bench.owner)


_DOING: dict[Chore, Callable[[Workbench, Run], int]] = {
    Chore.LOG: _log,
    Chore.SEAL: _seal,
    Chore.CLAIMS: _claims,
    Chore.RETENTION: _retention,
    Chore.ORPHANS: _orphans,
    Chore.STATISTICS: _statistics,
}


def run_chores(
    bench: Workbench, run: Run, chores: Sequence[Chore], *, is_whole: bool
) -> list[ChoreOutcome]:
    """Does chores one after the other, in their order; one that fails holds up no other.

    Raises:
        ViatiqueError: the first failure, once all were tried.
    """
    outcomes, errors = [], []
    for chore in chores:
        try:
            outcomes.append(run_chore(bench, run, chore, is_whole=is_whole))
        except ViatiqueError as error:
            logger.exception("chore_failed", extra={"chore": chore})
            errors.append(error)
    if errors:
        raise errors[0]
    return outcomes
