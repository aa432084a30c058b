"""What the identification desk shows of a copy whose identity a person is asked for."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from dashboard.core import open_database, store
from viatique.db import copies, identities
from viatique.db.copies import Copy
from viatique.db.exams import list_students
from viatique.db.merges import Proposal, list_proposals
from viatique.db.review import count_to_review, list_to_review
from viatique.drawing import draw_page
from viatique.files import Kind
from viatique.identity.review_queue import review_order
from viatique.models import (
    Candidate,
    CopyId,
    ExamId,
    HeaderReading,
    IdentityReason,
    Rect,
    Student,
    StudentId,
)
from viatique.ocr import evidence

HEADER_DPI = 130
HEADER_MARGIN = 0.04
"""Paper shown around the fields of a header, in page heights."""
AHEAD = 20
"""Copies among which the one comes next whose answer settles most."""
TOP_OF_PAGE = Rect(x0=0, y0=0, x1=1, y1=0.33)
"""What is shown when no form was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A copy that may be another part of the one on the desk."""

    copy_id: CopyId
    header: bytes
    student_id: StudentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ToIdentify:
    """A copy whose identity a person is asked for.

    Attributes:
        header: PNG of its header, upright.
        candidates: best first, with the students as the roster has them.
        rival: another copy that seems to be of the same student, and its header.
    """

    copy: Copy
    header: bytes
    candidates: tuple[tuple[Candidate, Student], ...]
    reasons: tuple[str, ...]
    rival: Rival | None


def queue(exam_id: ExamId, later: Sequence[CopyId]) -> tuple[CopyId | None, int]:
    """The next copy to confirm, those put off coming last; and how many there are."""
    with open_database().transaction() as connection:
        surest = list_to_review(connection, exam_id, without=later, limit=AHEAD)
        first = review_order(
            {one: identities.find_evidence(connection, one).candidates for one in surest}
        )
        put_off = () if first else list_to_review(connection, exam_id, without=(), limit=len(later))
        count = count_to_review(connection, exam_id)
    waiting = [*first, *(copy_id for copy_id in later if copy_id in put_off)]
    return (waiting[0] if waiting else None), count


def to_identify(copy_id: CopyId) -> ToIdentify:
    """What a person needs to say whose a copy is."""
    with open_database().transaction() as connection:
        copy = copies.find_copy(connection, copy_id)
        students = {item.student_id: item for item in list_students(connection, copy.exam_id)}
        found = identities.find_evidence(connection, copy_id)
        is_second = IdentityReason.SECOND_COPY in found.reasons
        proposals = list_proposals(connection, copy.exam_id) if is_second else ()
    return ToIdentify(
        copy=copy,
        header=_header(copy),
        candidates=tuple(
            (candidate, students[candidate.student_id])
            for candidate in found.candidates
            if candidate.student_id in students
        ),
        reasons=found.reasons,
        rival=_rival(copy_id, proposals),
    )


def search_roster(exam_id: ExamId, wish: str) -> list[Student]:
    """Students every word of the wish is found in, whatever accents and case; by name."""
    words = _plain(wish).split()
    with open_database().transaction() as connection:
        students = list_students(connection, exam_id) if words else ()
    found = [one for one in students if all(word in _searched(one) for word in words)]
    return sorted(found, key=_searched)


def _searched(student: Student) -> str:
    return _plain(f"{student.last_name} {student.first_name} {student.student_id} {student.group}")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text)
    return "".join(one for one in letters if not unicodedata.combining(one)).casefold()


def _rival(copy_id: CopyId, proposals: Sequence[Proposal]) -> Rival | None:
    for proposal in proposals:
        others = [other for other in proposal.copies if other != copy_id]
        if others and copy_id in proposal.copies:
            header = _header(_find(others[0]))
            return Rival(copy_id=others[0], header=header, student_id=proposal.student_id)
    return None


def _find(copy_id: CopyId) -> Copy:
    with open_database().transaction() as connection:
        return copies.find_copy(connection, copy_id)


def _header(copy: Copy) -> bytes:
    with open_database().transaction() as connection:
        reading = identities.find_reading(connection, copy.copy_id)
    return _header_png(
        copy, evidence.from_bytes(store().get(reading, Kind.READING)) if reading else None
    )


def _header_png(copy: Copy, reading: HeaderReading | None) -> bytes:
    if copy.file_sha256 is None:
        return b""
    page = draw_page(store().get(copy.file_sha256, Kind.COPY), 0, dpi=HEADER_DPI)
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
