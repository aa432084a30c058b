"""Names of people are in the roster, in what markers wrote and in file names: nowhere else.

Marked names go the whole way, through every failure that can be provoked; then everything that was
logged and stored is searched for them.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cli.commands import Command
from tests.factories import make_readable_exam
from tests.privacy.searches import columns_with, files_beside, files_with
from tests.steps.benches import (
    bench_on,
    complete_marks,
    copy_file,
    list_copies,
    write_exam,
    write_scan,
)
from tests.steps.readings import give_readings
from tests.unit.pdf_factories import scan
from viatique.cli import app
from viatique.db.exams import put_students
from viatique.db.pool import Database
from viatique.errors import Conflict, UnexpectedFailure
from viatique.models import CopyId, ExamId, Student, StudentId
from viatique.workers import worker_pool

LAST_NAME, FIRST_NAME = "Zorglubien", "Quibolinette"
NAMES = (LAST_NAME, FIRST_NAME)
ROSTER = f"INE;NOM;PRENOM\nS1;{LAST_NAME};{FIRST_NAME}\nS2;{LAST_NAME};Bruno\nS3;Gamma;Carla\n"
WRITTEN = f"{FIRST_NAME} {LAST_NAME} a copié sur sa voisine."
FILE_NAME = f"{LAST_NAME}.pdf"

BELONG = {
    ("student", "last_name"),
    ("student", "first_name"),
    ("mark", "remark"),
    ("copy", "appreciation"),
    ("annotation", "text"),
    ("source_file", "file_name"),
}
"""Where the header of the schema says that names may be."""


def raise_with_a_name(name: str) -> None:
    """A job that fails as a third party's code does: with data in its text."""
    raise ValueError(name)


def _server_logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The logs of the tests' own Postgres, when it is ours."""
    return list(tmp_path_factory.getbasetemp().glob("server*/logs/*.log"))


def _create(viatique: Command, folder: Path) -> str:
    twice = f"{ROSTER}S1;{LAST_NAME};{FIRST_NAME}\n"
    viatique("exam", "create", write_exam(folder, roster=twice), code=2)
    return viatique("exam", "create", write_exam(folder, roster=ROSTER)).out.strip()


def _import(viatique: Command, exam: str, folder: Path) -> None:
    inbox = viatique.home / "inbox" / exam
    inbox.mkdir(parents=True)
    (inbox / FILE_NAME).write_bytes(b"no PDF")
    (folder / FILE_NAME).write_bytes(scan(2)[:-9])
    viatique("import", exam, folder / FILE_NAME, "--inline", code=2)
    viatique("import", exam, folder / f"{FIRST_NAME}.pdf", "--inline", code=2)
    viatique("import", exam, write_scan(folder, pages=7, name=FILE_NAME), "--inline")


def _identify(viatique: Command, exam: str, database: Database) -> None:
    written = {
        CopyId(f"{exam}-0001"): (LAST_NAME, FIRST_NAME),
        CopyId(f"{exam}-0002"): (LAST_NAME, ""),
    }
    logs = viatique.home / "logs"
    with (
        worker_pool(1, log_folder=logs, log_format="json") as pool,
        bench_on(database, viatique.home, pool) as bench,
    ):
        give_readings(bench, written)
        (failure,) = pool.run(raise_with_a_name, [WRITTEN])
        unread = list_copies(bench, ExamId(exam))[2]
        sound = copy_file(bench, unread).read_bytes()
        copy_file(bench, unread).write_bytes(WRITTEN.encode())
    assert isinstance(failure, UnexpectedFailure)
    assert LAST_NAME not in str(failure)
    viatique("identify", exam, "--inline")
    copy_file(bench, unread).write_bytes(sound)
    viatique("confirm", f"{exam}-0002", LAST_NAME, code=2)
    viatique("confirm", LAST_NAME, "S2", code=2)
    viatique("confirm", f"{exam}-0002", "S2")
    viatique("confirm", f"{exam}-0003", "S2", code=2)
    viatique("confirm", f"{exam}-0003", "nobody")


def _mark(viatique: Command, exam: str, folder: Path) -> None:
    copy = CopyId(f"{exam}-0001")
    (item,) = complete_marks([copy])
    item |= {"remarks": {"1": WRITTEN}, "appreciation": WRITTEN}
    item["annotations"][0]["text"] = WRITTEN
    bad_files = [
        f"copie;question;note\n{copy};{LAST_NAME};1\n{LAST_NAME};1;1\n",
        f"{LAST_NAME};question;note\n",
        json.dumps([{**item, LAST_NAME: 1}]),
        json.dumps([{**item, "scores": {WRITTEN: 1}}]),
        json.dumps([{**item, "annotations": [{"page": WRITTEN}]}]),
    ]
    path = folder / f"{LAST_NAME}.csv"
    for text in bad_files:
        path.write_text(text, "utf-8")
        viatique("marks", exam, path, "--inline", code=2)
    path.write_text(json.dumps([item]), "utf-8")
    viatique("marks", exam, path, "--inline")


def _finalize(viatique: Command, exam: str) -> None:
    """Three failures on end, then success."""
    stored = list((viatique.home / "store").rglob("*.copy.pdf"))
    for path in stored:
        path.rename(path.with_suffix(".aside"))
    for _attempt in range(3):
        viatique("finalize", exam, "--inline", code=1)
    for path in stored:
        path.with_suffix(".aside").rename(path)
    viatique("finalize", exam, "--inline")


def _direct(viatique: Command, exam: str, folder: Path) -> None:
    """What coordinators do, and what is refused them for its words."""
    first, second, third, incomplete = (f"{exam}-000{number}" for number in (1, 2, 3, 4))
    roster = folder / f"{LAST_NAME}.roster.csv"
    roster.write_text(f"INE;NOM;PRENOM\nS1;{LAST_NAME};{FIRST_NAME}\nS1;{LAST_NAME};\n", "utf-8")
    viatique("account", "add", "somebody", "--role", "marker")
    refused: tuple[tuple[str | Path, ...], ...] = (
        ("exam", "roster", exam, roster),
        ("account", "role", LAST_NAME, "marker"),
        ("dispatch", exam, "--marker", LAST_NAME),
        ("reopen", LAST_NAME),
        ("reopen", third),
        ("merge", second, LAST_NAME, "S2"),
        ("merge", second, third, LAST_NAME),
        ("release", LAST_NAME),
        ("exam", "release", LAST_NAME),
        ("results", exam, folder / LAST_NAME / "results.csv"),
        ("erase", exam, LAST_NAME),
        ("locks", "--release", LAST_NAME),
        ("audit", "show", LAST_NAME),
        ("audit", "export", folder / LAST_NAME / "trail.jsonl"),
    )
    for arguments in refused:
        viatique(*arguments, code=2)
    viatique("release", incomplete)
    viatique("exam", "release", exam)
    viatique("results", exam, folder / f"{LAST_NAME}.results.csv")
    viatique("dispatch", exam)
    viatique("reopen", first)
    viatique("merge", second, third, "S2")


def _look_after(viatique: Command, exam: str, folder: Path) -> None:
    """What operators do, with a file that somebody wrote a name over."""
    viatique("backup", folder / LAST_NAME)
    viatique("backup", folder / LAST_NAME, code=2)
    viatique("restore", folder / LAST_NAME, code=2)
    viatique("restore", folder / FIRST_NAME, code=2)
    next((viatique.home / "store").rglob("*.final.pdf")).write_bytes(WRITTEN.encode())
    viatique("maintain", "--whole", "--inline", code=1)
    viatique("doctor")
    viatique("sessions")
    viatique("locks")
    viatique("metrics", "reset")
    viatique("audit", "show", f"{exam}-0001")
    viatique("audit", "export", folder / f"{LAST_NAME}.jsonl")
    viatique("support-bundle", folder / "help.zip")


def _fail_unforeseen(viatique: Command, exam: str, patch: pytest.MonkeyPatch) -> None:
    def failing(*_arguments: object) -> None:
        raise_with_a_name(WRITTEN)

    with patch.context() as patched:
        patched.setattr(app, "report_exam", failing)
        viatique("status", exam, code=3)


def _fail_in_the_database(database: Database, exam: str) -> None:
    nameless = Student(student_id=StudentId(""), last_name=LAST_NAME, first_name=FIRST_NAME)
    with pytest.raises(Conflict) as refused, database.transaction() as connection:
        put_students(connection, ExamId(exam), [nameless])
    assert LAST_NAME not in str(refused.value)


def test_marked_names_stay_where_they_belong_whatever_fails(
    viatique: Command,
    database: Database,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exam = _create(viatique, tmp_path)
    _import(viatique, exam, tmp_path)
    _identify(viatique, exam, database)
    _mark(viatique, exam, tmp_path)
    _finalize(viatique, exam)
    _fail_unforeseen(viatique, exam, monkeypatch)
    _fail_in_the_database(database, exam)
    _direct(viatique, exam, tmp_path)
    _look_after(viatique, exam, tmp_path)
    viatique("audit", "verify")
    for message in (
        "command_refused", "scan_refused", "job_failed", "header_unreadable", "finalize_failed",
        "finalize_retries_exhausted", "command_failed", "stored_file_corrupt",
    ):  # fmt: skip
        assert viatique.log_lines(message), message
    assert columns_with(database, NAMES) == BELONG
    assert files_with(files_beside(viatique.home, "store"), NAMES) == set()
    for student in ("S1", "S2"):
        viatique("erase", exam, student)
        viatique("erase", exam, student, "--yes")
    assert columns_with(database, NAMES) == set()
    viatique("maintain", "--inline")
    assert '"audit_event"' in (viatique.home / "logs" / "audit.log").read_text("utf-8")
    assert (
        files_with([*files_beside(viatique.home), tmp_path / f"{LAST_NAME}.jsonl"], NAMES) == set()
    )
    assert files_with(_server_logs(tmp_path_factory), NAMES) == set()


def test_a_restore_takes_names_nowhere_else(
    viatique: Command,
    other_place: Callable[[], AbstractContextManager[Command]],
    database: Database,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    exam = _create(viatique, tmp_path)
    viatique("import", exam, write_scan(tmp_path, pages=4, name=FILE_NAME), "--inline")
    _mark(viatique, exam, tmp_path)
    viatique("confirm", f"{exam}-0001", "S1")
    viatique("finalize", exam, "--inline")
    viatique("exam", "release", exam)
    folder = tmp_path / LAST_NAME
    viatique("backup", folder)
    assert columns_with(database, NAMES) == BELONG
    with other_place() as elsewhere:
        said = elsewhere("restore", folder)
        elsewhere("audit", "verify")
        elsewhere("maintain", "--whole", "--inline")
        assert LAST_NAME not in f"{said.out}{said.err}".replace(str(folder), "")
    restored = Database(elsewhere.environment["DATABASE_URL"]).open()
    assert columns_with(restored, NAMES) == BELONG
    restored.close()
    assert elsewhere.log_lines("chore_done")
    assert files_with(files_beside(elsewhere.home, "store"), NAMES) == set()
    assert files_with([folder / "manifest.json", *_server_logs(tmp_path_factory)], NAMES) == set()


@pytest.mark.slow
def test_names_the_ocr_reads_are_neither_logged_nor_stored_in_the_database(
    viatique: Command, database: Database, tmp_path: Path
) -> None:
    demo = make_readable_exam(tmp_path / "demo", copies=4)
    names = {
        name
        for student in demo.plan.roster
        for name in (student.last_name, student.first_name)
        if len(name) > 4
    }
    exam = viatique("exam", "create", demo.exam_toml).out.strip()
    viatique("import", exam, demo.scan_pdf, "--inline")
    viatique("identify", exam, "--inline")
    assert viatique.log_lines("header_read")
    assert columns_with(database, names) == {("student", "last_name"), ("student", "first_name")}
    assert files_with(files_beside(viatique.home, "store", "models"), names) == set()
