"""The table of what is measured: names, labels with every value they take, bounds of buckets.

Pure. Whoever measures asks here for the label, whoever exports for the rest, so they cannot differ.
"""

from dataclasses import dataclass
from enum import StrEnum

from viatique.errors import (
    EngineFailure,
    EngineTimeout,
    StoredFileCorrupt,
    UnreadablePdf,
    ViatiqueError,
    WeightsInvalid,
)
from viatique.lifecycle import LockConflict
from viatique.models import IdentityState

DURATION_BOUNDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds: an import or a finalize."""
READING_BOUNDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0)
"""Seconds: one header takes 0.13 (2026-11-24)."""


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILED = "failed"


class OcrError(StrEnum):
    """Why nothing is known of a header."""

    TIMEOUT = "timeout"
    INVALID_PDF = "invalid_pdf"
    EMPTY_RESULT = "empty_result"
    """No header was found on the page."""
    ENGINE = "engine"
    UNKNOWN = "unknown"


PAGES_BUCKETS = ((10, "1-10"), (50, "11-50"), (100, "51-100"))
MORE_PAGES = "100+"
ATTEMPTS = ("1", "2", "3+")
DECISIONS = (IdentityState.AUTO, IdentityState.REVIEW)

Labels = tuple[tuple[str, tuple[str, ...]], ...]
"""Names of labels with all the values each may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric kept as observations.

    Attributes:
        bounds: of a histogram's buckets; a counter has none, and a name that ends in ``_total``.
    """

    name: str
    help: str
    labels: Labels
    bounds: tuple[float, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.labels)


IMPORT = Metric(
    name="grading_import_duration_seconds",
    help="Time from the start of a scan's import until its last copy was cut, or it failed.",
    labels=(
        ("status", tuple(Outcome)),
        ("pages_bucket", (*(name for _, name in PAGES_BUCKETS), MORE_PAGES)),
    ),
    bounds=DURATION_BOUNDS,
)
FINALIZE = Metric(
    name="grading_finalize_duration_seconds",
    help="Time to make and verify a final PDF, or to fail at it.",
    labels=(("status", tuple(Outcome)), ("retry_attempt", ATTEMPTS)),
    bounds=DURATION_BOUNDS,
)
IDENTIFY = Metric(
    name="grading_identify_duration_seconds",
    help="Time to read the header of a copy, by what was first decided from it.",
    labels=(("decision", tuple(state.lower() for state in DECISIONS)),),
    bounds=READING_BOUNDS,
)
OCR_ERRORS = Metric(
    name="grading_ocr_errors_total",
    help="Headers of which the OCR told nothing.",
    labels=(("error_type", tuple(OcrError)),),
)
LOCK_CONFLICTS = Metric(
    name="grading_lock_conflicts_total",
    help="Locks and writes refused because somebody else was first.",
    labels=(("conflict_type", tuple(LockConflict)),),
)
METRICS = (IMPORT, FINALIZE, IDENTIFY, OCR_ERRORS, LOCK_CONFLICTS)


def pages_bucket(pages: int) -> str:
    """The label of a scan with so many pages."""
    return next((name for limit, name in PAGES_BUCKETS if pages <= limit), MORE_PAGES)


def retry_attempt(retries: int) -> str:
    """The label of an attempt that comes after so many others."""
    return ATTEMPTS[min(retries, len(ATTEMPTS) - 1)]


def ocr_error(error: ViatiqueError) -> OcrError:
    """The label of what kept the OCR from reading a header."""
    match error:
        case EngineTimeout():
            return OcrError.TIMEOUT
        case EngineFailure() | WeightsInvalid():
            return OcrError.ENGINE
        case UnreadablePdf() | StoredFileCorrupt():
            return OcrError.INVALID_PDF
        case _:
            return OcrError.UNKNOWN
