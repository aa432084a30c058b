"""The identification desk: one key an answer, an undo, a search, and failures that are told."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.actions import identify
from tests.dashboard.conftest import Visiting
from tests.steps.benches import actions_of, import_exam, list_copies
from tests.steps.readings import give_readings
from viatique.db import identities
from viatique.errors import StoreUnavailable
from viatique.lifecycle import Action
from viatique.models import (
    Candidate,
    CopyId,
    Decision,
    ExamId,
    IdentityReason,
    IdentityState,
    StudentId,
)
from viatique.run import new_run
from viatique.workbench import Workbench

REVIEW, CONFIRMED = IdentityState.REVIEW, IdentityState.CONFIRMED


@pytest.fixture(autouse=True)
def deciding(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], None]]]:
    """Decisions that the desk asked for: they are made when a test says so."""
    asked: list[Callable[[], None]] = []

    def submit(work: Callable[[ExamId], None], exam_id: ExamId) -> None:
        asked.append(lambda: work(exam_id))

    monkeypatch.setattr(identify._background, "submit", submit)
    yield asked
    identify._waiting.clear()
    identify._failures.clear()


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    """Three copies to confirm: 2 likely S1's, 1 perhaps S1's or S2's, 3 a second one of S1."""
    exam_id = import_exam(bench, tmp_path, count=3)
    written = ("", "")
    give_readings(bench, {CopyId(f"{exam_id}-{number:04d}"): written for number in (1, 2, 3)})
    with bench.database.transaction() as connection:
        identities.apply_decisions(
            connection,
            [
                in_review(exam_id, 1, 0.6, "S1", "S2"),
                in_review(exam_id, 2, 0.9, "S1"),
                in_review(exam_id, 3, 0.2, "S1", reason=IdentityReason.SECOND_COPY),
            ],
            run=new_run(),
        )
    return exam_id


def in_review(
    exam_id: ExamId,
    number: int,
    confidence: float,
    *students: str,
    reason: IdentityReason = IdentityReason.TOO_CLOSE,
) -> Decision:
    candidates = tuple(
        Candidate(student_id=StudentId(one), probability=confidence, reasons=("last_name_fits",))
        for one in students
    )
    return Decision(
        copy_id=CopyId(f"{exam_id}-{number:04d}"),
        state=REVIEW,
        student_id=None,
        confidence=confidence,
        candidates=candidates,
        reasons=(reason,),
    )


def identities_of(bench: Workbench, exam_id: ExamId) -> list[tuple[IdentityState, str | None]]:
    return [(copy.identity, copy.student_id) for copy in list_copies(bench, exam_id)]


def on_desk(app: AppTest) -> str:
    """The copy that is asked about, from the line above it."""
    assert not app.exception
    return next(one.value for one in app.caption if "left" in one.value).partition(" ")[0]


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [one for one in app.main.button if label in one.label]
    return button.click().run()


def test_answers_come_one_after_the_other_the_surest_first(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    app = visiting("identify", exam=exam_id)
    assert on_desk(app) == f"{exam_id}-0002"
    app.button(key="choice_1").click().run()
    assert on_desk(app) == f"{exam_id}-0001"
    press(app, "Nobody on the roster")
    assert on_desk(app) == f"{exam_id}-0003"
    assert identities_of(bench, exam_id) == [
        (IdentityState.UNKNOWN, None),
        (CONFIRMED, "S1"),
        (REVIEW, None),
    ]


def test_an_answer_is_taken_back_and_asked_again(
    bench: Workbench, visiting: Visiting, exam_id: ExamId, deciding: list[object]
) -> None:
    app = visiting("identify", exam=exam_id)
    app.button(key="choice_1").click().run()
    press(app, "Take back the answer")
    assert on_desk(app) == f"{exam_id}-0002"
    assert identities_of(bench, exam_id)[1] == (REVIEW, None)
    assert actions_of(bench, CopyId(f"{exam_id}-0002")).count(Action.IDENTIFY) == 3
    assert len(deciding) == 1, "both answers are taken up by one decision"


def test_a_student_is_found_by_any_part_of_the_name(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    app = visiting("identify", exam=exam_id)
    app.text_input[0].set_value("zzz").run()
    assert "No student of this name." in {one.value for one in app.caption}
    app.text_input[0].set_value("s3").run()
    app.button(key="found_S3").click().run()
    assert identities_of(bench, exam_id)[1] == (CONFIRMED, "S3")


def test_what_is_put_off_comes_last(visiting: Visiting, exam_id: ExamId) -> None:
    app = visiting("identify", exam=exam_id)
    seen = [on_desk(app), *(on_desk(press(app, "Later")) for _ in range(3))]
    numbers = [copy_id.rpartition("-")[2] for copy_id in seen]
    assert numbers == ["0002", "0001", "0003", "0002"]


def test_a_second_copy_is_shown_beside_the_other_and_put_together(
    visiting: Visiting, bench: Workbench, exam_id: ExamId
) -> None:
    first, second, third = (CopyId(f"{exam_id}-{number:04d}") for number in (1, 2, 3))
    app = visiting("identify", exam=exam_id)
    app.button(key="choice_1").click().run()
    app = visiting("identify", exam=exam_id, copy=third)
    said = " ".join(one.value for one in app.caption)
    assert f"Copy {second} seems to be of the same student" in said
    assert Action.VIEW_IDENTITY in actions_of(bench, second)[-2:]
    app.button(key="merge").click().run()
    assert on_desk(app) == first
    found = {copy.copy_id: copy for copy in list_copies(bench, exam_id)}
    assert set(found) == {first, second}
    assert (found[second].page_count, found[second].student_id) == (4, "S1")
    assert Action.MERGE in actions_of(bench, third)


def test_a_decision_that_failed_is_told_until_one_succeeds(
    visiting: Visiting,
    exam_id: ExamId,
    deciding: list[Callable[[], None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = visiting("identify", exam=exam_id)
    app.button(key="choice_1").click().run()
    assert "The others are being decided again…" in {one.value for one in app.caption}

    def fail(*_arguments: object, **_more: object) -> None:
        raise StoreUnavailable("The store does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(identify, "decide_identities", fail)
        deciding.pop()()
    app.run()
    assert "your answers are stored. The store does not answer." in app.error[0].value
    press(app, "Decide again")
    deciding.pop()()
    assert not app.run().error
