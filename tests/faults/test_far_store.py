"""A store over a network loses the end of files, or is away: read again, then named."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tests.faults import readers
from tests.faults.outcomes import assert_nothing_is_left
from tests.steps.benches import (
    import_exam,
    list_copies,
    log_lines,
    mark_exam,
    write_exam,
    write_scan,
)
from viatique import inline
from viatique.db.identities import find_evidence
from viatique.db.pages import list_pages
from viatique.errors import StoredFileCorrupt, StoreUnavailable
from viatique.files import READ_TRIES, Kind, Store
from viatique.inline import run_finalize, run_identify, run_import
from viatique.lifecycle import CopyStatus
from viatique.models import ExamId, IdentityReason, Sha256
from viatique.pdf.document import open_pdf
from viatique.run import new_run
from viatique.steps import read_headers
from viatique.steps.arrange_pages import reorder_pages
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.workbench import Workbench

DATA = b"%PDF of a copy" * 100


class HttpPayloadError(Exception):
    """What libraries of object stores raise is no OSError."""


class FarFileSystem(MemoryFileSystem):
    """Objects in memory, at the end of a bad line.

    Attributes:
        short_reads, short_writes: so many times the end is lost.
        error: what every call ends in.
    """

    protocol = "far"
    store: ClassVar[dict[str, Any]] = {}
    short_reads = short_writes = 0
    error: Exception | None = None

    def cat_file(self, path: str, *arguments: object, **named: object) -> bytes:
        return self._came(super().cat_file(path, *arguments, **named))

    def get_file(self, rpath: str, lpath: str, *arguments: object, **named: object) -> None:
        with open(lpath, "wb") as stream:  # noqa: PTH123
            stream.write(self._came(super().cat_file(rpath)))

    def pipe_file(self, path: str, value: bytes, *arguments: object, **named: object) -> None:
        self._answer()
        is_short, self.short_writes = self.short_writes > 0, max(0, self.short_writes - 1)
        super().pipe_file(path, value[: len(value) // 2] if is_short else value)

    def put_file(self, lpath: str, rpath: str, *arguments: object, **named: object) -> None:
        self.pipe_file(rpath, Path(lpath).read_bytes())

    def _came(self, data: bytes) -> bytes:
        self._answer()
        is_short, self.short_reads = self.short_reads > 0, max(0, self.short_reads - 1)
        return data[: len(data) // 2] if is_short else data

    def _answer(self) -> None:
        if self.error:
            raise self.error


@pytest.fixture
def far() -> Iterator[FarFileSystem]:
    fsspec.register_implementation("far", FarFileSystem, clobber=True)
    FarFileSystem.clear_instance_cache()
    yield fsspec.filesystem("far")
    FarFileSystem.store.clear()
    FarFileSystem.clear_instance_cache()


def read(store: Store, sha256: Sha256, *, is_local: bool) -> bytes:
    if not is_local:
        return store.get(sha256, Kind.COPY)
    with store.local(sha256, Kind.COPY) as path:
        return path.read_bytes()


@pytest.mark.parametrize("is_local", [False, True], ids=["bytes", "file"])
def test_a_truncated_read_is_read_again_and_named_when_it_stays_so(
    far: FarFileSystem, *, is_local: bool
) -> None:
    store = Store("far://exams")
    sha256 = store.put(DATA, Kind.COPY)
    far.short_reads = READ_TRIES - 1
    assert read(store, sha256, is_local=is_local) == DATA
    far.short_reads = READ_TRIES
    with pytest.raises(StoredFileCorrupt, match=sha256[:12]):
        read(store, sha256, is_local=is_local)


def test_a_truncated_write_is_told_and_mended_by_the_next(far: FarFileSystem) -> None:
    store = Store("far://exams")
    far.short_writes = 1
    with pytest.raises(StoreUnavailable, match="not all was written"):
        store.put(DATA, Kind.COPY)
    sha256 = store.put(DATA, Kind.COPY)
    assert store.get(sha256, Kind.COPY) == DATA


@pytest.mark.parametrize("is_local", [False, True], ids=["bytes", "file"])
def test_a_store_that_is_away_is_a_passing_error_without_its_text(
    far: FarFileSystem, *, is_local: bool
) -> None:
    store = Store("far://exams")
    sha256 = store.put(DATA, Kind.COPY)
    far.error = HttpPayloadError("ZORGLUB")
    with pytest.raises(StoreUnavailable, match="HttpPayloadError") as found:
        read(store, sha256, is_local=is_local)
    assert "ZORGLUB" not in str(found.value)
    far.error = None
    assert read(store, sha256, is_local=is_local) == DATA


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    return mark_exam(bench, tmp_path, count=3)


@pytest.fixture
def away(far: FarFileSystem, bench: Workbench, exam_id: ExamId) -> Workbench:
    """Its store is in the memory of this process, and has all copies but the first.

    Jobs of worker processes that use it fail; those that do not never wait for it.
    """
    assert far
    away = replace(bench, store=Store("far://exams"))
    for copy in list_copies(bench, exam_id)[1:]:
        assert copy.file_sha256
        away.store.put(bench.store.get(copy.file_sha256, Kind.COPY), Kind.COPY)
    return away


def test_worker_processes_read_headers_without_the_store(
    away: Workbench, exam_id: ExamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_headers, "read_copy_header", readers.read)
    run_identify(away, exam_id)
    lost, *others = list_copies(away, exam_id)
    assert [copy.student_id for copy in others] == ["S2", "S3"]
    with away.database.transaction() as connection:
        assert find_evidence(connection, lost.copy_id).reasons == (IdentityReason.READING_FAILED,)
    assert_nothing_is_left(away)


def test_worker_processes_make_final_pdfs_without_the_store(
    away: Workbench, exam_id: ExamId
) -> None:
    run_finalize(away, exam_id)
    lost, *others = list_copies(away, exam_id)
    assert (lost.status, lost.error_code) == (CopyStatus.GRADING_FAILED, "stored_file_corrupt")
    assert [copy.status for copy in others] == [CopyStatus.GRADED] * 2
    assert_nothing_is_left(away)


def test_worker_processes_cut_copies_without_the_store(
    far: FarFileSystem, bench: Workbench, tmp_path: Path
) -> None:
    away = replace(bench, store=Store("far://exams"))
    exam_id = import_exam(away, tmp_path, count=3)
    first, *others = list_copies(away, exam_id)
    with away.database.transaction() as connection:
        page, other = list_pages(connection, first.copy_id)
    reorder_pages(away.database, away.store, new_run(), first.copy_id, [other.key, page.key])
    for copy in (list_copies(away, exam_id)[0], *others):
        assert (copy.status, copy.error_code) == (CopyStatus.READY, None)
        assert copy.file_sha256
        with open_pdf(away.store.get(copy.file_sha256, Kind.COPY)) as pdf:
            assert pdf.page_count == 2
    assert far.find("exams/unfinished") == []
    assert_nothing_is_left(away)


def test_a_copy_that_a_store_does_not_take_is_cut_again_by_the_same_run(
    far: FarFileSystem, bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inline, "PAUSE_S", 0.0)
    away = replace(bench, store=Store("far://exams"))
    exam_id = create_exam(away, write_exam(tmp_path))
    receive_scan(away, exam_id, write_scan(tmp_path, pages=6))
    far.short_writes = 2
    run_import(away, exam_id)
    assert [copy.status for copy in list_copies(away, exam_id)] == [CopyStatus.READY] * 3
    assert {line["error_type"] for line in log_lines(away, "cut_failed")} == {"StoreUnavailable"}
    assert len(log_lines(away, "cut_failed")) == 2
    assert_nothing_is_left(away)
