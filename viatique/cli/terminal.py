"""What commands show: progress bars, the table at the end, errors.

Results go to standard output, everything else to standard error, so that both can be piped.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from viatique import progress
from viatique.errors import InvalidTable, ViatiqueError
from viatique.lifecycle import CopyStatus
from viatique.models import IdentityState
from viatique.steps.report import CopyProblem, ExamReport
from viatique.texts import CLI_LANGUAGE, TEXTS, reason_text, sentence_text, text


class _Results(Console):
    """Leaves it to ``main`` what happens when whoever reads the output has closed it."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


# no markup: names of exams and keys of files may hold brackets
messages = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
results = _Results(highlight=False, markup=False, emoji=False)

SHOWN = 8
"""Copies named under the table of a run before "and so many more"."""


def headings(*keys: str) -> list[str]:
    """Titles of a table's columns, by the keys of their texts without ``col_``."""
    return [text(f"col_{key}", CLI_LANGUAGE) for key in keys]


def open_streams() -> None:
    """Lets a command end as it would where an output is closed, or knows few characters."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def print_json_line(value: Mapping[str, object]) -> None:
    """One object on one line of standard output; nothing of it is lost in any encoding."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not is_unicode) + "\n")


def say(message: str) -> None:
    """A line for the person at the terminal."""
    messages.print(message, style="dim")


def show_error(error: ViatiqueError) -> None:
    """What happened, every problem in a table, and what to do next."""
    messages.print(Text(f"✗ {_said(error.what)}", style="bold red"))
    if isinstance(error, InvalidTable) and error.problems:
        titles = (text(key, CLI_LANGUAGE) for key in ("line", "column", "problem"))
        table = Table(*titles, box=None, header_style="bold")
        for problem in error.problems[:50]:
            table.add_row(str(problem.line or ""), problem.column, Text(_said(problem.message)))
        messages.print(table)
        if len(error.problems) > 50:
            messages.print(text("and_more", CLI_LANGUAGE, count=len(error.problems) - 50))
    if error.next_step:
        messages.print(Text(f"→ {_said(error.next_step)}"))


def _said(sentence: str) -> str:
    return sentence_text(sentence, CLI_LANGUAGE)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        unit = task.fields["unit"]
        return Text(f"{speed:.1f} {unit}/s" if speed else f"– {unit}/s", style="cyan")


class _Bars:
    """A progress bar for each stage of the work of this process."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def start(self, stage: str, total: int, unit: str) -> None:
        if not total:
            return
        name = text(stage, CLI_LANGUAGE) if stage in TEXTS else stage
        self._tasks[stage] = self._bars.add_task(name, total=total, unit=text(unit, CLI_LANGUAGE))

    def advance(self, stage: str, units: int) -> None:
        if stage in self._tasks:
            self._bars.advance(self._tasks[stage], units)


@contextmanager
def progress_bars() -> Iterator[None]:
    """Shows the progress of whatever runs inside the block."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages) as bars, progress.watched_by(_Bars(bars)):
        yield


def show_report(report: ExamReport) -> None:
    """Where the exam stands, what waits for a person and what to do next."""
    exam_id = report.exam.exam_id
    title = f"{exam_id} · {report.exam.name}"
    if not report.pages:
        messages.print(f"{title}\n{text('no_copies', CLI_LANGUAGE, exam=exam_id)}")
        return
    table = Table(title=title, title_justify="left")
    table.add_column(text("what", CLI_LANGUAGE))
    table.add_column(text("count", CLI_LANGUAGE), justify="right")
    table.add_column(text("next", CLI_LANGUAGE))
    for key, count, action, style in _rows(report):
        if count:
            table.add_row(text(key, CLI_LANGUAGE), str(count), action, style=style)
    messages.print(table)
    _show_problems("to_review", report.in_review)
    _show_problems("quarantined", report.quarantined)
    _show_problems("failed", report.failed)


def _rows(report: ExamReport) -> list[tuple[str, int, str, str]]:
    exam_id = report.exam.exam_id
    file = text("file", CLI_LANGUAGE)
    statuses, states = report.statuses, report.identities
    complete = statuses[CopyStatus.READY] - report.unmarked
    return [
        ("pages", report.pages, "", "dim"),
        ("copies", report.copy_count, "", "bold"),
        ("identified", states[IdentityState.AUTO], "", "green"),
        ("confirmed", states[IdentityState.CONFIRMED], "", "green"),
        ("nobody", states[IdentityState.UNKNOWN], "", ""),
        ("unread", states[IdentityState.PENDING], f"viatique identify {exam_id}", "yellow"),
        ("to_review", states[IdentityState.REVIEW], _do("review"), "yellow"),
        ("strangers", report.strangers, f"viatique exam roster {exam_id} {file}", "red"),
        ("staging", statuses[CopyStatus.STAGING], f"viatique import {exam_id}", "yellow"),
        ("quarantined", statuses[CopyStatus.QUARANTINE], _do("quarantine"), "yellow"),
        ("unmarked", report.unmarked, f"viatique marks {exam_id} {file}", "yellow"),
        ("markable", max(0, complete), f"viatique finalize {exam_id}", "yellow"),
        ("graded", statuses[CopyStatus.GRADED], f"viatique results {exam_id}", "green"),
        ("failed", len(report.failed), text("do_failed", CLI_LANGUAGE), "red"),
    ]


def _do(what: str) -> str:
    command = {"review": "viatique confirm COPY STUDENT", "quarantine": "viatique release COPY"}
    return f"{text(f'do_{what}', CLI_LANGUAGE)}{text('colon', CLI_LANGUAGE)} {command[what]}"


def _show_problems(key: str, problems: Sequence[CopyProblem]) -> None:
    if not problems:
        return
    messages.print(Text(text(key, CLI_LANGUAGE) + text("colon", CLI_LANGUAGE), style="bold"))
    for problem in problems[:SHOWN]:
        messages.print(f"  {problem.copy_id}  {problem_words(problem)}")
    if len(problems) > SHOWN:
        messages.print("  " + text("and_more", CLI_LANGUAGE, count=len(problems) - SHOWN))


def problem_words(problem: CopyProblem) -> str:
    """The reasons of a copy in words, missing and illegible pages named."""
    words = [reason_text(code, CLI_LANGUAGE) for code in problem.reasons if code]
    if problem.missing_pages:
        pages = ", ".join(str(page) for page in problem.missing_pages)
        words.append(text("missing_pages", CLI_LANGUAGE, pages=pages))
    words += [
        text("page_defect", CLI_LANGUAGE, page=page, reason=reason_text(code, CLI_LANGUAGE))
        for page, code in problem.page_defects
    ]
    return " ; ".join(words)
