"""Two copies of one student become one, and nothing of either is lost."""

from pathlib import Path

import pymupdf
import pytest

from tests.db.marking import store_account, take
from tests.steps.benches import (
    actions_of,
    complete_marks,
    count_rows,
    events_of,
    give_marks,
    import_exam,
    list_copies,
)
from tests.steps.readings import identify_as
from viatique.db.marking import Draft
from viatique.db.merges import Proposal, list_proposals
from viatique.errors import Conflict, NotFound
from viatique.files import Kind
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId, IdentityState, StudentId
from viatique.run import new_run
from viatique.seal_files import SealFiles
from viatique.steps.locks import release
from viatique.steps.mark_copy import save_draft
from viatique.steps.merge_copies import merge_copies
from viatique.steps.settle import confirm_identity
from viatique.steps.verify_audit import verify_audit
from viatique.workbench import Workbench

ANNE, BRUNO = ("Alpha", "Anne"), ("Beta", "Bruno")
S1 = StudentId("S1")


@pytest.fixture
def twice(bench: Workbench, tmp_path: Path) -> tuple[ExamId, list[CopyId]]:
    """An exam in which the first and the last of three copies are by one student."""
    exam_id = import_exam(bench, tmp_path, count=3)
    ids = [copy.copy_id for copy in list_copies(bench, exam_id)]
    identify_as(bench, dict(zip(ids, (ANNE, BRUNO, ANNE), strict=True)))
    return exam_id, ids


def merge(bench: Workbench, keep: CopyId, other: CopyId) -> None:
    merge_copies(bench.database, bench.store, new_run("coordinator"), keep, other, student_id=S1)


def proposals(bench: Workbench, exam_id: ExamId) -> tuple[Proposal, ...]:
    with bench.database.transaction() as connection:
        return list_proposals(connection, exam_id)


def texts_of(bench: Workbench, copy_id: CopyId, exam_id: ExamId) -> list[str]:
    (copy,) = [one for one in list_copies(bench, exam_id) if one.copy_id == copy_id]
    assert copy.file_sha256
    with pymupdf.open(stream=bench.store.get(copy.file_sha256, Kind.COPY)) as pdf:
        return [page.get_text().strip() for page in pdf]


def findings(bench: Workbench) -> list[str]:
    files = SealFiles(folder=bench.settings.home_path / "seal")
    return [one.message for one in verify_audit(bench.database, files).findings]


def test_second_copy_of_a_student_becomes_a_merge_proposal(
    bench: Workbench, twice: tuple[ExamId, list[CopyId]]
) -> None:
    exam_id, (first, _, third) = twice
    (proposal,) = proposals(bench, exam_id)
    assert (proposal.student_id, proposal.copies) == ("S1", (first, third))


def test_copies_of_somebody_who_is_not_on_the_roster_are_not_merged(
    bench: Workbench, twice: tuple[ExamId, list[CopyId]]
) -> None:
    _, (first, _, third) = twice
    run, nobody = new_run("coordinator"), StudentId("S99")
    with pytest.raises(NotFound):
        merge_copies(bench.database, bench.store, run, first, third, student_id=nobody)


def test_copy_told_apart_by_a_person_is_proposed_no_more(
    bench: Workbench, twice: tuple[ExamId, list[CopyId]]
) -> None:
    exam_id, (first, _, third) = twice
    confirm_identity(bench.database, new_run("coordinator"), first, S1)
    confirm_identity(bench.database, new_run("coordinator"), third, None)
    assert proposals(bench, exam_id) == ()


def test_merged_copy_has_the_pages_of_both_and_is_the_students(
    bench: Workbench, twice: tuple[ExamId, list[CopyId]]
) -> None:
    exam_id, (first, second, third) = twice
    pages = texts_of(bench, first, exam_id) + texts_of(bench, third, exam_id)
    merge(bench, first, third)
    merged, other = list_copies(bench, exam_id)
    assert (merged.copy_id, other.copy_id) == (first, second)
    assert (merged.identity, merged.student_id) == (IdentityState.CONFIRMED, "S1")
    assert merged.page_count == 4
    assert texts_of(bench, first, exam_id) == pages
    assert proposals(bench, exam_id) == ()


def test_merge_keeps_marks_and_annotations_on_their_pages(
    bench: Workbench, tmp_path: Path, twice: tuple[ExamId, list[CopyId]]
) -> None:
    exam_id, (first, _, third) = twice
    give_marks(bench, exam_id, tmp_path, complete_marks([third]))
    before = count_rows(bench)
    merge(bench, first, third)
    after = count_rows(bench)
    assert (after["mark"], after["annotation"]) == (before["mark"], before["annotation"])
    with bench.database.transaction() as connection:
        rows = connection.execute("SELECT copy_id, page FROM annotation").fetchall()
        praise = connection.execute(
            "SELECT appreciation <> '' AS kept FROM copy WHERE copy_id = %(copy)s", {"copy": first}
        ).fetchone()
    assert {row["copy_id"] for row in rows} == {first}
    assert min(row["page"] for row in rows) >= 2
    assert praise == {"kept": True}
    assert findings(bench) == []


def test_merge_leaves_one_event_in_each_history(
    bench: Workbench, twice: tuple[ExamId, list[CopyId]]
) -> None:
    _, (first, _, third) = twice
    merge(bench, first, third)
    assert actions_of(bench, third)[-1] == Action.MERGE
    assert events_of(bench, third)[-1].details == {"into": first, "pages": 4}
    assert actions_of(bench, first)[-2:] == [Action.MERGE, Action.IDENTIFY]
    assert findings(bench) == []


def test_merge_also_takes_the_copy_that_was_confirmed_before(
    bench: Workbench, twice: tuple[ExamId, list[CopyId]]
) -> None:
    exam_id, (first, _, third) = twice
    confirm_identity(bench.database, new_run("coordinator"), third, S1)
    merge(bench, first, third)
    assert list_copies(bench, exam_id)[0].student_id == "S1"
    assert findings(bench) == []


def test_merge_refuses_two_marks_for_one_question(
    bench: Workbench, tmp_path: Path, twice: tuple[ExamId, list[CopyId]]
) -> None:
    exam_id, (first, _, third) = twice
    give_marks(bench, exam_id, tmp_path, complete_marks([first, third]))
    with pytest.raises(Conflict, match="appreciation"):
        merge(bench, first, third)
    assert len(list_copies(bench, exam_id)) == 3
    assert findings(bench) == []


def test_merge_refuses_a_copy_with_itself_or_of_another_exam(
    bench: Workbench, twice: tuple[ExamId, list[CopyId]]
) -> None:
    _, (first, *_rest) = twice
    for other in (first, CopyId("EOTHER-0001")):
        with pytest.raises(Conflict, match="two copies of one exam"):
            merge(bench, first, other)


@pytest.mark.parametrize(("content", "is_merged"), [({}, True), ({"remark:1": "Oui"}, False)])
def test_only_a_draft_with_something_in_it_keeps_copies_apart(
    bench: Workbench,
    twice: tuple[ExamId, list[CopyId]],
    content: dict[str, str],
    *,
    is_merged: bool,
) -> None:
    exam_id, (first, _, third) = twice
    marker = store_account(bench.database, "U0000001")
    hold = take(bench.database, marker, third)
    save_draft(bench.database, marker, hold, Draft(content=content))
    release(bench.database, marker, hold)
    if is_merged:
        merge(bench, first, third)
    else:
        with pytest.raises(Conflict):
            merge(bench, first, third)
    assert (len(list_copies(bench, exam_id)) == 2) is is_merged
