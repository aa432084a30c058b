"""A file of marks becomes scores, remarks and annotations: all of it, or nothing."""

import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path

from viatique.antivirus import check_bytes
from viatique.db import annotations, locks, marking
from viatique.db.copies import Copy, list_copies
from viatique.db.exams import find_exam
from viatique.db.locks import Hold
from viatique.db.marking import Appreciation, Scored
from viatique.db.pool import Connection
from viatique.db.sources import insert_marks_file, list_unrecorded_marks, mark_settled
from viatique.errors import Conflict, InvalidMarks
from viatique.files import Kind, read_given
from viatique.lifecycle import LockConflict
from viatique.marking.marks_file import CopyFacts, CopyMarks, check_marks, invalid_marks, read_marks
from viatique.models import Annotation, CopyId, ExamId, Sha256
from viatique.run import Run, new_run
from viatique.tracing import traced
from viatique.workbench import Workbench

logger = logging.getLogger("grading")


def receive_marks(
    bench: Workbench, exam_id: ExamId, path: Path, *, run: Run | None = None
) -> Sha256:
    """Checks a marks file against the exam and puts it into the store.

    Args:
        bench: what it works with.
        exam_id: the exam.
        path: the file.
        run: who does it; None: the system.

    Raises:
        InvalidMarks: with every problem, by line and column; nothing was kept.
        InfectedFile, AntivirusUnavailable: clamd refused it, or cannot be asked.
        NotFound: the file or the exam does not exist.
    """
    data = read_given(path, "marks file")
    check_bytes(bench.settings.clamd, data)
    with bench.database.transaction() as connection:
        _check(connection, exam_id, read_marks(data))
    sha256 = bench.store.put(data, Kind.MARKS)
    with bench.database.transaction() as connection:
        insert_marks_file(connection, exam_id, sha256, run=run or new_run())
    return sha256


@traced
def record_marks(bench: Workbench, run: Run, exam_id: ExamId, sha256: Sha256) -> int:
    """Records a received marks file in one transaction.

    Recording the same file again changes nothing; marks that are already there are left alone.

    Returns:
        How many copies changed.

    Raises:
        InvalidMarks: the exam changed since the file was received, so that it no longer fits. Then
            it waits no more: later, it would be written over what people did meanwhile.
    """
    data = bench.store.get(sha256, Kind.MARKS)
    try:
        changed = _record_all(bench, run, exam_id, sha256, data)
    except InvalidMarks:
        with bench.database.transaction() as connection:
            mark_settled(connection, exam_id, sha256)
        raise
    logger.info("marks_recorded", extra={"exam_id": exam_id, "copies": changed})
    return changed


def _record_all(bench: Workbench, run: Run, exam_id: ExamId, sha256: Sha256, data: bytes) -> int:
    given = read_marks(data)
    with bench.database.transaction() as connection:
        locks.keep_copies(connection, [item.copy_id for item in given])
        changing = _check(connection, exam_id, given)
        for item in changing:
            _record(connection, item, run)
        mark_settled(connection, exam_id, sha256)
    return len(changing)


def unrecorded_marks(bench: Workbench, exam_id: ExamId) -> list[Sha256]:
    """Marks files that were received and neither recorded nor refused, in the order they came."""
    with bench.database.transaction() as connection:
        return list(list_unrecorded_marks(connection, exam_id))


def _check(
    connection: Connection, exam_id: ExamId, given: tuple[CopyMarks, ...]
) -> tuple[CopyMarks, ...]:
    exam = find_exam(connection, exam_id)
    stored = {copy.copy_id: copy for copy in list_copies(connection, exam_id)}
    held = locks.list_held(connection, exam_id)
    changing = tuple(item for item in given if _changes(connection, stored, item))
    facts = {
        copy_id: CopyFacts(
            status=copy.status,
            is_held=copy_id in held,
            page_count=copy.page_count,
        )
        for copy_id, copy in stored.items()
    }
    problems = check_marks(changing, exam.scheme, facts)
    if problems:
        raise invalid_marks(problems)
    return changing


def _changes(connection: Connection, stored: dict[CopyId, Copy], item: CopyMarks) -> bool:
    copy = stored.get(item.copy_id)
    if copy is None:
        return True
    known = annotations.list_stored(connection, item.copy_id)
    return (
        bool(_changed_scores(connection, item))
        or item.appreciation not in {None, copy.appreciation}
        # in any order: those that stay keep their place before those that are added
        or (
            item.annotations is not None
            and Counter(item.annotations) != Counter(one.annotation for one in known)
        )
    )


def _changed_scores(connection: Connection, item: CopyMarks) -> list[Scored]:
    """What is stored with what the file says over it, where that is another thing."""
    known = {one.question: one for one in marking.list_scores(connection, item.copy_id)}
    named = sorted(item.scores.keys() | item.remarks.keys())
    before = {question: known.get(question, Scored(question=question)) for question in named}
    after = [
        replace(
            one,
            points=item.scores.get(question, one.points),
            remark=item.remarks.get(question, one.remark),
        )
        for question, one in before.items()
    ]
    return [one for one in after if one != before[one.question]]


def _record(connection: Connection, item: CopyMarks, run: Run) -> None:
    hold = Hold(copy_id=item.copy_id)
    for scored in _changed_scores(connection, item):
        _accepted(marking.put_score(connection, hold, scored, run=run))
    stored = marking.find_appreciation(connection, item.copy_id)
    if item.appreciation not in {None, stored.text}:
        text = Appreciation(text=item.appreciation or "", version=stored.version)
        _accepted(marking.put_appreciation(connection, hold, text, run=run))
    if item.annotations is not None:
        _replace_annotations(connection, hold, item.annotations, run)


def _replace_annotations(
    connection: Connection, hold: Hold, given: tuple[Annotation, ...], run: Run
) -> None:
    wanted = list(given)
    for one in annotations.list_stored(connection, hold.copy_id):
        if one.annotation in wanted:
            wanted.remove(one.annotation)
        else:
            _accepted(
                annotations.delete_annotation(
                    connection, hold, one.annotation_id, version=one.version, run=run
                )
            )
    for annotation in wanted:
        _accepted(annotations.insert_annotation(connection, hold, annotation, run=run))


def _accepted(outcome: int | LockConflict) -> None:
    """Nothing: the copies are kept from everybody else, and were checked."""
    if isinstance(outcome, LockConflict):
        raise Conflict(f"Marks were refused while they were recorded: {outcome}.")
