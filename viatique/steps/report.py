"""Where an exam stands and what waits for a person: the table at the end of every run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from viatique.db import completeness, copies, identities
from viatique.db.exams import Exam, find_exam
from viatique.db.identities import Evidence
from viatique.db.pool import Connection, Database
from viatique.db.sources import list_sources
from viatique.identity.review_queue import review_order
from viatique.lifecycle import MARKABLE, CopyStatus
from viatique.models import CopyId, ExamId, IdentityReason, IdentityState
from viatique.run import Run

MANY_STRANGERS = 3
"""Copies that fit nobody from which another exam's roster is thought of: fewer are late-comers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyProblem:
    """A copy a person must look at, with the codes of the reasons.

    Attributes:
        page_defects: 1-based pages and the codes of what is wrong with them.
    """

    copy_id: CopyId
    reasons: tuple[str, ...]
    missing_pages: tuple[int, ...] = ()
    page_defects: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamReport:
    """Counts and waiting copies of one exam; ids and codes only.

    Attributes:
        in_review: in the order that helps most (``viatique.identity.review_queue``).
        unmarked: copies that could be marked and whose marks are not complete.
        failed: copies whose last work failed.
    """

    exam: Exam
    pages: int
    statuses: dict[CopyStatus, int]
    identities: dict[IdentityState, int]
    quarantined: tuple[CopyProblem, ...]
    in_review: tuple[CopyProblem, ...]
    failed: tuple[CopyProblem, ...]
    unmarked: int

    @property
    def copy_count(self) -> int:
        return sum(self.statuses.values())

    @property
    def strangers(self) -> int:
        """Copies that fit nobody, where more do so than were identified: another exam's roster?"""
        found = sum(IdentityReason.NOBODY_FITS in one.reasons for one in self.in_review)
        return strangers_among(found, self.identities)


def strangers_among(fitting_nobody: int, identities: Mapping[IdentityState, int]) -> int:
    """Those that fit nobody where the roster may be another exam's, else 0."""
    known = identities[IdentityState.AUTO] + identities[IdentityState.CONFIRMED]
    is_wrong = fitting_nobody >= MANY_STRANGERS and fitting_nobody > known
    return fitting_nobody if is_wrong else 0


def report_exam(database: Database, exam_id: ExamId) -> ExamReport:
    """The exam as it stands now.

    Raises:
        NotFound: there is no such exam.
    """
    with database.transaction() as connection:
        exam = find_exam(connection, exam_id)
        stored = copies.list_copies(connection, exam_id)
        evidence = identities.list_evidence(connection, exam_id)
        defects = copies.list_page_defects(connection, exam_id)
        markable = [copy for copy in stored if copy.status in MARKABLE]
        return ExamReport(
            exam=exam,
            pages=sum(source.page_count for source in list_sources(connection, exam_id)),
            statuses=copies.count_statuses(connection, exam_id),
            identities=identities.count_identities(connection, exam_id),
            quarantined=tuple(
                replace(
                    _problem(copy, (copy.problem or "",)),
                    page_defects=tuple(defects.get(copy.copy_id, {}).items()),
                )
                for copy in stored
                if copy.status is CopyStatus.QUARANTINE
            ),
            in_review=tuple(
                _problem(copy, evidence.get(copy.copy_id, Evidence()).reasons)
                for copy in _queue(stored, evidence)
            ),
            failed=tuple(
                _problem(copy, (copy.error_code,)) for copy in stored if copy.error_code is not None
            ),
            unmarked=len(markable) - _count_complete(connection, exam),
        )


def _queue(stored: Sequence[copies.Copy], evidence: Mapping[CopyId, Evidence]) -> list[copies.Copy]:
    """The copies in review, in the order that helps most."""
    waiting = {copy.copy_id: copy for copy in stored if copy.identity is IdentityState.REVIEW}
    candidates = {copy_id: evidence.get(copy_id, Evidence()).candidates for copy_id in waiting}
    return [waiting[copy_id] for copy_id in review_order(candidates)]


def _problem(copy: copies.Copy, reasons: tuple[str, ...]) -> CopyProblem:
    return CopyProblem(copy_id=copy.copy_id, reasons=reasons, missing_pages=copy.missing_pages)


def _count_complete(connection: Connection, exam: Exam) -> int:
    leaves = [leaf.question_id for leaf in exam.scheme.leaves()]
    return completeness.count_complete(connection, exam.exam_id, leaves=leaves)


def count_changed(database: Database, run: Run) -> int:
    """Copies this run changed."""
    with database.transaction() as connection:
        return copies.count_changed(connection, run)


def count_failures(database: Database, exam_id: ExamId, run: Run) -> int:
    """Copies whose work failed in this run and was not mended since."""
    with database.transaction() as connection:
        return copies.count_failures(connection, exam_id, run)
