"""What commands print, where, and how they end; the work itself is tested with the steps."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pymupdf
import pytest

from tests.cli.commands import PROGRAM, Command
from tests.steps.benches import write_exam, write_scan
from viatique.cli import app
from viatique.db.pool import Database
from viatique.services.processes import LOOPBACK, free_port
from viatique.texts import CLI_LANGUAGE, reason_text, text

FIELDS = {
    "copy", "source", "source_sha256", "first_page", "last_page", "pages", "status", "problem",
    "missing_pages", "page_defects", "identity", "student", "confidence", "reasons", "candidates",
    "score", "final_pdf", "error",
}  # fmt: skip


@pytest.fixture
def exam(viatique: Command, tmp_path: Path) -> str:
    """An exam without copies."""
    return viatique("exam", "create", write_exam(tmp_path)).out.strip()


@pytest.fixture
def imported(viatique: Command, exam: str, tmp_path: Path) -> str:
    """An exam with one READY copy and one in QUARANTINE."""
    viatique("import", exam, write_scan(tmp_path, pages=3), "--inline")
    return exam


def _write_marks(folder: Path, *rows: str) -> Path:
    path = folder / "marks.csv"
    path.write_text("\n".join(["copie;question;note", *rows]), "utf-8")
    return path


def test_create_prints_the_id_alone_and_the_next_command_beside(
    viatique: Command, tmp_path: Path
) -> None:
    printed = viatique("exam", "create", write_exam(tmp_path))
    exam = printed.out.removesuffix("\n")
    assert exam.isalnum()
    assert f"viatique import {exam} SCAN.pdf" in printed.err
    path = tmp_path / "exam.toml"
    path.write_text(path.read_text("utf-8").replace("date = 2027-02-06\n", ""), "utf-8")
    viatique("exam", "create", path)
    undated, listed = viatique("exam", "list", "--json").lines
    assert undated["date"] is None
    assert listed == {"exam": exam, "name": "Bac blanc", "date": "2027-02-06"}
    assert exam in viatique("exam", "list").out


def test_forgotten_students_are_added_with_the_next_command_beside(
    viatique: Command, exam: str, tmp_path: Path
) -> None:
    later = tmp_path / "later.csv"
    later.write_text("INE;NOM;PRENOM\nS1;Alfa;Anne\nS9;Omega;Olga\n", "utf-8")
    printed = viatique("exam", "roster", exam, later)
    assert text("roster_changed", CLI_LANGUAGE, added=1, changed=1, absent=2) in printed.err
    assert f"viatique identify {exam}" in printed.err
    later.write_text("NOM;PRENOM\nAlfa;Anne\n", "utf-8")
    assert "INE" in viatique("exam", "roster", exam, later, code=2).err


def test_name_of_an_exam_is_shown_as_it_is_written(viatique: Command, tmp_path: Path) -> None:
    path = write_exam(tmp_path)
    path.write_text(path.read_text("utf-8").replace("Bac blanc", "Bac [/b] [red] :smile:"), "utf-8")
    exam = viatique("exam", "create", path).out.strip()
    assert "Bac [/b] [red] :smile:" in viatique("exam", "list").out
    assert "Bac [/b] [red] :smile:" in viatique("status", exam).err


def test_where_there_is_nothing_the_first_step_is_said(viatique: Command, exam: str) -> None:
    for command in ("status", "copies"):
        assert f"viatique import {exam} SCAN.pdf" in viatique(command, exam).err
    assert "viatique account add LOGIN --role marker" in viatique("dispatch", exam, code=2).err
    for tolerance in ("much", "-1", "NaN", "1e999"):
        given = ("dispatch", exam, "--double", "--tolerance", tolerance)
        assert "0.5" in viatique(*given, code=2).err


def test_a_login_that_is_taken_is_told(viatique: Command) -> None:
    viatique("account", "add", "dupont")
    assert "account with this login" in viatique("account", "add", "Dupont", code=2).err
    assert text("done", CLI_LANGUAGE) in viatique("account", "role", "dupont", "marker").err


def test_import_shows_what_there_is_and_what_waits(viatique: Command, imported: str) -> None:
    printed = viatique("status", imported)
    assert printed.out == ""
    assert f"{imported}-0002" in printed.err
    assert reason_text("wrong_page_count", CLI_LANGUAGE) in printed.err
    assert text("missing_pages", CLI_LANGUAGE, pages="2") in printed.err


def test_same_scan_again_is_told_and_adds_nothing(
    viatique: Command, imported: str, tmp_path: Path
) -> None:
    before = viatique("copies", imported, "--json").out
    printed = viatique("import", imported, tmp_path / "scan.pdf", "--inline")
    assert text("same_scan", CLI_LANGUAGE, exam=imported) in printed.err
    assert viatique("copies", imported, "--json").out == before


def test_import_without_a_scan_takes_what_lies_in_the_inbox(viatique: Command, exam: str) -> None:
    inbox = viatique.home / "inbox" / exam
    inbox.mkdir(parents=True)
    write_scan(inbox, pages=2)
    viatique("import", exam, "--inline")
    assert [row["status"] for row in viatique("copies", exam, "--json").lines] == ["READY"]


def test_ids_may_be_typed_in_small_letters(viatique: Command, imported: str) -> None:
    assert len(viatique("copies", imported.lower(), "--json").lines) == 2
    viatique("release", f"{imported}-0002".lower())


def test_copies_of_an_import_are_listed_for_programs(viatique: Command, imported: str) -> None:
    first, second = viatique("copies", imported, "--json").lines
    assert first.keys() == second.keys() == FIELDS
    expected = {
        "copy": f"{imported}-0001", "source": "scan.pdf", "first_page": 1, "last_page": 2,
        "pages": 2, "status": "READY", "problem": None, "identity": "PENDING", "student": None,
        "confidence": None, "candidates": [], "score": None, "final_pdf": None, "error": None,
    }  # fmt: skip
    assert first.items() >= expected.items()
    assert (second["first_page"], second["last_page"], second["pages"]) == (3, 3, 1)
    assert (second["status"], second["problem"]) == ("QUARANTINE", "wrong_page_count")
    assert second["missing_pages"] == [2]
    assert "QUARANTINE" in viatique("copies", imported).out


def test_marks_and_finalize_give_a_final_pdf(
    viatique: Command, imported: str, tmp_path: Path
) -> None:
    copy = f"{imported}-0001"
    viatique("marks", imported, _write_marks(tmp_path, f"{copy};1;7,5"), "--inline")
    viatique("finalize", imported, "--inline")
    assert viatique("copies", imported, "--json").lines[0]["final_pdf"] is None
    viatique("marks", imported, _write_marks(tmp_path, f"{copy};2;12,25"), "--inline")
    viatique("finalize", imported, "--inline")
    row = viatique("copies", imported, "--json").lines[0]
    assert (row["status"], row["score"]) == ("GRADED", "19.75")
    assert Path(row["final_pdf"]).read_bytes().startswith(b"%PDF-")
    assert [event["action"] for event in viatique("audit", "show", copy, "--json").lines] == [
        "IMPORT", "VALIDATE", "SCORE", "SCORE", "FINALIZE",
    ]  # fmt: skip
    assert "FINALIZE" in viatique("audit", "show", copy).out


def test_person_names_and_releases_copies(viatique: Command, imported: str) -> None:
    first, second = f"{imported}-0001", f"{imported}-0002"
    viatique("confirm", first, "S2")
    viatique("confirm", second, "nobody")
    viatique("release", second)
    rows = viatique("copies", imported, "--json").lines
    assert [(row["identity"], row["student"], row["status"]) for row in rows] == [
        ("CONFIRMED", "S2", "READY"),
        ("UNKNOWN", None, "READY"),
    ]
    actors = {event["actor"] for event in viatique("audit", "show", second, "--json").lines[1:]}
    assert actors == {"coordinator"}


def test_copy_that_fails_is_exit_code_1_until_it_is_mended(
    viatique: Command, imported: str, tmp_path: Path
) -> None:
    rows = [f"{imported}-0001;{question};1" for question in (1, 2)]
    viatique("marks", imported, _write_marks(tmp_path, *rows), "--inline")
    stored = next(
        path for path in (viatique.home / "store").rglob("*.copy.pdf") if _pages(path) == 2
    )
    sound = stored.read_bytes()
    stored.write_bytes(sound[:-1])
    printed = viatique("finalize", imported, "--inline", code=1)
    assert reason_text("stored_file_corrupt", CLI_LANGUAGE) in printed.err
    row = viatique("copies", imported, "--json").lines[0]
    assert (row["status"], row["error"]) == ("GRADING_FAILED", "stored_file_corrupt")
    stored.write_bytes(sound)
    viatique("finalize", imported, "--inline")


def _pages(path: Path) -> int:
    with pymupdf.open(path) as document:
        return document.page_count


def test_audit_verify_counts_events_and_finds_changes(
    viatique: Command, imported: str, database: Database
) -> None:
    assert (
        "5 events checked, 0 seals, 5 not sealed yet, 0 problem(s)."
        in viatique("audit", "verify").out
    )
    with database.transaction() as connection:
        connection.execute("UPDATE copy SET status = 'GRADED' WHERE number = 1")
    found = viatique("audit", "verify", code=3).out
    assert f"{imported}-0001: the history ends in READY, the copy is GRADED" in found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "NOSUCH"], "exam"),
        (["copies", "NOSUCH"], "viatique exam list"),
        (["import", "NOSUCH", "FILE", "--inline"], "exam"),
        (["identify", "NOSUCH", "--inline"], "exam"),
        (["finalize", "NOSUCH", "--inline"], "exam"),
        (["process", "NOSUCH", "--inline"], "exam"),
        (["audit", "show", "NOSUCH-0001"], "NOSUCH-0001"),
        (["confirm", "NOSUCH-0001", "S1"], "copy"),
        (["release", "NOSUCH-0001"], "copy"),
        (["exam", "create", "absent.toml"], "exam file cannot be read"),
        (["import", "EXAM", "absent.pdf", "--inline"], "scan cannot be read"),
        (["import", "EXAM", "FILE", "--inline"], "it is not a PDF"),
        (["marks", "EXAM", "absent.csv", "--inline"], "marks file cannot be read"),
        (["marks", "EXAM", "FILE", "--inline"], "this column is missing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exit_code_2_with_what_to_do(
    viatique: Command, exam: str, tmp_path: Path, arguments: list[str], message: str
) -> None:
    file = tmp_path / "file"
    file.write_text("neither;a;scan\nnor;a;marks\n", "utf-8")
    given = [
        str(file) if argument == "FILE" else argument.replace("EXAM", exam)
        for argument in arguments
    ]
    printed = viatique(*given, code=2)
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_what_a_copy_cannot_undergo_is_exit_code_2(viatique: Command, imported: str) -> None:
    first, second = f"{imported}-0001", f"{imported}-0002"
    assert "roster" in viatique("confirm", first, "S9", code=2).err
    assert f"viatique audit show {first}" in viatique("release", first, code=2).err
    viatique("confirm", first, "S1")
    assert "already has a confirmed copy" in viatique("confirm", second, "S1", code=2).err


def test_bad_csv_is_shown_by_line_and_column(
    viatique: Command, imported: str, tmp_path: Path
) -> None:
    path = _write_marks(tmp_path, f"{imported}-0001;1;9", "X-0001;1;1")
    printed = viatique("marks", imported, path, "--inline", code=2)
    assert "2 points points must be between 0 and 7.5" in printed.err
    assert "3 copy this exam has no such copy" in printed.err
    assert "nothing was recorded" in printed.err


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["copies"], ["copies", "E", "--nonsense"], ["exam", "create"]],
    ids=" ".join,
)
def test_command_that_does_not_exist_is_exit_code_2(
    viatique: Command, arguments: list[str]
) -> None:
    printed = viatique(*arguments, code=2)
    assert printed.out == ""
    assert printed.err
    assert not viatique.home.exists()


def test_error_nobody_foresaw_is_exit_code_3_and_told_without_its_text(
    viatique: Command, exam: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_arguments: object) -> None:
        raise RuntimeError("ZORGLUBIEN")

    monkeypatch.setattr(app, "report_exam", failing)
    printed = viatique("status", exam, code=3)
    (line,) = viatique.log_lines("command_failed")
    assert "RuntimeError" in printed.err
    assert line["error_type"] == "RuntimeError"
    assert "ZORGLUBIEN" not in f"{printed.err} {line}"


def test_prefect_server_that_does_not_answer_is_named_with_the_way_around_it(
    viatique: Command, exam: str
) -> None:
    nobody = f"http://{LOOPBACK}:{free_port()}/api"
    done = subprocess.run(
        [PROGRAM, "finalize", exam],
        env={**os.environ, **viatique.environment, "PREFECT_API_URL": nobody},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "The Prefect server went away (ConnectError)." in done.stderr
    assert "--inline works without it" in done.stderr


def test_interrupted_command_says_so(
    viatique: Command, exam: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "report_exam", interrupted)
    assert "run the same command again" in viatique("status", exam, code=130).err


@pytest.mark.parametrize("option", [[], ["--json"]], ids=["table", "json"])
def test_reader_that_closes_the_pipe_ends_the_command_quietly(
    viatique: Command, imported: str, option: list[str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            [PROGRAM, "copies", imported, *option],
            env=os.environ | viatique.environment,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    "command",
    [
        [], ["exam"], ["audit"], ["exam", "create"], ["exam", "list"], ["import"], ["identify"],
        ["marks"], ["finalize"], ["process"], ["status"], ["copies"], ["confirm"], ["release"],
        ["audit", "verify"], ["audit", "show"], ["up"], ["down"], ["demo"],
    ],
    ids=lambda command: " ".join(command) or "viatique",
)  # fmt: skip
def test_help_tells_what_a_command_does(viatique: Command, command: list[str]) -> None:
    printed = viatique(*command, "--help")
    assert f"Usage: {' '.join(['viatique', *command])}" in printed.out
    assert printed.err == ""
    assert len(printed.out.split("\n\n")[1]) > 15


def test_version_is_that_of_the_package(viatique: Command) -> None:
    assert viatique("--version").out.strip() == version("viatique")
