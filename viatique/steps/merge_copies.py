"""Two copies handed in by one student become one: every page, mark and event is kept.

The second copy's pages follow the first's, cut anew from the scans. Its own history ends with the
merge; what was written on it goes on with the copy that stays.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from viatique.db import audit, identities, merges, pages
from viatique.db.copies import find_copy
from viatique.db.pool import Connection, Database
from viatique.errors import Conflict
from viatique.files import Store
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId, Sha256, StudentId
from viatique.run import Run
from viatique.steps.arrange_pages import (
    Pages,
    cut_file,
    kept_pages,
    read_pages,
    told_when_changed,
)
from viatique.steps.settle import check_on_roster

logger = logging.getLogger("viatique.steps")


def merge_copies(
    database: Database,
    store: Store,
    run: Run,
    keep: CopyId,
    other: CopyId,
    *,
    student_id: StudentId,
) -> None:
    """Makes ``other`` a part of ``keep``, and ``keep`` the student's by a person's word.

    Args:
        database: where.
        store: the files.
        run: who, under which correlation id.
        keep: the copy that stays; its pages come first.
        other: the copy whose pages and marks go to it.
        student_id: who wrote both.

    Raises:
        NotFound: no such copy, or the roster has no such student.
        Conflict: they are of two exams, one is finalized or being marked, both have marks for the
            same question, or their pages changed meanwhile.
    """
    if keep == other or keep.rpartition("-")[0] != other.rpartition("-")[0]:
        # what was typed may be no id, so it is not repeated
        raise Conflict("These cannot be merged: two copies of one exam can.")
    both = _Both(keep, other, read_pages(database, keep, other))
    with told_when_changed(database, both.before):
        file_sha256 = cut_file(store, kept_pages(both.pages))
    with database.transaction() as connection:
        # a decision that is being stored is not met half-way
        identities.lock_decisions(connection, ExamId(keep.rpartition("-")[0]))
        _check(connection, both)
        _move(connection, run, both, file_sha256)
        merges.delete_merged(connection, other)
        _name(connection, run, keep, student_id)
    logger.info("copies_merged", extra={"copy_id": keep})


@dataclass(frozen=True, slots=True)
class _Both:
    """Two copies and their pages as they were read."""

    keep: CopyId
    other: CopyId
    before: Mapping[CopyId, Pages]

    @property
    def pages(self) -> Pages:
        return (*self.before[self.keep], *self.before[self.other])


def _check(connection: Connection, both: _Both) -> None:
    for copy_id, standing in merges.lock_standings(connection, both.keep, both.other).items():
        if standing.is_finished:
            raise Conflict(f"Copy {copy_id} is finalized.", next_step="Reopen it first.")
        if standing.is_written_on:
            raise Conflict(
                f"Somebody is marking copy {copy_id}.",
                next_step="Merge when they have given it back, or take their lock away.",
            )
    for copy_id, expected in both.before.items():
        if pages.list_pages(connection, copy_id) != expected:
            raise Conflict(f"The pages of copy {copy_id} were changed meanwhile.")
    twice = merges.list_marked_twice(connection, both.keep, both.other)
    if twice:
        raise Conflict(
            f"Copies {both.keep} and {both.other} both have marks for {', '.join(twice)}.",
            next_step="Clear them on one of the two, then merge.",
        )


def _move(connection: Connection, run: Run, both: _Both, file_sha256: Sha256 | None) -> None:
    count = len(kept_pages(both.pages))
    shift = len(kept_pages(both.before[both.keep]))
    first_pages = [*pages.list_first_pages(connection, both.other).values()]
    pages.replace_pages(connection, {both.keep: both.pages, both.other: ()})
    moved = merges.move_marks(connection, both.keep, both.other, pages_before=shift)
    merges.keep_merged(connection, both.keep, file_sha256=file_sha256, page_count=count)
    exam_id = find_copy(connection, both.keep).exam_id
    came = {"from": both.other, "first_pages": first_pages, **moved}
    for copy_id, details in ((both.other, {"into": both.keep}), (both.keep, came)):
        audit.insert_event(
            connection,
            action=Action.MERGE,
            exam_id=exam_id,
            copy_id=copy_id,
            run=run,
            details={**details, "pages": count},
        )


def _name(connection: Connection, run: Run, keep: CopyId, student_id: StudentId) -> None:
    exam_id = find_copy(connection, keep).exam_id
    check_on_roster(connection, exam_id, student_id)
    identities.release_student(connection, exam_id, student_id, keep, run=run)
    if not identities.settle(connection, keep, student_id, run=run):
        raise Conflict(
            f"Student {student_id} already has another confirmed copy.",
            next_step="Merge into that copy.",
        )
