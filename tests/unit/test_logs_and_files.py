"""Log lines carry ids and no third party's text; the store names files by their bytes."""

import json
import logging
from pathlib import Path

import pytest

from viatique import logs
from viatique.errors import NotFound, StoredFileCorrupt, StoreUnavailable
from viatique.files import Kind, Store
from viatique.models import Sha256


def _lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "viatique.log").read_text().splitlines()]


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
            raise NotFound("There is no copy C1.") from cause
    except NotFound:
        logging.getLogger("grading").exception("failed")
    text = (tmp_path / "viatique.log").read_text()
    (line,) = _lines(tmp_path)
    assert "ZORGLUB" not in text
    assert line["error_type"] == "NotFound"
    assert "There is no copy C1." in str(line["exc_info"])
    assert "caused by ValueError" in str(line["exc_info"])


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
