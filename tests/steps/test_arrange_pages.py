"""Pages put right by a person: every change is one step, with its event, and loses nothing."""

from collections import Counter
from pathlib import Path
from threading import Barrier, Thread

import pymupdf
import pytest

from tests.steps.benches import (
    actions_of,
    copy_file,
    events_of,
    give_marks,
    import_exam,
    list_copies,
    page_jpegs,
    write_scan,
)
from viatique.db.copies import Copy, list_page_defects
from viatique.db.identities import list_readings
from viatique.db.pages import CopyPage, list_pages, list_to_rescan
from viatique.errors import Conflict, NotFound
from viatique.lifecycle import Action, CopyStatus
from viatique.models import CopyId, ExamId, HeaderReading
from viatique.ocr import evidence
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.steps.arrange_pages import (
    ask_rescan,
    leave_out_page,
    move_page,
    reorder_pages,
    thumbnails,
)
from viatique.steps.read_headers import Read, ReadJob, read_chunk
from viatique.steps.settle import release_from_quarantine
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

PERSON = "U1"


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    """Copies 1 and 2 of two pages are READY, copy 3 has one page and is in quarantine."""
    return import_exam(bench, tmp_path, scan_pdf=write_scan(tmp_path, pages=5))


def pages_of(bench: Workbench, copy_id: CopyId) -> tuple[CopyPage, ...]:
    with bench.database.transaction() as connection:
        return list_pages(connection, copy_id)


def all_keys(bench: Workbench, exam_id: ExamId) -> Counter[str]:
    copies = list_copies(bench, exam_id)
    return Counter(page.key for copy in copies for page in pages_of(bench, copy.copy_id))


def pictures(bench: Workbench, copy: Copy) -> list[bytes]:
    return page_jpegs(copy_file(bench, copy))


def test_pages_get_another_order_in_the_copys_file(bench: Workbench, exam_id: ExamId) -> None:
    first = list_copies(bench, exam_id)[0]
    before = pictures(bench, first)
    keys = [page.key for page in pages_of(bench, first.copy_id)]
    reorder_pages(bench.database, bench.store, new_run(PERSON), first.copy_id, keys[::-1])
    again = list_copies(bench, exam_id)[0]
    assert pictures(bench, again) == before[::-1]
    event = events_of(bench, first.copy_id)[-1]
    assert (event.action, event.actor) == (Action.ARRANGE, PERSON)
    assert event.details == {"change": "order", "pages": keys[::-1]}
    assert verify_audit(bench.database, seal_files_of(bench.settings)).findings == ()


def test_what_was_wrong_with_a_page_goes_with_it(bench: Workbench, exam_id: ExamId) -> None:
    one, _, three = (copy.copy_id for copy in list_copies(bench, exam_id))
    first, second = (page.key for page in pages_of(bench, one))
    with bench.database.transaction() as connection:
        connection.execute(
            "UPDATE page SET defect = 'page_faint' WHERE copy_id = %s AND position = 1", [one]
        )

    def defects() -> dict[CopyId, dict[int, str]]:
        with bench.database.transaction() as connection:
            return list_page_defects(connection, exam_id)

    parts = bench.database, bench.store, new_run(PERSON)
    assert defects() == {one: {2: "page_faint"}}
    leave_out_page(*parts, one, first, is_left_out=True)
    assert defects() == {one: {1: "page_faint"}}, "pages are counted as in the copy's file"
    leave_out_page(*parts, one, first, is_left_out=False)
    reorder_pages(*parts, one, [second, first])
    assert defects() == {one: {1: "page_faint"}}
    move_page(*parts, one, second, target=three)
    assert defects() == {three: {2: "page_faint"}}


def test_a_header_that_is_being_read_is_not_taken_for_the_one_that_comes_first_then(
    bench: Workbench, exam_id: ExamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = list_copies(bench, exam_id)[0].copy_id
    arranged: list[CopyId] = []

    def read(job: ReadJob) -> Read:
        if job.copy_id == one and not arranged:
            arranged.append(one)
            keys = [page.key for page in pages_of(bench, one)]
            reorder_pages(bench.database, bench.store, new_run(PERSON), one, keys[::-1])
        form = evidence.to_bytes(HeaderReading(fields=(), engine=job.copy.sha256))
        return Read(data=form, engine=job.copy.sha256, is_found=False, duration_s=0)

    monkeypatch.setattr(bench.pool, "run_one", lambda _function, job: read(job))
    while read_chunk(bench, new_run(), exam_id).claimed:
        pass
    copy = list_copies(bench, exam_id)[0]
    with bench.database.transaction() as connection:
        engines = {found.copy_id: found.engine for found in list_readings(connection, exam_id)}
    assert arranged
    assert engines[one] == copy.file_sha256, "what was read last lies first"


def test_a_page_moves_to_another_copy_and_back(bench: Workbench, exam_id: ExamId) -> None:
    one, _, three = list_copies(bench, exam_id)
    keys = all_keys(bench, exam_id)
    files = {copy.copy_id: pictures(bench, copy) for copy in (one, three)}
    stray = pages_of(bench, one.copy_id)[1].key
    run = new_run(PERSON)
    move_page(bench.database, bench.store, run, one.copy_id, stray, target=three.copy_id)
    left, _, complete = list_copies(bench, exam_id)
    assert (left.page_count, complete.page_count, complete.missing_pages) == (1, 2, ())
    assert pictures(bench, complete) == [files[three.copy_id][0], files[one.copy_id][1]]
    assert all_keys(bench, exam_id) == keys
    for copy_id in (one.copy_id, three.copy_id):
        assert actions_of(bench, copy_id).count(Action.ARRANGE) == 1
    move_page(bench.database, bench.store, run, three.copy_id, stray, target=one.copy_id)
    assert pictures(bench, list_copies(bench, exam_id)[0]) == files[one.copy_id]


def test_a_blank_page_is_left_out_and_may_come_back(bench: Workbench, exam_id: ExamId) -> None:
    one = list_copies(bench, exam_id)[0]
    before = pictures(bench, one)
    key = pages_of(bench, one.copy_id)[0].key
    for is_left_out, expected in ((True, before[1:]), (False, before)):
        leave_out_page(
            bench.database, bench.store, new_run(), one.copy_id, key, is_left_out=is_left_out
        )
        copy = list_copies(bench, exam_id)[0]
        assert pictures(bench, copy) == expected
        assert copy.page_count == len(expected)
        assert set(thumbnails(bench.database, bench.store, new_run(), one.copy_id)) == {
            page.key for page in pages_of(bench, one.copy_id)
        }


def test_a_copy_whose_pages_all_moved_away_stays_and_cannot_be_marked(
    bench: Workbench, exam_id: ExamId
) -> None:
    one, _, three = list_copies(bench, exam_id)
    (page,) = pages_of(bench, three.copy_id)
    move_page(bench.database, bench.store, new_run(), three.copy_id, page.key, target=one.copy_id)
    emptied = list_copies(bench, exam_id)[2]
    assert (emptied.status, emptied.problem, emptied.page_count) == (
        CopyStatus.QUARANTINE,
        "emptied",
        0,
    )
    with pytest.raises(Conflict):
        release_from_quarantine(bench.database, new_run(), three.copy_id)


def test_pages_of_a_copy_somebody_wrote_on_do_not_change(
    bench: Workbench, exam_id: ExamId, tmp_path: Path
) -> None:
    one, _, three = list_copies(bench, exam_id)
    give_marks(bench, exam_id, tmp_path, f"copy,question,points\n{one.copy_id},1,5\n")
    (page,) = pages_of(bench, three.copy_id)
    with pytest.raises(Conflict):
        move_page(
            bench.database, bench.store, new_run(), three.copy_id, page.key, target=one.copy_id
        )
    assert pages_of(bench, three.copy_id) == (page,)
    assert Action.ARRANGE not in actions_of(bench, three.copy_id)


def test_what_was_changed_meanwhile_is_refused(bench: Workbench, exam_id: ExamId) -> None:
    one, _, three = list_copies(bench, exam_id)
    seen = [page.key for page in pages_of(bench, one.copy_id)]
    run = new_run()
    move_page(bench.database, bench.store, run, one.copy_id, seen[0], target=three.copy_id)
    with pytest.raises(Conflict):
        reorder_pages(bench.database, bench.store, run, one.copy_id, seen[::-1])
    with pytest.raises(Conflict):
        move_page(bench.database, bench.store, run, one.copy_id, seen[0], target=three.copy_id)
    with pytest.raises(NotFound):
        move_page(
            bench.database, bench.store, run, one.copy_id, seen[1], target=CopyId("E00000-0001")
        )


def test_two_people_moving_the_same_page_move_it_once(bench: Workbench, exam_id: ExamId) -> None:
    one, two, three = list_copies(bench, exam_id)
    key, keys = pages_of(bench, one.copy_id)[0].key, all_keys(bench, exam_id)
    start, refused = Barrier(2), list[Conflict]()

    def move(target: CopyId) -> None:
        start.wait()
        try:
            move_page(bench.database, bench.store, new_run(), one.copy_id, key, target=target)
        except Conflict as error:
            refused.append(error)

    threads = [Thread(target=move, args=(copy.copy_id,)) for copy in (two, three)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert all_keys(bench, exam_id) == keys
    assert actions_of(bench, one.copy_id).count(Action.ARRANGE) == 1


def test_a_rescan_is_asked_for_once_and_ends_with_the_release(
    bench: Workbench, exam_id: ExamId
) -> None:
    three = list_copies(bench, exam_id)[2]
    assert ask_rescan(bench.database, new_run(), three.copy_id, is_asked=True)
    assert not ask_rescan(bench.database, new_run(), three.copy_id, is_asked=True)
    with bench.database.transaction() as connection:
        (waiting,) = list_to_rescan(connection, exam_id)
    assert (waiting.copy_id, waiting.missing_pages) == (three.copy_id, (2,))
    release_from_quarantine(bench.database, new_run(), three.copy_id)
    with bench.database.transaction() as connection:
        assert list_to_rescan(connection, exam_id) == ()
    assert actions_of(bench, three.copy_id)[-4:] == [
        Action.QUARANTINE,
        Action.ASK_RESCAN,
        Action.VALIDATE,
        Action.ASK_RESCAN,
    ]


def test_looking_at_thumbnails_leaves_an_event(bench: Workbench, exam_id: ExamId) -> None:
    one = list_copies(bench, exam_id)[0]
    found = thumbnails(bench.database, bench.store, new_run(PERSON), one.copy_id)
    assert list(found) == [page.key for page in pages_of(bench, one.copy_id)]
    with pymupdf.open("png", next(iter(found.values()))) as png:
        assert png[0].rect.height > png[0].rect.width
    assert events_of(bench, one.copy_id)[-1].action is Action.VIEW_IDENTITY
