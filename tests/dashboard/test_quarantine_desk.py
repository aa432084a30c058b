"""The quarantine desk: pages side by side, each button one step."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import Visiting
from tests.steps.benches import actions_of, import_exam, list_copies, write_scan
from viatique.access import Role
from viatique.db.pages import list_pages
from viatique.lifecycle import Action, CopyStatus
from viatique.models import CopyId, ExamId
from viatique.workbench import Workbench


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    """Copies 1 and 2 of two pages, and copy 3 of one page, in quarantine."""
    return import_exam(bench, tmp_path, scan_pdf=write_scan(tmp_path, pages=5))


def keys_of(bench: Workbench, copy_id: CopyId) -> list[str]:
    with bench.database.transaction() as connection:
        return [page.key for page in list_pages(connection, copy_id)]


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def test_a_stray_page_is_moved_looked_at_and_the_copy_released(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    one, three = (CopyId(f"{exam_id}-{number:04d}") for number in (1, 3))
    app = visiting("quarantine", exam=exam_id)
    assert app.selectbox[1].value == three
    assert actions_of(bench, three)[-1] is Action.VIEW_IDENTITY

    app = visiting("quarantine", exam=exam_id, copy=one)
    stray = keys_of(bench, one)[1]
    app.number_input(key=f"number_{stray}").set_value(3).run()
    press(app, f"move_{stray}")
    assert keys_of(bench, three)[-1] == stray

    app = visiting("quarantine", exam=exam_id, copy=three)
    press(app, f"earlier_{stray}")
    assert keys_of(bench, three)[0] == stray
    press(app, "release")
    assert list_copies(bench, exam_id)[2].status is CopyStatus.READY
    assert actions_of(bench, three).count(Action.ARRANGE) == 2


def test_a_blank_page_and_a_rescan_are_noted_and_taken_back(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    three = CopyId(f"{exam_id}-0003")
    (key,) = keys_of(bench, three)
    app = visiting("quarantine", exam=exam_id)
    press(app, f"blank_{key}")
    assert list_copies(bench, exam_id)[2].page_count == 0
    press(app, f"blank_{key}")
    assert list_copies(bench, exam_id)[2].page_count == 1
    press(app, "rescan")
    assert any("missing pages: 2" in line.value for line in app.markdown)
    press(app, "rescan")
    assert actions_of(bench, three)[-2:] == [Action.ASK_RESCAN, Action.ASK_RESCAN]


def test_what_was_changed_meanwhile_is_told_and_changes_nothing(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    one = CopyId(f"{exam_id}-0001")
    app = visiting("quarantine", Role.COORDINATOR, exam=exam_id, copy=one)
    keys = keys_of(bench, one)
    other = visiting("quarantine", exam=exam_id, copy=one)
    press(other, f"move_{keys[0]}")  # to copy 1 itself: refused
    assert keys_of(bench, one) == keys
    other.number_input(key=f"number_{keys[0]}").set_value(2).run()
    press(other, f"move_{keys[0]}")
    press(app, f"later_{keys[0]}")
    assert keys_of(bench, one) == keys[1:]


def test_pages_are_small_pictures_nobody_else_gets(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    app = visiting("quarantine", Role.VIEWER, exam=exam_id)
    assert not app.get("imgs")
    assert Action.VIEW_IDENTITY not in actions_of(bench, CopyId(f"{exam_id}-0003"))
