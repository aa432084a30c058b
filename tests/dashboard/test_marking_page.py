"""Around the marking desk: the next copy is taken, or it is said that none is left."""

from pathlib import Path

from tests.dashboard.conftest import Visiting
from tests.db.marking import store_account
from tests.db.stored import RUN, store_exam
from tests.steps.benches import mark_exam
from viatique.access import Role
from viatique.db.dispatch import Mode
from viatique.models import CopyId, ExamId
from viatique.steps.dispatch_copies import dispatch_copies
from viatique.steps.locks import lock_of
from viatique.workbench import Workbench


def test_start_takes_the_first_copy_and_puts_it_in_the_address(
    visiting: Visiting, bench: Workbench, exam_id: ExamId
) -> None:
    app = visiting("marking", Role.MARKER, exam=exam_id)
    app.main.button[0].click().run()
    assert not app.exception
    first = CopyId(f"{exam_id}-0001")
    assert app.query_params["copy"] == first
    assert app.title[0].value.startswith(first)
    assert lock_of(bench.database, first)
    assert app.session_state["marking_token"][first]


def test_an_exam_with_something_to_mark_is_offered_first(
    visiting: Visiting, bench: Workbench, exam_id: ExamId
) -> None:
    later = store_exam(bench.database)
    app = visiting("marking", Role.MARKER)
    assert [one.partition(" ")[0] for one in app.selectbox[0].options] == [exam_id, later]
    other = store_account(bench.database, "U0000000A").actor
    dispatch_copies(bench.database, RUN, exam_id, Mode(), markers=[other])
    app = visiting("marking", Role.MARKER)
    assert [one.partition(" ")[0] for one in app.selectbox[0].options] == [later, exam_id]


def test_a_copy_that_is_not_there_is_told(visiting: Visiting, exam_id: ExamId) -> None:
    app = visiting("marking", Role.MARKER, copy=f"{exam_id}-9999")
    assert not app.exception
    assert "9999" in app.error[0].value


def test_when_all_is_marked_nothing_waits(
    visiting: Visiting, bench: Workbench, tmp_path: Path
) -> None:
    exam_id = mark_exam(bench, tmp_path)
    app = visiting("marking", Role.MARKER, exam=exam_id)
    app.main.button[0].click().run()
    assert "No copy of this exam waits for you." in " ".join(one.value for one in app.markdown)
