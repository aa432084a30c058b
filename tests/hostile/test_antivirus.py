"""No file enters unseen by clamd, Debian's own: every door is listed here, and none is missing."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_type_hints

import pytest
from cyclopts import App

from dashboard import core
from tests.dashboard.conftest import Visiting
from tests.operations.monitoring import wait_until
from tests.steps.benches import (
    EXAM_TOML,
    ROSTER,
    give_marks,
    import_exam,
    list_copies,
    with_settings,
    write_exam,
    write_scan,
)
from tests.unit.pdf_factories import scan
from viatique.antivirus import check_bytes, check_file
from viatique.cli.app import app as cli
from viatique.errors import AntivirusUnavailable, InfectedFile, InvalidSettings, ViatiqueError
from viatique.models import ExamId
from viatique.run import new_run
from viatique.settings import Settings, load_settings
from viatique.steps.backup import back_up, restore
from viatique.steps.check_exam import check_exam
from viatique.steps.create_exam import create_exam, receive_roster
from viatique.steps.import_scan import receive_scan
from viatique.steps.inbox import inbox_folder, receive_inbox
from viatique.steps.record_marks import receive_marks
from viatique.workbench import Workbench

ROOT = Path(__file__).parents[2]
CLAMD = shutil.which("clamd", path="/usr/sbin:/usr/bin")
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
"""In two parts, so that no scanner takes this file away."""
SCAN = scan(2, height=840) + b"\n%" + EICAR + b"\n"
TABLE = ROSTER.encode() + b"S4;" + EICAR + b";Zoe\n"
EXAM = EXAM_TOML.format(layout="a4", pages_per_copy=2, segmentation="pages").encode()
DESCRIPTION = EXAM + b"# " + EICAR + b"\n"
FOUND, SILENT = "knows it as harmful", "cannot be asked now"


@dataclass(frozen=True, kw_only=True)
class House:
    """An installation with an exam of two copies, and what is to be brought in."""

    bench: Workbench
    visiting: Visiting
    exam_id: ExamId
    folder: Path
    empty_dsn: str

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path


@pytest.fixture(scope="session")
def clamd() -> Iterator[str]:
    """A clamd that knows one signature and takes a megabyte at most."""
    if CLAMD is None:
        pytest.skip("clamd (Debian: clamav-daemon) is not installed")
    with tempfile.TemporaryDirectory(prefix="clamd-") as name:
        folder = Path(name)
        signatures = folder / "signatures"
        signatures.mkdir()
        (signatures / "own.ndb").write_text(f"Eicar:0:*:{EICAR.hex()}\n", "ascii")
        settings = folder / "clamd.conf"
        settings.write_text(
            f"Foreground yes\nLocalSocket {folder}/socket\nDatabaseDirectory {signatures}\n"
            f"LogFile {folder}/log\nStreamMaxLength 1M\nAlertExceedsMax yes\n",
            "ascii",
        )
        with subprocess.Popen(
            [CLAMD, f"--config-file={settings}"], stdout=subprocess.DEVNULL
        ) as process:
            address = f"unix://{folder}/socket"
            wait_until(lambda: process.poll() is not None or _answers(address))
            assert process.poll() is None, (folder / "log").read_text("utf-8")
            yield address
            process.terminate()


def _answers(address: str) -> bool:
    try:
        check_bytes(address, b"clean")
    except AntivirusUnavailable:
        return False
    return True


@pytest.fixture
def house(bench: Workbench, visiting: Visiting, empty_dsn: str, tmp_path: Path) -> House:
    """With a backup that was made when no clamd was set."""
    folder = tmp_path / "given"
    exam_id = import_exam(bench, folder)
    found = House(
        bench=bench, visiting=visiting, exam_id=exam_id, folder=folder, empty_dsn=empty_dsn
    )
    receive_scan(bench, create_exam(bench, write_exam(folder)), found.file("evil.pdf", SCAN))
    back_up(bench, folder / "backup")
    return found


def _refusal(act: Callable[..., object], *arguments: object) -> str:
    try:
        act(*arguments)
    except ViatiqueError as error:
        return str(error)
    return "taken"


def _import(house: House) -> str:
    return _refusal(receive_scan, house.bench, house.exam_id, house.file("evil.pdf", SCAN))


def _check(house: House) -> str:
    return _refusal(check_exam, house.bench, house.exam_id, house.file("evil.pdf", SCAN))


def _inbox(house: House) -> str:
    folder = inbox_folder(house.bench, house.exam_id)
    folder.mkdir(parents=True)
    (folder / "evil.pdf").write_bytes(SCAN)
    said = _refusal(receive_inbox, house.bench, new_run(), house.exam_id)
    reason = folder / "refused" / "evil.reason.txt"
    return reason.read_text("utf-8") if reason.exists() else said


def _exam_file(house: House) -> str:
    write_exam(house.folder)
    return _refusal(create_exam, house.bench, house.file("exam.toml", DESCRIPTION))


def _roster(house: House) -> str:
    path = write_exam(house.folder)
    house.file("roster.csv", TABLE)
    return _refusal(create_exam, house.bench, path)


def _later_roster(house: House) -> str:
    path = house.file("later.csv", TABLE)
    return _refusal(receive_roster, house.bench.settings.clamd, path.read_bytes())


def _marks(house: House) -> str:
    copy_id = list_copies(house.bench, house.exam_id)[0].copy_id
    data = b"copy;question;points;remark\n" + copy_id.encode() + b";1;2,5;" + EICAR + b"\n"
    return _refusal(receive_marks, house.bench, house.exam_id, house.file("marks.csv", data))


def _uploaded_scan(house: House, button: str) -> str:
    page = house.visiting("exams", exam=house.exam_id)
    page.file_uploader[0].upload("evil.pdf", SCAN).run()
    next(one for one in page.button if one.label == button).click().run(timeout=60)
    return page.error[0].value if page.error else "taken"


def _uploaded_roster(house: House) -> str:
    page = house.visiting("exams", new="1")
    page.file_uploader[0].upload("roster.csv", TABLE).run()
    return page.error[0].value if page.error else "taken"


def _uploaded_later_roster(house: House) -> str:
    page = house.visiting("exams", exam=house.exam_id)
    page.file_uploader[1].upload("roster.csv", TABLE).run()
    return page.error[0].value if page.error else "taken"


def _uploaded_marks(house: House) -> str:
    page = house.visiting("exams", exam=house.exam_id)
    page.file_uploader[2].upload("marks.csv", b"copy;question;points\n" + EICAR).run()
    next(one for one in page.button if one.label == "Record these marks").click().run()
    return page.error[0].value if page.error else "taken"


def _uploaded_exam_file(house: House) -> str:
    page = house.visiting("exams", new="1")
    page.file_uploader[0].upload("roster.csv", ROSTER.encode())
    page.file_uploader[1].upload("exam.toml", DESCRIPTION).run()
    if not page.error:
        page.button(key="create_by_file").click().run()
    return page.error[0].value if page.error else "taken"


def _restore(house: House) -> str:
    settings = Settings(home=house.folder / "restored", clamd=house.bench.settings.clamd)
    said = _refusal(restore, settings, house.empty_dsn, house.folder / "backup")
    assert not (house.folder / "restored").exists()
    return said


DOORS: dict[str, Callable[[House], str]] = {
    "viatique import": _import,
    "viatique exam check": _check,
    "HOME/inbox": _inbox,
    "viatique exam create: exam.toml": _exam_file,
    "viatique exam create: roster": _roster,
    "viatique exam roster": _later_roster,
    "viatique marks": _marks,
    "viatique restore": _restore,
    "dashboard: import a scan": lambda house: _uploaded_scan(house, "Import this scan"),
    "dashboard: try a scan": lambda house: _uploaded_scan(house, "Try it first"),
    "dashboard: roster": _uploaded_roster,
    "dashboard: later roster": _uploaded_later_roster,
    "dashboard: marks": _uploaded_marks,
    "dashboard: exam.toml": _uploaded_exam_file,
}
COMMANDS = {door.partition(":")[0] for door in DOORS if door.startswith("viatique ")}
NO_DOORS = {
    "viatique results": "writes",
    "viatique audit export": "writes",
    "viatique backup": "writes",
    "viatique support-bundle": "writes",
}
UPLOADS = {"views/exam_form.py": 2, "views/exams.py": 1, "views/marks_form.py": 1}


@pytest.mark.parametrize("is_running", [True, False], ids=["harmful", "no clamd"])
def test_every_door_refuses(
    house: House, clamd: str, monkeypatch: pytest.MonkeyPatch, *, is_running: bool
) -> None:
    address = clamd if is_running else f"{clamd}-gone"
    guarded = with_settings(house.bench, clamd=address)
    monkeypatch.setenv("VIATIQUE_CLAMD", address)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(core, "open_workbench", lambda _settings: nullcontext(guarded))
    core.close()
    try:
        before = _kept(guarded)
        watched = replace(house, bench=guarded)
        said = {name: give(watched) for name, give in DOORS.items()}
        assert _kept(guarded) == before
    finally:
        core.close()
    expected = FOUND if is_running else SILENT
    assert {name: text for name, text in said.items() if expected not in text} == {}


def _kept(bench: Workbench) -> tuple[list[int], list[str]]:
    """How many rows there are of what comes in by files, and the names of the stored files."""
    with bench.database.transaction() as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM exam) AS exams, (SELECT count(*) FROM student) AS people,"
            " (SELECT count(*) FROM source_file) AS scans,"
            " (SELECT count(*) FROM marks_file) AS marks"
        ).fetchall()
    return list(rows[0].values()), sorted(name for name, _ in bench.store.list_names())


def test_clean_files_are_taken(bench: Workbench, clamd: str, tmp_path: Path) -> None:
    guarded = with_settings(bench, clamd=clamd)
    exam_id = import_exam(guarded, tmp_path / "exam")
    copies = list_copies(guarded, exam_id)
    give_marks(guarded, exam_id, tmp_path, f"copy;question;points\n{copies[0].copy_id};1;2,5\n")
    assert receive_scan(guarded, exam_id, write_scan(tmp_path, pages=2, height=841))


def test_a_file_larger_than_clamd_takes_is_not_taken(clamd: str, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(5 << 20))
    with pytest.raises(AntivirusUnavailable):
        check_file(clamd, path)


def test_harm_is_found_across_blocks(clamd: str) -> None:
    with pytest.raises(InfectedFile):
        check_bytes(clamd, bytes((1 << 18) - 30) + EICAR)


@pytest.mark.parametrize("address", ["", "localhost:3310", "http://localhost", "unix://"])
def test_an_address_that_is_none_stops_everything(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("VIATIQUE_CLAMD", address)
    with pytest.raises(InvalidSettings):
        load_settings()


def test_every_door_is_listed() -> None:
    assert set(_commands_with_paths(cli, "viatique")) == COMMANDS | NO_DOORS.keys()
    pages = ROOT / "dashboard"
    counts = {
        str(path.relative_to(pages)): path.read_text("utf-8").count("file_uploader(")
        for path in pages.rglob("*.py")
    }
    assert {name: count for name, count in counts.items() if count} == UPLOADS
    for path in (ROOT / "viatique" / "api").rglob("*.py"):
        text = path.read_text("utf-8")
        assert not re.search(r"UploadFile|\.(stream|form|body)\(\)", text), path.name


def _commands_with_paths(of: App, name: str) -> Iterator[str]:
    """Commands that are given a path."""
    for word in of:
        if word.startswith("-"):
            continue
        command = of[word]
        if command.default_command is not None:
            hints = get_type_hints(command.default_command, include_extras=True)
            if any("Path" in str(hint) for hint in hints.values()):
                yield f"{name} {word}"
        yield from _commands_with_paths(command, f"{name} {word}")
