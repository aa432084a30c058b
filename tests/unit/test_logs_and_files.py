"""Log lines carry ids and no third party's text; the store names files by their bytes."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from viatique import logs
from viatique.errors import (
    Conflict,
    DatabaseUnavailable,
    NotFound,
    StoredFileCorrupt,
    StoreUnavailable,
)
from viatique.files import Kind, Store, make_here
from viatique.models import Sha256


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    yield
    logs.release_logging()


def _lines(folder: Path, name: str = "viatique.log") -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_a_command_does_not_import_what_only_servers_need() -> None:
    """Each of them costs every command a tenth of a second."""
    told = "import sys, viatique.cli.app; print([n for n in sys.argv[1:] if n in sys.modules])"
    command = [sys.executable, "-c", told, "redis", "prefect", "streamlit", "fastapi"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_lines_carry_the_bound_ids(tmp_path: Path) -> None:
    logs.configure_logging(tmp_path, "json")
    with logs.bound(flow_run_id="run-1", exam_id="E1"):
        logging.getLogger("viatique.steps").info("copy_imported", extra={"copy_id": "C1"})
    (line,) = _lines(tmp_path)
    expected = {"level": "INFO", "logger": "viatique.steps", "message": "copy_imported"}
    assert expected.items() <= line.items()
    assert {"flow_run_id": "run-1", "exam_id": "E1", "copy_id": "C1"}.items() <= line.items()
    assert str(line["timestamp"]).endswith("+00:00")
    assert {"module", "function", "line"} <= line.keys()


def test_exceptions_are_one_line_without_a_third_partys_text(tmp_path: Path) -> None:
    logs.configure_logging(tmp_path, "json")
    try:
        try:
            int("ZORGLUB")
        except ValueError as cause:
            raise Conflict("Copy C1 is taken.") from cause
    except Conflict:
        logging.getLogger("grading").exception("failed")
    text = (tmp_path / "viatique.log").read_text()
    (line,) = _lines(tmp_path)
    assert "ZORGLUB" not in text
    assert line["error_type"] == "Conflict"
    assert "Copy C1 is taken." in str(line["exc_info"])
    assert "caused by ValueError" in str(line["exc_info"])


def test_what_a_user_gave_is_not_repeated_in_the_log(tmp_path: Path) -> None:
    logs.configure_logging(tmp_path, "json")
    try:
        raise NotFound("There is no copy 'ZORGLUB'.")
    except NotFound:
        logging.getLogger("viatique").exception("command_refused")
    (line,) = _lines(tmp_path)
    assert "ZORGLUB" not in str(line)
    assert line["error_type"] == "NotFound"


def test_of_what_others_log_only_who_and_where_is_kept(tmp_path: Path) -> None:
    logs.configure_logging(tmp_path, "json")
    with logs.bound(flow_run_id="run-1"):
        logging.getLogger("pikepdf.x").info("opened %s", "ZORGLUB.pdf", extra={"f": "ZORGLUB"})
    logging.getLogger("httpx").info("GET ZORGLUB")
    (line,) = _lines(tmp_path)
    assert (line["message"], line["logger"]) == (logs.FOREIGN, "pikepdf.x")
    assert line["flow_run_id"] == "run-1"
    assert "ZORGLUB" not in str(line)


def test_each_logger_has_its_level_and_its_file(tmp_path: Path) -> None:
    logs.configure_logging(tmp_path, "json")
    for name in ("viatique", "grading", "audit", "metrics", "security", "some.library"):
        for level in ("debug", "info", "warning"):
            getattr(logging.getLogger(name), level)("event")
    (audit,) = {line["logger"] for line in _lines(tmp_path, "audit.log")}
    written = {(line["logger"], line["level"]) for line in _lines(tmp_path)}
    talking = ("viatique", "grading", "some.library")
    assert audit == "audit"
    assert written == {
        *((name, level) for name in talking for level in ("INFO", "WARNING")),
        *((name, "WARNING") for name in ("metrics", "security")),
    }


ROTATE = """
import logging, sys
from pathlib import Path
from viatique import logs
logs.FILE_BYTES = 10_000
logs.configure_logging(Path(sys.argv[1]), "json")
for number in range(100):
    logging.getLogger("viatique").info("line", extra={"number": f"{sys.argv[2]}-{number}"})
"""


def test_processes_that_share_a_file_lose_no_line_when_it_is_rotated(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", ROTATE, str(tmp_path), name]) for name in "abc"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    files = list(tmp_path.glob("viatique.log*"))
    assert len(files) > 3
    numbers = [
        json.loads(line)["number"] for path in files for line in path.read_text().splitlines()
    ]
    assert sorted(numbers) == sorted(f"{name}-{n}" for name in "abc" for n in range(100))


def test_files_are_rotated_as_the_contract_says() -> None:
    assert (logs.FILE_BYTES, logs.FILE_COUNT) == (10 * 1024 * 1024, 10)


@pytest.mark.parametrize(
    ("error", "level"),
    [(DatabaseUnavailable("x"), "CRITICAL"), (StoreUnavailable("x"), "ERROR")],
)
def test_only_a_database_that_is_gone_is_critical(error: Exception, level: str) -> None:
    assert logging.getLevelName(logs.severity(error)) == level


def test_readable_lines_show_ids(tmp_path: Path) -> None:
    logs.configure_logging(tmp_path, "readable")
    logging.getLogger("grading").warning("lock_conflict", extra={"copy_id": "C1"})
    assert "lock_conflict copy_id=C1" in (tmp_path / "viatique.log").read_text()


def test_store_gives_back_what_was_put_and_puts_once(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    sha256 = store.put(b"data", Kind.COPY)
    path = Path(store.path(sha256, Kind.COPY))
    before = path.stat().st_ino
    assert store.put(b"data", Kind.COPY) == sha256
    assert path.stat().st_ino == before
    assert store.get(sha256, Kind.COPY) == b"data"
    with store.local(sha256, Kind.COPY) as local:
        assert local.read_bytes() == b"data"
    assert [item.name for item in tmp_path.rglob("*") if item.is_file()] == [f"{sha256}.copy.pdf"]


def test_store_keeps_files_for_its_user_alone_however_they_come(tmp_path: Path) -> None:
    store, given = Store(str(tmp_path / "store")), tmp_path / "given.pdf"
    given.write_bytes(b"scan")
    before = os.umask(0o022)
    try:
        store.put(b"reading", Kind.READING)
        store.put_path(given, Kind.SCAN)
        with store.workshop() as folder:
            store.take(folder / "made", make_here(folder / "made", b"copy"), Kind.COPY)
    finally:
        os.umask(before)
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600] * 3


def test_store_refuses_changed_and_missing_files(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    sha256 = store.put(b"data", Kind.COPY)
    Path(store.path(sha256, Kind.COPY)).write_bytes(b"dato")
    with pytest.raises(StoredFileCorrupt, match="changed"):
        store.get(sha256, Kind.COPY)
    with pytest.raises(StoredFileCorrupt, match="changed"), store.local(sha256, Kind.COPY):
        pass
    with pytest.raises(StoredFileCorrupt, match="gone"):
        store.get(Sha256("0" * 64), Kind.COPY)


def test_store_mends_a_half_written_file(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    sha256 = store.put(b"data", Kind.COPY)
    Path(store.path(sha256, Kind.COPY)).write_bytes(b"da")
    assert store.put(b"data", Kind.COPY) == sha256
    assert store.get(sha256, Kind.COPY) == b"data"


def test_store_that_cannot_be_written_is_a_transient_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailable):
        Store(str(tmp_path / "file" / "below")).put(b"data", Kind.COPY)


def test_any_fsspec_file_system_will_do() -> None:
    store = Store("memory://viatique-test")
    sha256 = store.put(b"data", Kind.FINAL)
    assert store.get(sha256, Kind.FINAL) == b"data"
    assert store.path(sha256, Kind.FINAL).startswith("memory://")
    with store.local(sha256, Kind.FINAL) as local:
        assert local.read_bytes() == b"data"
