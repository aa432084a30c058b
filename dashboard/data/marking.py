"""What the marking page shows around its desk."""

from dashboard.core import open_database
from viatique.db.copies import find_copy
from viatique.db.exams import Exam, find_exam
from viatique.models import CopyId


def to_mark(copy_id: CopyId) -> tuple[Exam, int]:
    """The exam of a copy, and how many pages the copy has.

    Raises:
        NotFound: there is no such copy.
    """
    with open_database().transaction() as connection:
        copy = find_copy(connection, copy_id)
        return find_exam(connection, copy.exam_id), copy.page_count
