"""What people see of a run in the Prefect UI: a progress bar, and a table of what happened."""

from collections.abc import Sequence
from uuid import UUID

from prefect.artifacts import (
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from viatique.models import ExamId
from viatique.steps.maintain import ChoreOutcome
from viatique.steps.report import CopyProblem, ExamReport
from viatique.texts import CLI_LANGUAGE, reason_text, text


class ProgressBar:
    """A progress artifact that follows one stage, updated at whole percents."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._total = 0
        self._done = 0
        self._artifact: UUID | None = None

    def start(self, stage: str, total: int, unit: str) -> None:
        if stage == self._stage and total:
            self._total = total
            artifact = create_progress_artifact(
                progress=0.0, description=f"{stage}: {total} {unit}"
            )
            self._artifact = artifact if isinstance(artifact, UUID) else None

    def advance(self, stage: str, units: int) -> None:
        if stage == self._stage and self._artifact:
            self._done += units
            percent = min(100.0, 100.0 * self._done / self._total)
            update_progress_artifact(self._artifact, progress=percent)


def publish_report(report: ExamReport) -> None:
    """Leaves the exam's table in the UI: counts first, then each copy that waits for a person."""
    exam_id = report.exam.exam_id
    create_table_artifact(
        key=f"exam-{exam_id.lower()}",
        table=[*_counts(report), *_waiting(report)],
        description=_description(exam_id, report),
    )


def publish_chores(outcomes: Sequence[ChoreOutcome]) -> None:
    """Leaves what maintenance did in the UI."""
    table = [{"chore": one.chore, "done": one.done, "problems": one.problems} for one in outcomes]
    create_table_artifact(key="maintenance", table=table)


def _counts(report: ExamReport) -> list[dict[str, str]]:
    rows = [(f"copies {status}", count) for status, count in report.statuses.items()]
    rows += [(f"identity {state}", count) for state, count in report.identities.items()]
    return [{"what": what, "copies": str(count), "why": ""} for what, count in rows if count]


def _waiting(report: ExamReport) -> list[dict[str, str]]:
    groups: list[tuple[str, tuple[CopyProblem, ...]]] = [
        ("quarantined", report.quarantined),
        ("to review", report.in_review),
        ("failed", report.failed),
    ]
    return [
        {
            "what": what,
            "copies": problem.copy_id,
            "why": "; ".join(reason_text(code, CLI_LANGUAGE) for code in problem.reasons),
        }
        for what, problems in groups
        for problem in problems
    ]


def _description(exam_id: ExamId, report: ExamReport) -> str:
    return (
        f"Exam {exam_id}: {report.copy_count} copies from {report.pages} scanned pages. "
        f"{text('next_in_terminal', CLI_LANGUAGE)}: `viatique status {exam_id}`"
    )
