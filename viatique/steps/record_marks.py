"""A file of marks becomes scores, remarks and annotations: all of it, or nothing."""

import logging
from collections import Counter
from pathlib import Path

from viatique.db import marks
from viatique.db.copies import Copy, list_copies
from viatique.db.exams import find_exam
from viatique.db.marks import Mark
from viatique.db.pool import Connection
from viatique.db.sources import insert_marks_file, list_unrecorded_marks, mark_recorded
from viatique.errors import NotFound
from viatique.files import Kind
from viatique.lifecycle import MARKABLE
from viatique.marks_file import CopyFacts, CopyMarks, check_marks, invalid_marks, read_marks
from viatique.models import CopyId, ExamId, Sha256
from viatique.run import Run
from viatique.workbench import Workbench

logger = logging.getLogger("grading")


def receive_marks(bench: Workbench, exam_id: ExamId, path: Path) -> Sha256:
    """Checks a marks file against the exam and puts it into the store.

    Raises:
        InvalidMarks: with every problem, by line and column; nothing was kept.
        NotFound: the file or the exam does not exist.
    """
    try:
        data = path.read_bytes()
    except OSError:
        raise NotFound("The marks file cannot be read.", next_step="Check its path.") from None
    with bench.database.transaction() as connection:
        _check(connection, exam_id, read_marks(data))
    sha256 = bench.store.put(data, Kind.MARKS)
    with bench.database.transaction() as connection:
        insert_marks_file(connection, exam_id, sha256)
    return sha256


def record_marks(bench: Workbench, run: Run, exam_id: ExamId, sha256: Sha256) -> int:
    """Records a received marks file in one transaction.

    Recording the same file again changes nothing; marks that are already there are left alone.

    Returns:
        How many copies changed.

    Raises:
        InvalidMarks: the exam changed since the file was received, so that it no longer fits.
    """
    given = read_marks(bench.store.get(sha256, Kind.MARKS))
    with bench.database.transaction() as connection:
        marks.lock_copies(connection, [item.copy_id for item in given])
        changing = _check(connection, exam_id, given)
        for item in changing:
            _record(connection, exam_id, item, run)
        mark_recorded(connection, exam_id, sha256)
    logger.info("marks_recorded", extra={"exam_id": exam_id, "copies": len(changing)})
    return len(changing)


def unrecorded_marks(bench: Workbench, exam_id: ExamId) -> list[Sha256]:
    """Marks files that were received and not yet recorded, in the order they came."""
    with bench.database.transaction() as connection:
        return list(list_unrecorded_marks(connection, exam_id))


def _check(
    connection: Connection, exam_id: ExamId, given: tuple[CopyMarks, ...]
) -> tuple[CopyMarks, ...]:
    exam = find_exam(connection, exam_id)
    stored = {copy.copy_id: copy for copy in list_copies(connection, exam_id)}
    changing = tuple(item for item in given if _changes(connection, stored, item))
    facts = {
        copy_id: CopyFacts(is_markable=copy.status in MARKABLE, page_count=copy.page_count)
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
    known = marks.list_marks_of_copy(connection, item.copy_id)
    annotations = Counter(marks.list_annotations(connection, item.copy_id).values())
    return (
        any(_merged(known, item, question) != known.get(question) for question in _questions(item))
        or item.appreciation not in {None, copy.appreciation}
        # in any order: those that stay keep their place before those that are added
        or (item.annotations is not None and Counter(item.annotations) != annotations)
    )


def _questions(item: CopyMarks) -> list[str]:
    return sorted(item.scores.keys() | item.remarks.keys())


def _merged(known: dict[str, Mark], item: CopyMarks, question: str) -> Mark:
    before = known.get(question, Mark(points=None, remark=""))
    return Mark(
        points=item.scores.get(question, before.points),
        remark=item.remarks.get(question, before.remark),
    )


def _record(connection: Connection, exam_id: ExamId, item: CopyMarks, run: Run) -> None:
    known = marks.list_marks_of_copy(connection, item.copy_id)
    for question in _questions(item):
        marks.put_mark(
            connection,
            exam_id=exam_id,
            copy_id=item.copy_id,
            question=question,
            mark=_merged(known, item, question),
            run=run,
        )
    if item.appreciation is not None:
        marks.put_appreciation(
            connection, exam_id=exam_id, copy_id=item.copy_id, text=item.appreciation, run=run
        )
    if item.annotations is not None:
        _replace_annotations(connection, exam_id, item, run)


def _replace_annotations(
    connection: Connection, exam_id: ExamId, item: CopyMarks, run: Run
) -> None:
    wanted = list(item.annotations or ())
    for annotation_id, annotation in marks.list_annotations(connection, item.copy_id).items():
        if annotation in wanted:
            wanted.remove(annotation)
        else:
            marks.delete_annotation(
                connection, exam_id=exam_id, annotation_id=annotation_id, run=run
            )
    for annotation in wanted:
        marks.insert_annotation(
            connection, exam_id=exam_id, copy_id=item.copy_id, annotation=annotation, run=run
        )
