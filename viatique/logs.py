"""Logging: one JSON object a line (or a readable line), with the ids of the work in hand.

Messages are stable snake_case events; ids travel in ``bound`` fields. Exceptions are written as
type and places, with the text only of our own errors, because a third party's text may hold data.
Of what third parties log themselves, only who and where is kept, for the same reason.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from logging import LogRecord
from pathlib import Path
from types import TracebackType
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

from viatique.errors import DatabaseUnavailable, ViatiqueError

# its locks are files; those by redis, which it would import where that is installed, cost 0.1 s
sys.modules["portalocker.redis"] = None  # type: ignore[assignment]
from concurrent_log_handler import ConcurrentRotatingFileHandler  # noqa: E402

del sys.modules["portalocker.redis"]

FILE_BYTES = 10 * 1024 * 1024
FILE_COUNT = 10
LOGGER_LEVELS = {
    "viatique": logging.INFO,
    "audit": logging.INFO,
    "grading": logging.INFO,
    "metrics": logging.WARNING,
    "security": logging.WARNING,
}
FOREIGN = "third_party_message"
"""The event that stands for whatever a third party logged."""
TALKATIVE = ("httpcore", "httpx")
"""They log each request."""
FIELDS = ("flow_run_id", "task_run_id", "request_id", "exam_id", "copy_id", "user_id")

_bound: ContextVar[dict[str, str]] = ContextVar("viatique_log_fields", default={})  # noqa: B039
_is_owed: ContextVar[bool] = ContextVar("viatique_line_is_owed", default=False)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def bound(**fields: str) -> Iterator[None]:
    """Adds ids to every line logged inside the block, in this thread or task."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def bound_fields() -> dict[str, str]:
    """The ids bound now, to be bound again in another process."""
    return dict(_bound.get())


class BoundFields(logging.Filter):
    """Puts the bound ids on every record that has not its own."""

    def filter(self, record: LogRecord) -> bool:
        for name, value in _bound.get().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def describe_exception(error: BaseException) -> str:
    """One line: type and places from the outside in; the text only when the error is ours."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    text = f": {error}" if isinstance(error, ViatiqueError) and error.is_loggable else ""
    cause = error.__cause__
    chained = f" caused by {describe_exception(cause)}" if cause is not None else ""
    return f"{type(error).__name__}{text} at {places or 'unknown'}{chained}".replace("\n", " ")


def severity(error: BaseException) -> int:
    """The level of a failure that ends here: CRITICAL when there is no database, else ERROR."""
    return logging.CRITICAL if isinstance(error, DatabaseUnavailable) else logging.ERROR


@contextmanager
def no_line_lost() -> Iterator[None]:
    """Inside the block, a line of ``audit.log`` that cannot be written raises.

    Elsewhere what is logged never fails the work.

    Raises:
        OSError: no room, no right; how much of the line was written is not known.
    """
    token = _is_owed.set(True)
    try:
        yield
    finally:
        _is_owed.reset(token)


class _AuditLines(ConcurrentRotatingFileHandler):
    """Says when a line is lost, to who asked for that."""

    def handleError(self, record: LogRecord) -> None:  # noqa: N802
        """In the ``except`` of whatever went wrong."""
        if self.stream:
            with suppress(OSError):  # what it still holds would end another line
                self.stream.close()
        if not _is_owed.get():
            super().handleError(record)
            return
        error = sys.exception()
        raise error if isinstance(error, OSError) else OSError(type(error).__name__)


class _ForeignLines(ConcurrentRotatingFileHandler):
    """Writes what others logged without its text and its fields."""

    def emit(self, record: LogRecord) -> None:
        bare = LogRecord(
            record.name, record.levelno, record.pathname, record.lineno, FOREIGN, None,
            record.exc_info, record.funcName,
        )  # fmt: skip
        BoundFields().filter(bare)
        super().emit(bare)


class _JsonLines(JsonFormatter):
    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        return describe_exception(ei[1]) if ei[1] else ""

    def add_fields(
        self,
        log_data: dict[str, object],
        record: LogRecord,
        message_dict: dict[str, object],
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        if record.exc_info and record.exc_info[0]:
            log_data["error_type"] = record.exc_info[0].__name__


class _ReadableLines(logging.Formatter):
    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        return describe_exception(ei[1]) if ei[1] else ""

    def format(self, record: LogRecord) -> str:
        ids = [f"{name}={getattr(record, name)}" for name in FIELDS if hasattr(record, name)]
        return " ".join([super().format(record), *ids])


def _formatter(log_format: Literal["json", "readable"]) -> logging.Formatter:
    if log_format == "readable":
        return _ReadableLines("%(asctime)s %(levelname)-8s %(name)s %(message)s")
    return _JsonLines(
        ["timestamp", "levelname", "name", "message", "module", "funcName", "lineno"],
        rename_fields={
            "levelname": "level", "name": "logger", "funcName": "function", "lineno": "line",
        },
        timestamp=True,
    )  # fmt: skip


def _file_handler(
    path: Path,
    log_format: Literal["json", "readable"],
    kind: type[ConcurrentRotatingFileHandler] = ConcurrentRotatingFileHandler,
) -> logging.Handler:
    handler = kind(str(path), maxBytes=FILE_BYTES, backupCount=FILE_COUNT, encoding="utf-8")
    handler.setFormatter(_formatter(log_format))
    handler.addFilter(BoundFields())
    return handler


def configure_logging(folder: Path, log_format: Literal["json", "readable"]) -> None:
    """Sends our loggers to ``folder/viatique.log`` and ``audit.log``; safe from many processes.

    Calling it again replaces the handlers it set before. Warnings and worse also reach standard
    error only as a last resort, when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    release_logging()
    main = _file_handler(folder / "viatique.log", log_format)
    audit = _file_handler(folder / "audit.log", log_format, _AuditLines)
    for name, level in LOGGER_LEVELS.items():
        logger = logging.getLogger(name)
        logger.addHandler(audit if name == "audit" else main)
        logger.setLevel(level)
        logger.propagate = False
    root = logging.getLogger()
    root.addHandler(_file_handler(folder / "viatique.log", log_format, _ForeignLines))
    root.setLevel(logging.INFO)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.raiseExceptions = sys.flags.dev_mode


def release_logging() -> None:
    """Closes the files that ``configure_logging`` opened; lines go where they went before."""
    for name in (*LOGGER_LEVELS, ""):
        logger = logging.getLogger(name)
        ours = [one for one in logger.handlers if isinstance(one, ConcurrentRotatingFileHandler)]
        for handler in ours:
            logger.removeHandler(handler)
            handler.close()
        logger.propagate = True
