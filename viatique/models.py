"""The values that travel between the pure rules, the adapters and the steps.

Nothing here reads a clock, a file or a database. Pages are 0-based in values and 1-based only
where people read them; rectangles are fractions of a page as it is seen (turned, halved), origin
top left, x to the right, y down.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NewType

import numpy as np
from numpy.typing import NDArray

ExamId = NewType("ExamId", str)
CopyId = NewType("CopyId", str)
StudentId = NewType("StudentId", str)
"""The roster's own id (INE, candidate number...), a string as written in the roster."""
Sha256 = NewType("Sha256", str)
"""64 hexadecimal digits; names a file in the store."""


class Layout(StrEnum):
    A4 = "a4"
    A3_FOLDED = "a3-folded"
    AUTO = "auto"


class Language(StrEnum):
    FR = "fr"
    EN = "en"


class Segmentation(StrEnum):
    PAGES = "pages"
    HEADER = "header"


class FieldName(StrEnum):
    LAST_NAME = "last_name"
    FIRST_NAME = "first_name"
    BIRTH_DATE = "birth_date"
    STUDENT_NUMBER = "student_number"


class Half(StrEnum):
    """Which part of a scanned side a page is; the side is taken with its /Rotate honoured."""

    WHOLE = "whole"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """A rectangle in fractions [0, 1] of a page as seen."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one page of a copy lies in the scan.

    Attributes:
        source_page: 0-based page of the scan file.
        half: the part of that page, before turning.
        turn: clockwise degrees that put the page upright: 0 or 180.
    """

    source_page: int
    half: Half = Half.WHOLE
    turn: int = 0


class HeaderForm(StrEnum):
    AUTO = "auto"
    ZONES = "zones"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderSpec:
    """What the exam says of its header: fields to read and, for ``zones``, where they are."""

    form: HeaderForm = HeaderForm.AUTO
    fields: tuple[FieldName, ...] = (FieldName.LAST_NAME, FieldName.FIRST_NAME)
    zones: tuple[tuple[FieldName, Rect], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """One line of the roster. The only value that holds a person's name."""

    student_id: StudentId
    last_name: str = field(repr=False)
    first_name: str = field(repr=False)
    birth_date: date | None = field(default=None, repr=False)
    group: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    student_number: str = field(default="", repr=False)
    """The number written in headers when it is not the roster id itself."""


class FieldState(StrEnum):
    READ = "read"
    EMPTY = "empty"
    """The field is on the page and nobody wrote in it."""
    MISSING = "missing"
    """The field was not found on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReading:
    """What the recogniser saw in one header field.

    Attributes:
        log_probs: float32 (T, K) natural-log posteriors of the folded alphabet, column 0 = CTC
            blank (``viatique.identity.matching`` has the alphabet); shape (0, K) unless state is
            READ.
        text: the free reading, for people on authorised screens; personal data.
        zone: where the field was found on the upright page.
    """

    name: FieldName
    state: FieldState
    log_probs: NDArray[np.float32] = field(repr=False)
    text: str = field(default="", repr=False)
    zone: Rect | None = None


NO_ENGINE = "unreadable"
"""Engine of a reading that stands for a header the OCR could not be run on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderReading:
    """The whole header of one copy as read: enough to decide again without the scan.

    Attributes:
        fields: the exam's fields, in its order; empty when no header was found on the page.
        turn: clockwise degrees that put the page upright (0 or 180), as found while reading.
        engine: names and versions of the models, for the evidence.
    """

    fields: tuple[FieldReading, ...]
    turn: int = 0
    engine: str = ""


class IdentityState(StrEnum):
    PENDING = "PENDING"
    AUTO = "AUTO"
    REVIEW = "REVIEW"
    CONFIRMED = "CONFIRMED"
    UNKNOWN = "UNKNOWN"


class IdentityReason(StrEnum):
    """Why a copy goes to review (or what supports an automatic identity), for people."""

    READING_FAILED = "reading_failed"
    NO_HEADER = "no_header"
    EMPTY_HEADER = "empty_header"
    MISSING_FIELD = "missing_field"
    EMPTY_FIELD = "empty_field"
    UNREADABLE = "unreadable"
    NOBODY_FITS = "nobody_fits"
    TOO_CLOSE = "too_close"
    SECOND_COPY = "second_copy"
    FIELDS_SWAPPED = "fields_swapped"
    FIELD_DISAGREES = "field_disagrees"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A student a copy may belong to, with the probability given this copy and this roster."""

    student_id: StudentId
    probability: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided for one copy, ids only.

    Attributes:
        state: AUTO or REVIEW.
        student_id: set if and only if AUTO.
        confidence: probability of the best candidate, in [0, 1]; 0 without one.
        candidates: best first, at most 5, whatever the state.
    """

    copy_id: CopyId
    state: IdentityState
    student_id: StudentId | None
    confidence: float
    candidates: tuple[Candidate, ...]
    reasons: tuple[IdentityReason, ...]


class AnnotationKind(StrEnum):
    COMMENT = "COMMENT"
    HIGHLIGHT = "HIGHLIGHT"
    ERROR = "ERROR"
    BONUS = "BONUS"
    TICK = "TICK"
    CROSS = "CROSS"
    FREEHAND = "FREEHAND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A marker's remark on a page of the copy.

    Attributes:
        page: 0-based page of the copy.
        strokes: for FREEHAND, polylines of (x, y) fractions of the page as seen; empty otherwise.
        points: signed, added to nothing: what the remark is about, shown beside it.
    """

    page: int
    rect: Rect
    kind: AnnotationKind
    text: str = ""
    points: Decimal | None = None
    strokes: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One line of the score page: a question or a heading of the marking scheme.

    Attributes:
        depth: 0 for the outermost level of the tree.
        points: None for a question nobody scored.
    """

    question: str
    label: str
    depth: int
    points: Decimal | None
    maximum: Decimal
    remark: str = ""
    is_leaf: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSheet:
    """All that the score page shows. Anonymous: no student is on it."""

    exam_name: str
    exam_date: date | None
    copy_id: CopyId
    rows: tuple[ScoreRow, ...]
    total: Decimal
    maximum: Decimal
    appreciation: str = ""
