"""A marks file is recorded whole or not at all, exactly as people wrote it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.db.marking import store_account, take
from tests.steps.benches import (
    APPRECIATION,
    COMMENT,
    REMARK,
    actions_of,
    complete_marks,
    count_rows,
    events_of,
    give_marks,
    import_exam,
    list_copies,
    mark_exam,
    stored_files,
)
from viatique.db import annotations, marking
from viatique.errors import InvalidMarks, NotFound
from viatique.inline import run_finalize, run_marks
from viatique.lifecycle import Action, CopyStatus
from viatique.models import Annotation, AnnotationKind, CopyId, ExamId, Rect
from viatique.steps.locks import release
from viatique.steps.record_marks import receive_marks, unrecorded_marks
from viatique.workbench import Workbench


class Mark(NamedTuple):
    points: Decimal | None
    remark: str


def _marks_of(bench: Workbench, copy_id: CopyId) -> dict[str, Mark]:
    with bench.database.transaction() as connection:
        stored = marking.list_scores(connection, copy_id)
    return {one.question: Mark(one.points, one.remark) for one in stored}


def _annotations_of(bench: Workbench, copy_id: CopyId) -> list[Annotation]:
    with bench.database.transaction() as connection:
        return [one.annotation for one in annotations.list_stored(connection, copy_id)]


def _refusal(bench: Workbench, exam_id: ExamId, folder: Path, given: object) -> InvalidMarks:
    """Why a file is refused; nothing must have been stored."""
    before, files = count_rows(bench), stored_files(bench)
    with pytest.raises(InvalidMarks) as refused:
        give_marks(bench, exam_id, folder, given)
    assert count_rows(bench) == before
    assert stored_files(bench) == files
    return refused.value


def _places(refusal: InvalidMarks) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in refusal.problems]


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("copie;question;note;remarque", ("{copy};1;2,5;{remark}", "{copy};2;12,25;")),
        ("copy,question,points,remark", ('"{copy}","1","2.5","{remark}"', "{copy},2,12.25,")),
        ("Copie\tQuestion\tNote\tRemarque", ("{copy}\t1\t2,5\t{remark}", "{copy}\t2\t12,25\t")),
    ],
    ids=["semicolons", "commas", "tabs"],
)
def test_points_are_recorded_as_the_decimals_people_wrote(
    bench: Workbench, tmp_path: Path, header: str, rows: tuple[str, ...]
) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    text = "\n".join([header, *rows]).format(copy=copy.copy_id, remark=REMARK)
    give_marks(bench, exam_id, tmp_path, text)
    assert _marks_of(bench, copy.copy_id) == {
        "1": Mark(points=Decimal("2.5"), remark=REMARK),
        "2": Mark(points=Decimal("12.25"), remark=""),
    }


def test_json_gives_remarks_appreciation_and_annotations(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    assert copy.appreciation == APPRECIATION
    assert _marks_of(bench, copy.copy_id) == {
        "1": Mark(points=Decimal("5.5"), remark=""),
        "2": Mark(points=Decimal(10), remark=REMARK),
    }
    (annotation,) = _annotations_of(bench, copy.copy_id)
    assert (annotation.page, annotation.kind, annotation.text) == (
        1,
        AnnotationKind.COMMENT,
        COMMENT,
    )
    assert annotation.rect == Rect(x0=0.2, y0=0.4, x1=0.5, y1=0.45)


def test_each_change_leaves_one_event_that_repeats_no_text(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    (copy,) = list_copies(bench, exam_id)
    events = events_of(bench, copy.copy_id)[2:]
    assert [event.action for event in events] == [Action.SCORE] * 3 + [Action.CREATE_ANN]
    assert not [event for event in events if REMARK in str(event.details)]


def _without(item: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in names}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"scores": {"1": 8}}, (2, "points")),
        ({"scores": {"1": -1}}, (2, "points")),
        ({"scores": {"1": 0.3}}, (2, "points")),
        ({"scores": {"7": 1}}, (2, "points")),
        ({"scores": {"1": "many"}}, (2, "scores.1")),
        ({"remarks": {"7": "?"}}, (2, "question")),
        ({"copy": "NOSUCH-0001"}, (2, "copy")),
        ({"note": 12}, (2, "note")),
        ({"annotations": [{"page": 2, "x": 0, "y": 0}]}, (2, "annotations.page")),
        ({"annotations": [{"page": 0, "x": 1.5, "y": 0}]}, (2, "annotations.0.x")),
        ({"annotations": [{"page": 0, "x": 0, "y": 0, "kind": "?"}]}, (2, "annotations.0.kind")),
    ],
    ids=[
        "over the maximum", "negative", "no quarter", "unknown question", "no number",
        "remark on unknown question", "unknown copy", "unknown key", "page the copy has not",
        "outside the page", "unknown kind",
    ],
)  # fmt: skip
def test_one_bad_item_refuses_the_whole_file_by_item_and_column(
    bench: Workbench, tmp_path: Path, changes: dict[str, Any], place: tuple[int, str]
) -> None:
    exam_id = import_exam(bench, tmp_path)
    good, bad = complete_marks([copy.copy_id for copy in list_copies(bench, exam_id)])
    assert _places(_refusal(bench, exam_id, tmp_path, [good, {**bad, **changes}])) == [place]


def test_every_bad_row_of_a_csv_is_named(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    copy_id = list_copies(bench, exam_id)[0].copy_id
    rows = [
        "copie;question;note;remarque",
        f"{copy_id};1;beaucoup;",
        f"{copy_id};2;;",
        ";2;1;",
        f"{copy_id};2;3;",
        f"{copy_id};2;4;",
    ]
    refusal = _refusal(bench, exam_id, tmp_path, "\n".join(rows))
    assert _places(refusal) == [(2, "points"), (3, "points"), (4, "copy"), (6, "question")]
    assert "beaucoup" not in str(refusal)


def test_csv_rows_that_do_not_fit_the_exam_are_named(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    copy_id = list_copies(bench, exam_id)[0].copy_id
    rows = ["copie;question;note", f"{copy_id};1;7,5", f"{copy_id};2;13", "X-0001;1;1"]
    refusal = _refusal(bench, exam_id, tmp_path, "\n".join(rows))
    assert _places(refusal) == [(3, "points"), (4, "copy")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", (0, "")),
        ("copie;note\nX;1\n", (1, "question")),
        ("[{]", (0, "")),
        ('{"copy": "X", "scores": [1]}', (1, "scores")),
    ],
    ids=["empty", "no column", "not JSON", "no object"],
)
def test_file_that_holds_no_marks_is_refused(
    bench: Workbench, tmp_path: Path, text: str, place: tuple[int, str]
) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    assert place in _places(_refusal(bench, exam_id, tmp_path, text))


def test_file_that_is_not_there_or_for_no_exam_is_not_found(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    with pytest.raises(NotFound, match="marks file cannot be read"):
        receive_marks(bench, exam_id, tmp_path / "absent.csv")
    with pytest.raises(NotFound, match="exam"):
        give_marks(bench, ExamId("NOSUCH"), tmp_path, [])


def test_same_file_twice_changes_nothing(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path)
    before = count_rows(bench)
    give_marks(bench, exam_id, tmp_path, json.loads((tmp_path / "marks").read_text("utf-8")))
    assert count_rows(bench) == before


def test_later_file_changes_only_what_it_names(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    copy_id = list_copies(bench, exam_id)[0].copy_id
    before = count_rows(bench)
    give_marks(bench, exam_id, tmp_path, f"copie;question;note\n{copy_id};1;6\n")
    assert _marks_of(bench, copy_id) == {
        "1": Mark(points=Decimal(6), remark=""),
        "2": Mark(points=Decimal(10), remark=REMARK),
    }
    assert len(_annotations_of(bench, copy_id)) == 1
    assert count_rows(bench) == {
        **before,
        "audit_event": before["audit_event"] + 2,  # the file, the score
        "marks_file": before["marks_file"] + 1,
    }


def test_annotations_of_a_later_file_replace_those_stored(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    copy_id = list_copies(bench, exam_id)[0].copy_id
    (item,) = complete_marks([copy_id])
    added = {"page": 0, "x": 0.1, "y": 0.1, "kind": "TICK"}
    item["annotations"].insert(0, added)
    give_marks(bench, exam_id, tmp_path, [item])
    assert actions_of(bench, copy_id).count(Action.CREATE_ANN) == 2
    give_marks(bench, exam_id, tmp_path, [{**item, "annotations": [added]}])
    assert [found.kind for found in _annotations_of(bench, copy_id)] == [AnnotationKind.TICK]
    assert actions_of(bench, copy_id).count(Action.DELETE_ANN) == 1


def test_annotations_stored_in_another_order_are_the_same(bench: Workbench, tmp_path: Path) -> None:
    exam_id = mark_exam(bench, tmp_path, count=1)
    (item,) = complete_marks([list_copies(bench, exam_id)[0].copy_id])
    item["annotations"].insert(0, {"page": 0, "x": 0.1, "y": 0.1, "kind": "TICK"})
    give_marks(bench, exam_id, tmp_path, [item])
    run_finalize(bench, exam_id)
    before = count_rows(bench)
    give_marks(bench, exam_id, tmp_path, [item])
    assert count_rows(bench) == before


def test_marks_of_a_finalized_copy_are_refused_and_the_same_ones_are_not(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path, count=2)
    run_finalize(bench, exam_id)
    graded, other = list_copies(bench, exam_id)
    assert graded.status is CopyStatus.GRADED
    same = complete_marks([graded.copy_id, other.copy_id])
    give_marks(bench, exam_id, tmp_path, same)
    changed = [same[0], {**same[1], "scores": {"1": 0}}]
    refusal = _refusal(bench, exam_id, tmp_path, changed)
    assert _places(refusal) == [(2, "copy")]


def test_marks_received_and_not_recorded_are_recorded_by_the_next_run(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path, count=1)
    copy_id = list_copies(bench, exam_id)[0].copy_id
    path = tmp_path / "marks.csv"
    path.write_text(f"copie;question;note\n{copy_id};1;1\n", "utf-8")
    sha256 = receive_marks(bench, exam_id, path)
    assert unrecorded_marks(bench, exam_id) == [sha256]
    run_marks(bench, exam_id, sha256)
    assert unrecorded_marks(bench, exam_id) == []
    assert _marks_of(bench, copy_id)["1"].points == 1


def test_a_file_is_refused_whole_while_a_marker_has_one_of_its_copies(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, held = (copy.copy_id for copy in list_copies(bench, exam_id))
    anne = store_account(bench.database, "U1")
    hold = take(bench.database, anne, held)
    given = complete_marks([first, held])
    refusal = _refusal(bench, exam_id, tmp_path, given)
    assert _places(refusal) == [(2, "copy")]
    assert held in str(refusal)
    release(bench.database, anne, hold)
    give_marks(bench, exam_id, tmp_path, given)
    take(bench.database, anne, held)
    give_marks(bench, exam_id, tmp_path, given)


def test_a_file_received_before_a_marker_came_is_not_written_over_them(
    bench: Workbench, tmp_path: Path
) -> None:
    exam_id = import_exam(bench, tmp_path)
    first, held = (copy.copy_id for copy in list_copies(bench, exam_id))
    path = tmp_path / "marks.json"
    path.write_text(json.dumps(complete_marks([first, held])), "utf-8")
    sha256 = receive_marks(bench, exam_id, path)
    anne = store_account(bench.database, "U1")
    hold = take(bench.database, anne, held)
    before = count_rows(bench)
    with pytest.raises(InvalidMarks):
        run_marks(bench, exam_id, sha256)
    assert count_rows(bench) == before
    release(bench.database, anne, hold)
    assert unrecorded_marks(bench, exam_id) == [], "nor is it later, when nobody thinks of it"
    run_marks(bench, exam_id, sha256)
    assert _marks_of(bench, held)["1"].points == Decimal("5.5"), "but when somebody gives it again"
