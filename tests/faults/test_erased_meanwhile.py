"""A student is erased while a run whose claim is over goes on: expected, told, and nothing kept."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import readers
from tests.faults.outcomes import assert_nothing_is_left
from tests.steps.benches import (
    actions_of,
    import_exam,
    list_copies,
    log_lines,
    mark_exam,
    stored_files,
    write_exam,
    write_scan,
)
from tests.steps.readings import identify_as
from viatique.db.identities import find_reading
from viatique.db.pages import list_pages
from viatique.db.sources import find_source
from viatique.errors import Conflict, NotFound
from viatique.files import Kind, Store
from viatique.inline import run_identify
from viatique.lifecycle import Action
from viatique.models import NO_ENGINE, CopyId, ExamId, HeaderReading, Sha256, StudentId
from viatique.ocr import evidence
from viatique.run import new_run
from viatique.steps import read_headers
from viatique.steps.arrange_pages import reorder_pages
from viatique.steps.create_exam import create_exam
from viatique.steps.download import download_copy
from viatique.steps.erase import erase_exam, erase_student, remove_doomed
from viatique.steps.finalize_copies import finalize_chunk
from viatique.steps.import_scan import cut_chunk, plan_scan, receive_scan, unplanned_scans
from viatique.steps.merge_copies import merge_copies
from viatique.steps.outcome import ChunkOutcome
from viatique.steps.page_image import anonymous_page, whole_page
from viatique.steps.read_headers import read_chunk
from viatique.steps.settle import confirm_identity
from viatique.unfinished import unfinished_folder
from viatique.workbench import Workbench

S1 = StudentId("S1")
NOTHING_READ = evidence.to_bytes(HeaderReading(fields=(), engine=NO_ENGINE))


class Interrupted(Store):
    """Something happens right before a file is read, or after it was fetched, the first time.

    Args:
        url: as for any store.
        sha256: the file.
        then: what happens.
        is_far: whether what was fetched is a file apart, as of a store over a network.
    """

    def __init__(
        self, url: str, sha256: str, then: Callable[[], object], *, is_far: bool = False
    ) -> None:
        super().__init__(url)
        self._sha256, self._then, self._is_far = sha256, [then], is_far

    def get(self, sha256: Sha256, kind: Kind) -> bytes:
        self._happen(sha256)
        return super().get(sha256, kind)

    @contextmanager
    def local(self, sha256: Sha256, kind: Kind) -> Iterator[Path]:
        with super().local(sha256, kind) as path, unfinished_folder() as folder:
            found = Path(shutil.copy(path, folder)) if self._is_far else path
            self._happen(sha256)
            yield found

    def _happen(self, sha256: Sha256) -> None:
        if sha256 == self._sha256 and self._then:
            self._then.pop()()


def erasing(
    bench: Workbench, exam_id: ExamId, kind: Kind, *, is_far: bool = False
) -> tuple[Workbench, list[CopyId]]:
    """The first student is erased as soon as a file of theirs is looked at; and the exam's copies.

    That may be, because whoever looks was away for so long that its claims are over.
    """
    first, *others = list_copies(bench, exam_id)
    if first.student_id is None:
        confirm_identity(bench.database, new_run(), first.copy_id, S1)
    with bench.database.transaction() as connection:
        files = {
            Kind.SCAN: list_pages(connection, first.copy_id)[0].scan,
            Kind.COPY: first.file_sha256,
            Kind.READING: find_reading(connection, first.copy_id),
        }

    def erase() -> None:
        end_claims(bench)
        erase_student(bench, new_run(), exam_id, S1)

    store = Interrupted(bench.store.url, str(files[kind]), erase, is_far=is_far)
    return replace(bench, store=store), [copy.copy_id for copy in (first, *others)]


def end_claims(bench: Workbench) -> None:
    with bench.database.transaction() as connection:
        connection.execute("UPDATE claim SET expires_at = now() - interval '1 second'")


def assert_nothing_was_kept(bench: Workbench, copy_id: CopyId, kind: Kind) -> None:
    """Its event ends the erased copy's history, and what was made of it goes."""
    assert actions_of(bench, copy_id)[-1] is Action.ERASE
    assert [line["level"] for line in log_lines(bench, "claim_lost")] == ["WARNING"]
    for message in ("job_failed", "finalize_failed", "header_unreadable"):
        assert log_lines(bench, message) == []
    remove_doomed(bench)
    bench.store.remove(bench.store.put(NOTHING_READ, Kind.READING), Kind.READING)  # says nothing
    assert len([name for name in stored_files(bench) if name.endswith(kind)]) == 2
    assert_nothing_is_left(bench)


@pytest.mark.parametrize("is_far", [False, True], ids=["local", "far"])
def test_finalizing_a_copy_that_was_erased_is_no_failure(
    bench: Workbench, tmp_path: Path, *, is_far: bool
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=3)
    away, (erased, *_) = erasing(bench, exam_id, Kind.COPY, is_far=is_far)
    assert finalize_chunk(away, new_run(), exam_id) == ChunkOutcome(claimed=3)
    assert_nothing_was_kept(bench, erased, Kind.FINAL)


@pytest.mark.parametrize("is_far", [False, True], ids=["local", "far"])
def test_reading_a_copy_that_was_erased_is_no_failure(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_far: bool
) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    away, (erased, *_) = erasing(bench, exam_id, Kind.COPY, is_far=is_far)
    monkeypatch.setattr(read_headers, "read_copy_header", readers.read)
    monkeypatch.setattr(read_headers, "REFERENCES", 0)
    assert read_chunk(away, new_run(), exam_id) == ChunkOutcome(claimed=3)
    assert_nothing_was_kept(bench, erased, Kind.READING)


def erasing_all(bench: Workbench, folder: Path, *, is_far: bool) -> tuple[Workbench, ExamId, int]:
    """An exam that is erased as soon as its scan is fetched, and that scan."""
    exam_id = create_exam(bench, write_exam(folder))
    receive_scan(bench, exam_id, write_scan(folder, pages=6))
    (source_id,) = unplanned_scans(bench, exam_id)

    def erase() -> None:
        end_claims(bench)
        erase_exam(bench, new_run(), exam_id)

    with bench.database.transaction() as connection:
        scan = find_source(connection, source_id).sha256
    away = replace(bench, store=Interrupted(bench.store.url, scan, erase, is_far=is_far))
    return away, exam_id, source_id


@pytest.mark.parametrize("is_far", [False, True], ids=["local", "far"])
def test_cutting_an_exam_that_was_erased_is_no_failure(
    bench: Workbench, tmp_path: Path, *, is_far: bool
) -> None:
    away, exam_id, source_id = erasing_all(bench, tmp_path, is_far=is_far)
    plan_scan(bench, new_run(), source_id)
    assert cut_chunk(away, new_run(), exam_id) == ChunkOutcome(claimed=3)
    remove_doomed(bench)
    assert stored_files(bench) == []
    assert_nothing_is_left(bench)


@pytest.mark.parametrize("is_far", [False, True], ids=["local", "far"])
def test_planning_a_scan_that_was_erased_makes_no_copies(
    bench: Workbench, tmp_path: Path, *, is_far: bool
) -> None:
    away, exam_id, source_id = erasing_all(bench, tmp_path, is_far=is_far)
    with nullcontext() if is_far else pytest.raises(NotFound, match="no scan"):
        assert plan_scan(away, new_run(), source_id) == 0
    assert list_copies(bench, exam_id) == ()
    assert stored_files(bench) == []
    assert_nothing_is_left(bench)


def test_pages_of_a_copy_that_was_erased_are_not_there(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    away, (first, *_) = erasing(bench, exam_id, Kind.SCAN)
    with bench.database.transaction() as connection:
        keys = [page.key for page in list_pages(connection, first)]
    with pytest.raises(NotFound, match=first):
        reorder_pages(away.database, away.store, new_run(), first, keys[::-1])
    assert Action.ARRANGE not in actions_of(bench, first)


def test_pages_beside_those_of_an_erased_copy_were_changed_meanwhile(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    away, (_, second, third) = erasing(bench, exam_id, Kind.SCAN)
    with pytest.raises(Conflict, match="meanwhile"):
        merge_copies(
            away.database, away.store, new_run(), second, third, student_id=StudentId("S2")
        )
    assert Action.MERGE not in actions_of(bench, second)


@pytest.mark.parametrize("look", [whole_page, anonymous_page, download_copy])
def test_a_copy_that_is_erased_while_somebody_asks_for_it_is_not_found(
    bench: Workbench, tmp_path: Path, look: Callable[..., bytes]
) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    away, (first, *_) = erasing(bench, exam_id, Kind.COPY)
    given = {
        whole_page: ((new_run(), first, 0), {"dpi": 40}),
        anonymous_page: ((first, 0), {"dpi": 40}),
        download_copy: ((new_run(), first), {}),
    }
    arguments, named = given[look]
    with pytest.raises(NotFound, match=first):
        look(away.database, away.store, *arguments, **named)


def test_others_are_identified_though_somebody_is_erased_amid_it(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    ids = [copy.copy_id for copy in list_copies(bench, exam_id)]
    identify_as(bench, dict(zip(ids, readers.NAMES.values(), strict=True)))
    away, _ = erasing(bench, exam_id, Kind.READING)
    run_identify(away, exam_id)
    assert [(copy.copy_id, copy.student_id) for copy in list_copies(bench, exam_id)] == [
        (ids[1], "S2"),
        (ids[2], "S3"),
    ]
    assert_nothing_is_left(bench)
