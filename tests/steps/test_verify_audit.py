"""The trail of a whole exam is sound, and what was changed behind its back is found."""

from pathlib import Path

import pytest

from tests.steps.benches import import_exam, list_copies, mark_exam, write_exam, write_scan
from tests.steps.readings import identify_as
from viatique.inline import run_finalize, run_import
from viatique.models import StudentId
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan, unplanned_scans
from viatique.steps.record_marks import receive_marks
from viatique.steps.settle import confirm_identity, release_from_quarantine
from viatique.steps.verify_audit import Verification, verify_audit
from viatique.workbench import Workbench


def _findings(bench: Workbench) -> list[tuple[str | None, str]]:
    return [(found.copy_id, found.message) for found in _verified(bench).findings]


def _verified(bench: Workbench) -> Verification:
    return verify_audit(bench.database, seal_files_of(bench.settings))


def test_trail_of_a_whole_exam_is_sound(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path)
    first, second = list_copies(bench, exam_id)
    identify_as(bench, {first.copy_id: ("Alpha", "Anne"), second.copy_id: ("", "")})
    confirm_identity(bench.database, new_run("c"), second.copy_id, StudentId("S1"))
    run_finalize(bench, exam_id)
    found = _verified(bench)
    assert found.findings == ()
    # exam, scan and marks file; import, marks, final; identities: 2 + 1 + 1 given away
    assert found.events == 3 + 2 * (2 + 4 + 1) + 4


def test_trail_of_a_released_copy_is_sound(bench: Workbench, tmp_path: Path) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=1))
    run_import(bench, exam_id)
    release_from_quarantine(bench.database, new_run(), list_copies(bench, exam_id)[0].copy_id)
    assert _findings(bench) == []


def _tamper(bench: Workbench, statement: str, copy_id: str) -> None:
    """Changes the tables as somebody with the database's password could."""
    guard = "audit_event_no_row_change"
    with bench.database.transaction() as connection:
        connection.execute(f"ALTER TABLE audit_event DISABLE TRIGGER {guard}")
        connection.execute(statement.encode(), {"copy": copy_id})
        connection.execute(f"ALTER TABLE audit_event ENABLE ALWAYS TRIGGER {guard}")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "UPDATE copy SET status = 'GRADED' WHERE copy_id = %(copy)s",
            "the history ends in READY, the copy is GRADED",
        ),
        (
            "UPDATE copy SET identity = 'CONFIRMED', student_id = 'S3' WHERE copy_id = %(copy)s",
            "the history ends in identity PENDING, the copy has CONFIRMED",
        ),
        (
            "DELETE FROM audit_event WHERE copy_id = %(copy)s AND action = 'VALIDATE'",
            "the history ends in STAGING, the copy is READY",
        ),
        (
            "DELETE FROM audit_event WHERE copy_id = %(copy)s AND action = 'IMPORT'",
            "it happened before the copy was imported",
        ),
        (
            """
            WITH gone AS (DELETE FROM page WHERE copy_id = %(copy)s)
            DELETE FROM copy WHERE copy_id = %(copy)s
            """,
            "its events tell of a copy that is gone",
        ),
    ],
    ids=["status", "identity", "last event", "first event", "copy"],
)
def test_change_behind_the_trails_back_is_found(
    bench: Workbench, tmp_path: Path, statement: str, message: str
) -> None:
    exam_id = import_exam(bench, tmp_path)
    copy_id = list_copies(bench, exam_id)[0].copy_id
    _tamper(bench, statement, copy_id)
    assert _findings(bench) == [(copy_id, message)]


def test_guard_that_is_off_is_found(bench: Workbench) -> None:
    with bench.database.transaction() as connection:
        connection.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_truncate")
    assert _findings(bench) == [(None, "the guard audit_event.audit_event_no_truncate is off")]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM audit_event WHERE action = 'CREATE_EXAM'", "exam {0} came without an event"),
        (
            "DELETE FROM audit_event WHERE details ? 'source'",
            "scan {1} of exam {0} came without an event",
        ),
        (
            "DELETE FROM audit_event WHERE details ? 'marks'",
            "marks file {2} of exam {0} came without an event",
        ),
        ("DELETE FROM source_file", "scan {1} of exam {0} is gone without an event"),
        ("DELETE FROM marks_file", "marks file {2} of exam {0} is gone without an event"),
        (
            """
            INSERT INTO audit_event (action, exam_id, actor, correlation_id, details)
            SELECT action, exam_id, actor, correlation_id, details FROM audit_event
            WHERE details ? 'source'
            """,
            "scan {1} of exam {0} came 2 times",
        ),
        (
            "UPDATE audit_event SET exam_id = 'NOSUCH' WHERE action = 'CREATE_EXAM'",
            "exam {0} came without an event",
        ),
    ],
    ids=["exam", "scan", "marks", "lost scan", "lost marks", "told twice", "another exam"],
)
def test_exam_or_file_that_came_or_went_behind_the_trails_back_is_found(
    bench: Workbench, tmp_path: Path, statement: str, message: str
) -> None:
    exam_id = create_exam(bench, write_exam(tmp_path))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=2))
    marks = tmp_path / "marks.json"
    marks.write_text("[]", "utf-8")
    sha256 = receive_marks(bench, exam_id, marks)
    (source_id,) = unplanned_scans(bench, exam_id)
    _tamper(bench, statement, "")
    found = [text for _, text in _findings(bench)]
    assert message.format(exam_id, source_id, sha256) in found
    assert len(found) == 1 + ("NOSUCH" in statement)
