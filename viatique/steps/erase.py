"""A student's personal data, or all of an exam, leaves Viatique; the sealed trail stays whole.

What goes: the roster line, the copy with its pages, readings, marks, remarks, drafts and final
PDFs, the pages in the scan itself, the marks files that name the copy, the picture of `exam check`,
what lies in the inbox. What stays: events, which hold ids only. Stored files go right after the
commit; what a crash leaves is removed by the next maintenance.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from viatique.db import erasure, identities, sources
from viatique.db.audit import insert_event
from viatique.db.copies import list_copies
from viatique.db.exams import find_exam, list_students
from viatique.db.pool import Connection
from viatique.errors import Conflict, NotFound
from viatique.files import Kind
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId, Half, Sha256, Student, StudentId
from viatique.pdf.erase import without_pages
from viatique.run import Run
from viatique.steps.inbox import inbox_folder
from viatique.tables import decode_text
from viatique.unfinished import unfinished_folder
from viatique.workbench import Workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasable:
    """What there is of a student: shown before it is erased.

    Attributes:
        pages: of the copies, in their scans.
        marks_files: those that name one of the copies, or one that was merged into them, with what
            else they hold.
        named_on: other copies on which a marker wrote the last name; a person has to look.
    """

    student: Student = field(repr=False)
    copies: tuple[CopyId, ...]
    pages: tuple[erasure.ErasedPage, ...]
    marks_files: tuple[Sha256, ...]
    named_on: tuple[CopyId, ...]


def find_erasable(bench: Workbench, exam_id: ExamId, student_id: StudentId) -> Erasable:
    """All there is of a student.

    Raises:
        NotFound: no such exam, or nobody on its roster has this id.
    """
    with bench.database.transaction() as connection:
        find_exam(connection, exam_id)
        roster = {student.student_id: student for student in list_students(connection, exam_id)}
        if student_id not in roster:
            raise NotFound(f"The roster of exam {exam_id} has no such student.")
        copies = erasure.lock_copies_of(connection, exam_id, student_id)
        merged = erasure.list_merged_into(connection, copies)
        pages = erasure.list_pages(connection, copies)
        naming = erasure.list_copies_naming(connection, exam_id, roster[student_id].last_name)
        files = [one for one in erasure.list_files(connection, exam_id) if one[1] is Kind.MARKS]
    return Erasable(
        student=roster[student_id],
        copies=tuple(copies),
        pages=tuple(pages),
        marks_files=tuple(
            sha256 for sha256, _ in files if _names_one(bench, sha256, [*copies, *merged])
        ),
        named_on=tuple(copy_id for copy_id in naming if copy_id not in copies),
    )


def erase_student(bench: Workbench, run: Run, exam_id: ExamId, student_id: StudentId) -> Erasable:
    """Erases all there is of a student, with one ERASE event; returns what it was.

    Raises:
        NotFound: no such exam or student.
        Conflict: the copy is being worked on, or its scan is not cut to the end.
    """
    found = find_erasable(bench, exam_id, student_id)
    scans = _scans_without(bench, found.pages)
    with bench.database.transaction() as connection:
        identities.lock_decisions(connection, exam_id)  # no roster is changed meanwhile
        _check_free(connection, exam_id, student_id, found)
        doomed = erasure.list_files(connection, exam_id, found.copies)
        doomed += [(sha256, Kind.MARKS) for sha256 in found.marks_files]
        names = (found.student.last_name, found.student.first_name)
        erasure.forget_file_names(connection, exam_id, names)
        for source_id, (before, after) in scans.items():
            erasure.mark_content(connection, source_id, after)
            doomed.append((before, Kind.SCAN))
        for sha256 in found.marks_files:
            erasure.delete_marks_file(connection, exam_id, sha256)
        erasure.delete_claims(connection, found.copies)
        for copy_id in found.copies:
            erasure.delete_tree(connection, "copy", {"copy_id": copy_id})
        key = {"exam_id": exam_id, "student_id": student_id}
        erasure.delete_tree(connection, "student", key)
        _tell(connection, run, exam_id, found.copies, student=student_id, pages=len(found.pages))
        erasure.doom_files(connection, doomed)
        _forget_beside(bench, exam_id)
    remove_doomed(bench)
    return found


def erase_exam(bench: Workbench, run: Run, exam_id: ExamId) -> int:
    """Erases all people and files of an exam, with an ERASE event a copy and one for the rest.

    The exam itself stays, as a name and a marking scheme that events refer to.

    Returns:
        How many students were erased.

    Raises:
        NotFound: no such exam.
        Conflict: a copy or scan is being worked on.
    """
    with bench.database.transaction() as connection:
        find_exam(connection, exam_id)
        identities.lock_decisions(connection, exam_id)
        students = len(list_students(connection, exam_id))
        copies = [copy.copy_id for copy in list_copies(connection, exam_id)]
        scans = [str(source.source_id) for source in sources.list_sources(connection, exam_id)]
        if erasure.has_live_claim(connection, [*copies, *scans]):
            raise _busy(exam_id)
        doomed = erasure.list_files(connection, exam_id)
        erasure.delete_claims(connection, [*copies, *scans])
        erasure.delete_tree(connection, "exam", {"exam_id": exam_id}, is_root_kept=True)
        for copy_id in copies:
            _tell(connection, run, exam_id, [copy_id])
        if students or copies or doomed:  # again, after it was killed, there is nothing to tell
            _tell(connection, run, exam_id, [], students=students)
        erasure.doom_files(connection, doomed)
        _forget_beside(bench, exam_id)
    remove_doomed(bench)
    return students


def finish_erasure(bench: Workbench, exam_id: ExamId, student_id: StudentId) -> bool:
    """Does what a run that was killed had still to do; False when the student is not erased yet."""
    with bench.database.transaction() as connection:
        is_there = any(one.student_id == student_id for one in list_students(connection, exam_id))
        if is_there or not erasure.list_erased(connection, exam_id, [student_id]):
            return False
    remove_doomed(bench)
    return True


def remove_doomed(bench: Workbench) -> int:
    """Removes the files whose rows were erased; returns how many."""
    with bench.database.transaction() as connection:
        doomed = erasure.list_doomed(connection)
    for file in doomed:
        bench.store.remove(*file)
        with bench.database.transaction() as connection:
            erasure.delete_doomed(connection, file)
    return len(doomed)


def _forget_beside(bench: Workbench, exam_id: ExamId) -> None:
    """Removes what lies beside the store, before the commit: later nobody would look there."""
    home = bench.settings.home_path
    (home / "checks" / f"{exam_id}.png").unlink(missing_ok=True)
    for name in ("received", "refused"):
        shutil.rmtree(inbox_folder(bench, exam_id) / name, ignore_errors=True)


def _names_one(bench: Workbench, sha256: Sha256, copies: Sequence[CopyId]) -> bool:
    """Whether a marks file holds something of one of the copies; case does not matter there."""
    marks = decode_text(bench.store.get(sha256, Kind.MARKS)).upper()
    return any(copy_id in marks for copy_id in copies)


def _scans_without(
    bench: Workbench, pages: Sequence[erasure.ErasedPage]
) -> dict[int, tuple[Sha256, Sha256]]:
    """The scans with the pages made blank, in the store: content before and after, by scan."""
    made = {}
    for source_id, group in groupby(pages, key=lambda page: page.source_id):
        with bench.database.transaction() as connection:
            before = sources.find_source(connection, source_id).sha256
            if erasure.is_source_at_work(connection, source_id):
                raise Conflict(
                    f"Scan {source_id} is not cut to the end.",
                    next_step="`viatique import` goes on with that; then erase.",
                )
        erased: dict[int, frozenset[Half]] = {}
        for page in group:
            erased[page.source_page] = erased.get(page.source_page, frozenset()) | {page.half}
        made[source_id] = (before, _blanked(bench, before, erased))
    return made


def _blanked(bench: Workbench, scan: Sha256, erased: dict[int, frozenset[Half]]) -> Sha256:
    """Fetched and stored here: that a slow store takes long is no fault of the job's."""
    with bench.store.local(scan, Kind.SCAN) as path, unfinished_folder() as folder:
        job = BlankJob(scan=path, erased=erased, blanked=folder / "scan.pdf")
        bench.pool.run_one(blank_pages, job)
        return bench.store.put_path(job.blanked, Kind.SCAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankJob:
    """A scan, the parts of its pages (0-based) that go, and the file to write."""

    scan: Path
    erased: dict[int, frozenset[Half]]
    blanked: Path


def blank_pages(job: BlankJob) -> None:
    """Runs in a worker process: writes the scan without what goes."""
    without_pages(job.scan, job.erased, job.blanked)


def _check_free(
    connection: Connection, exam_id: ExamId, student_id: StudentId, found: Erasable
) -> None:
    """Nothing changed since ``found`` was read, and nothing changes until the commit."""
    copies = erasure.lock_copies_of(connection, exam_id, student_id)
    if tuple(copies) != found.copies or erasure.has_live_claim(connection, copies):
        raise _busy(exam_id)


def _tell(
    connection: Connection,
    run: Run,
    exam_id: ExamId,
    copies: Sequence[CopyId],
    **details: object,
) -> None:
    for copy_id in copies or [None]:
        insert_event(
            connection,
            action=Action.ERASE,
            exam_id=exam_id,
            copy_id=copy_id,
            run=run,
            details=details,
        )


def _busy(exam_id: ExamId) -> Conflict:
    return Conflict(
        f"A copy of exam {exam_id} is being worked on.",
        next_step="Wait for the run that has it, then erase.",
    )
