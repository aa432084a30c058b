"""What the quarantine desk shows."""

from dataclasses import dataclass

from dashboard.core import open_database
from viatique.db.copies import Copy, find_copy
from viatique.db.exams import find_exam
from viatique.db.listings import CopyFilter, ListedCopy, list_copies_after
from viatique.db.pages import CopyPage, ToRescan, list_pages, list_to_rescan
from viatique.lifecycle import CopyStatus
from viatique.models import CopyId, ExamId

WAITING_SHOWN = 100
IN_QUARANTINE = CopyFilter(status=CopyStatus.QUARANTINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A copy with its pages; ``expected``: pages of a complete copy of the exam."""

    copy: Copy
    expected: int
    pages: tuple[CopyPage, ...]


def waiting_in(exam_id: ExamId) -> tuple[ListedCopy, ...]:
    """The first copies of the exam that are in quarantine."""
    with open_database().transaction() as connection:
        return list_copies_after(connection, exam_id, 0, wanted=IN_QUARANTINE, limit=WAITING_SHOWN)


def quarantined(copy_id: CopyId) -> Quarantined:
    """A copy and its pages.

    Raises:
        NotFound: there is none.
    """
    with open_database().transaction() as connection:
        copy = find_copy(connection, copy_id)
        return Quarantined(
            copy=copy,
            expected=find_exam(connection, copy.exam_id).pages_per_copy,
            pages=list_pages(connection, copy_id),
        )


def to_rescan(exam_id: ExamId) -> tuple[ToRescan, ...]:
    """Copies whose sheets are to be scanned again."""
    with open_database().transaction() as connection:
        return list_to_rescan(connection, exam_id)
