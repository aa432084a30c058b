"""Every error Viatique raises, in one tree.

    ViatiqueError
    ├── TransientError            nothing is wrong with the input: trying again may succeed
    │   ├── DatabaseUnavailable   Postgres is gone, refuses connections or asks to retry
    │   ├── StoreUnavailable      the file store cannot be read or written now
    │   ├── AntivirusUnavailable  clamd is set and gave no clear answer
    │   ├── ServiceUnavailable    a local service (Postgres, Prefect server) did not come up
    │   └── EngineFailure         a worker process died or could not be started
    │       └── EngineTimeout     it hung and was stopped
    └── FinalError                trying again changes nothing until somebody acts
        ├── InvalidInput          what the user gave is wrong (exit code 2)
        │   ├── InvalidSettings
        │   ├── InfectedFile      clamd knows it as harmful
        │   ├── InvalidScan       with the defect and the page
        │   ├── InvalidExamFile
        │   ├── InvalidRoster     with every problem found, by line
        │   ├── InvalidMarks      with every problem found, by row and column
        │   └── NotFound          no such exam, copy or file
        ├── IllegalTransition     a move the life cycle does not have
        ├── Conflict              somebody else changed the thing first
        │   └── NotReleased       the exam's results are still hidden
        ├── Forbidden             the account may not do that
        ├── TrailBroken           the audit trail and its seals do not fit
        ├── DatabaseFault         Postgres refused a statement for another reason
        ├── UnexpectedFailure     a defect: an exception nobody foresaw, by type only
        ├── StoredFileCorrupt     a stored file is missing or its bytes do not have its name
        ├── UnreadablePdf         MuPDF cannot work on a PDF or a page of it
        ├── InvalidFinalPdf       a composed PDF did not pass its own check
        └── WeightsInvalid        the OCR weights are absent or not the pinned ones

Messages end up in logs, in Prefect's database and in pickles: they carry codes and ids, never a
student's name, a file name or text read from a page. Third-party errors are translated where they
are caught, by type or code, with ``from None`` wherever their text could hold data.
"""

from dataclasses import dataclass
from enum import StrEnum


class ViatiqueError(Exception):
    """What happened, on which id, and what to do next. Survives pickling between processes.

    Args:
        what: one sentence, ids only.
        next_step: one sentence telling the reader what to do; empty when nothing can be done.
    """

    code = "viatique_error"
    is_loggable = True
    """Whether its text holds ids only; what repeats a user's input is for that user alone."""
    duration_s = 0.0
    """How long the work took until it failed, where that is known."""

    def __init__(self, what: str, *, next_step: str = "") -> None:
        super().__init__(what)
        self.next_step = next_step

    @property
    def what(self) -> str:
        """The sentence that says what happened."""
        return str(self.args[0])

    def __str__(self) -> str:
        return f"{self.what} {self.next_step}".strip()


class TransientError(ViatiqueError):
    code = "transient"


class DatabaseUnavailable(TransientError):
    code = "database_unavailable"


class StoreUnavailable(TransientError):
    code = "store_unavailable"


class AntivirusUnavailable(TransientError):
    code = "antivirus_unavailable"


class ServiceUnavailable(TransientError):
    code = "service_unavailable"


class EngineFailure(TransientError):
    code = "engine_failure"


class EngineTimeout(EngineFailure):
    code = "engine_timeout"


class FinalError(ViatiqueError):
    code = "final"


class InvalidInput(FinalError):
    code = "invalid_input"
    is_loggable = False


class InvalidSettings(InvalidInput):
    code = "invalid_settings"


class InfectedFile(InvalidInput):
    code = "infected_file"
    is_loggable = True


class ScanDefect(StrEnum):
    """Why a whole scan file is refused."""

    NOT_PDF = "not_pdf"
    ENCRYPTED = "encrypted"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    UNREADABLE_PAGE = "unreadable_page"


class InvalidScan(InvalidInput):
    """A scan that is refused whole.

    Args:
        defect: the reason, for programs.
        page: 1-based page of the scan the defect was found on, None when it is the file itself.
    """

    code = "invalid_scan"
    is_loggable = True

    def __init__(
        self,
        what: str,
        *,
        next_step: str = "",
        defect: ScanDefect = ScanDefect.NOT_PDF,
        page: int | None = None,
    ) -> None:
        super().__init__(what, next_step=next_step)
        self.defect = defect
        self.page = page


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a file people write: where it is and what is expected there.

    Attributes:
        line: 1-based line of the file (header line = 1), 0 when the whole file is meant.
        column: the column, key or question concerned; empty when the line is meant.
        message: what is wrong, without repeating personal data from the file.
    """

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                f"line {self.line}" if self.line else "",
                f"column {self.column}" if self.column else "",
            )
            if part
        )
        return f"{place}: {self.message}" if place else self.message


class InvalidTable(InvalidInput):
    """A file of rows of which nothing was kept, with everything that is wrong in it."""

    code = "invalid_table"

    def __init__(
        self, what: str, *, next_step: str = "", problems: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(what, next_step=next_step)
        self.problems = problems

    def __str__(self) -> str:
        shown = "; ".join(str(problem) for problem in self.problems[:5])
        more = f"; and {len(self.problems) - 5} more" if len(self.problems) > 5 else ""
        return f"{self.what} {shown}{more} {self.next_step}".strip()


class InvalidExamFile(InvalidTable):
    code = "invalid_exam_file"


class InvalidRoster(InvalidTable):
    code = "invalid_roster"


class InvalidMarks(InvalidTable):
    code = "invalid_marks"


class NotFound(InvalidInput):
    code = "not_found"


class IllegalTransition(FinalError):
    code = "illegal_transition"


class Conflict(FinalError):
    code = "conflict"


class NotReleased(Conflict):
    code = "not_released"


class Forbidden(FinalError):
    code = "forbidden"


class TrailBroken(FinalError):
    code = "trail_broken"


class DatabaseFault(FinalError):
    code = "database_fault"


class UnexpectedFailure(FinalError):
    code = "unexpected_failure"


class StoredFileCorrupt(FinalError):
    code = "stored_file_corrupt"


class UnreadablePdf(FinalError):
    code = "unreadable_page"


class InvalidFinalPdf(FinalError):
    code = "invalid_final_pdf"


class WeightsInvalid(FinalError):
    code = "weights_invalid"
