"""What became of an exam, with nothing that differs between two exams that went the same way."""

from pathlib import Path

from tests.steps.benches import actions_of, list_copies
from viatique.db.finals import find_final_pdf
from viatique.models import ExamId
from viatique.seal_files import seal_files_of
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

Outcome = tuple[object, ...]


def outcome_of(bench: Workbench, exam_id: ExamId) -> list[Outcome]:
    """Where each copy stands, and what was done to it, each change once and in its order."""
    return [
        (
            copy.number,
            copy.status,
            copy.identity,
            copy.student_id,
            copy.page_count,
            copy.file_sha256,
            _score(bench, copy.copy_id),
            actions_of(bench, copy.copy_id),
        )
        for copy in list_copies(bench, exam_id)
    ]


def _score(bench: Workbench, copy_id: object) -> object:
    with bench.database.transaction() as connection:
        final = find_final_pdf(connection, copy_id)  # type: ignore[arg-type]
    return final and final.score


def assert_nothing_is_left(bench: Workbench) -> None:
    """No claim, no file on its way, and a trail that tells what the tables hold."""
    with bench.database.transaction() as connection:
        assert connection.execute("SELECT * FROM claim").fetchall() == []
    unfinished = list(Path(bench.store.url).rglob(".*"))
    assert unfinished == []
    assert verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()
