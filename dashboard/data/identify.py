"""What the identification desk shows of a copy whose identity a person is asked for."""

from dataclasses import dataclass

import cv2
import numpy as np

from dashboard.core import open_database, store
from viatique.db import copies, identities
from viatique.db.copies import Copy
from viatique.db.exams import list_students
from viatique.files import Kind
from viatique.models import Candidate, CopyId, HeaderReading, Rect, Student
from viatique.ocr import evidence
from viatique.pdf.render import render_page

HEADER_DPI = 130
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
