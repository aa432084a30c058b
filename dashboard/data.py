"""What the dashboard shows, read from the core. It writes nothing but views of names."""

import functools
from contextlib import ExitStack
from dataclasses import dataclass

import cv2
import numpy as np

from viatique.db import audit, copies, identities
from viatique.db.accounts import Account
from viatique.db.audit import AuditEvent
from viatique.db.copies import Copy
from viatique.db.exams import Exam, list_exams, list_students
from viatique.db.pool import Database
from viatique.files import Kind, Store
from viatique.lifecycle import Action
from viatique.models import Candidate, CopyId, ExamId, HeaderReading, Rect, Student, StudentId
from viatique.ocr import evidence
from viatique.pdf.render import render_page, render_png
from viatique.run import new_run
from viatique.services.local import ensure
from viatique.settings import load_settings
from viatique.steps.report import ExamReport, report_exam
from viatique.steps.verify_audit import verify_audit

PAGE_DPI, HEADER_DPI = 90, 130
HEADER_MARGIN = 0.04
"""Paper shown around the fields of a header, in page heights."""
TOP_OF_PAGE = Rect(x0=0, y0=0, x1=1, y1=0.33)
"""What is shown when no form was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToIdentify:
    """A copy whose identity a person is asked for.

    Attributes:
        header: PNG of its header, upright.
        candidates: best first, with the students as the roster has them.
    """

    copy: Copy
    header: bytes
    candidates: tuple[tuple[Candidate, Student], ...]
    reasons: tuple[str, ...]


@functools.cache
def open_database() -> Database:
    """The database of this process; the local one is kept running as long as the process."""
    services = ExitStack().enter_context(
        ensure(load_settings(), prefect=False, on_progress=lambda _message: None)
    )
    return Database(services.database_dsn).open()


@functools.cache
def store() -> Store:
    """The file store."""
    settings = load_settings()
    return Store(settings.store_url or str(settings.home_path / "store"))


def exams() -> tuple[Exam, ...]:
    """All exams, newest first."""
    with open_database().transaction() as connection:
        return list_exams(connection)


def report(exam_id: ExamId) -> ExamReport:
    """Where an exam stands."""
    return report_exam(open_database(), exam_id)


def copies_of(exam_id: ExamId) -> tuple[Copy, ...]:
    """All copies of an exam, in the order of the stack."""
    with open_database().transaction() as connection:
        return copies.list_copies(connection, exam_id)


def find_copy(copy_id: CopyId) -> Copy:
    """A copy.

    Raises:
        NotFound: there is none.
    """
    with open_database().transaction() as connection:
        return copies.find_copy(connection, copy_id)


def history(copy_id: CopyId) -> tuple[AuditEvent, ...]:
    """What happened to a copy, oldest first."""
    with open_database().transaction() as connection:
        return audit.list_events_of_copy(connection, copy_id)


def events(
    *, exam_id: str, copy_id: str, action: Action | None, correlation_id: str, before: int | None
) -> tuple[AuditEvent, ...]:
    """A page of the audit trail, newest first; empty texts filter nothing."""
    with open_database().transaction() as connection:
        return audit.list_events(
            connection,
            exam_id=ExamId(exam_id) if exam_id else None,
            copy_id=CopyId(copy_id) if copy_id else None,
            action=action,
            correlation_id=correlation_id or None,
            before=before,
        )


def check_trail() -> tuple[int, list[str]]:
    """How many events there are, and what does not fit."""
    count, findings = verify_audit(open_database())
    return count, [f"{finding.copy_id or ''} {finding.message}" for finding in findings]


def final_pdf(copy_id: CopyId, exam_id: ExamId) -> bytes | None:
    """The final PDF of a copy."""
    with open_database().transaction() as connection:
        found = copies.list_final_pdfs(connection, exam_id).get(copy_id)
    return store().get(found[0], Kind.FINAL) if found else None


def page_png(copy: Copy, page: int) -> bytes | None:
    """A page (0-based) as people see it; None before the copy was cut."""
    if copy.file_sha256 is None:
        return None
    return render_png(store().get(copy.file_sha256, Kind.COPY), page, dpi=PAGE_DPI)


def roster(exam_id: ExamId) -> dict[StudentId, Student]:
    """The students of an exam by id."""
    with open_database().transaction() as connection:
        return {student.student_id: student for student in list_students(connection, exam_id)}


def note_view(copy_id: CopyId, account: Account) -> None:
    """Leaves an event that somebody looked at a page with its header."""
    with open_database().transaction() as connection:
        copy = copies.find_copy(connection, copy_id)
        audit.insert_event(
            connection,
            action=Action.VIEW_IDENTITY,
            exam_id=copy.exam_id,
            copy_id=copy_id,
            run=new_run(account.account_id),
            details={},
        )


def to_identify(copy_id: CopyId) -> ToIdentify:
    """What a person needs to say whose a copy is."""
    with open_database().transaction() as connection:
        copy = copies.find_copy(connection, copy_id)
        students = {item.student_id: item for item in list_students(connection, copy.exam_id)}
        found = identities.list_candidates(connection, copy.exam_id).get(copy_id, [])
        reasons = identities.list_reasons(connection, copy.exam_id).get(copy_id, [])
        readings = identities.list_readings(connection, copy.exam_id)
    reading = next((item.reading_sha256 for item in readings if item.copy_id == copy_id), None)
    header = evidence.from_bytes(store().get(reading, Kind.READING)) if reading else None
    return ToIdentify(
        copy=copy,
        header=_header_png(copy, header),
        candidates=tuple(
            (candidate, students[candidate.student_id])
            for candidate in found
            if candidate.student_id in students
        ),
        reasons=tuple(reasons),
    )


def _header_png(copy: Copy, reading: HeaderReading | None) -> bytes:
    if copy.file_sha256 is None:
        return b""
    page = render_page(store().get(copy.file_sha256, Kind.COPY), 0, dpi=HEADER_DPI)
    if reading and reading.turn:
        page = page[::-1, ::-1]
    zone = _header_zone(reading)
    height, width = page.shape
    part = page[
        round(zone.y0 * height) : round(zone.y1 * height),
        round(zone.x0 * width) : round(zone.x1 * width),
    ]
    _, png = cv2.imencode(".png", np.ascontiguousarray(part))
    return png.tobytes()


def _header_zone(reading: HeaderReading | None) -> Rect:
    """All fields with some paper around, as wide as the page."""
    zones = [field.zone for field in reading.fields if field.zone] if reading else []
    if not zones:
        return TOP_OF_PAGE
    return Rect(
        x0=0,
        y0=max(0.0, min(zone.y0 for zone in zones) - HEADER_MARGIN),
        x1=1,
        y1=min(1.0, max(zone.y1 for zone in zones) + HEADER_MARGIN),
    )
