"""Every page in every role: it shows itself, or nothing, and says all of it in both languages."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.contents import GROUPS
from dashboard.wording import text
from tests.dashboard.conftest import Visiting
from viatique.access import Role, may
from viatique.models import ExamId, Language

ENTRIES = [entry for group in GROUPS.values() for entry in group]


def titles(app: AppTest) -> list[str]:
    return [title.value for title in app.title]


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_the_pages_it_may_see_and_no_other(
    visiting: Visiting, exam_id: ExamId, role: Role
) -> None:
    home = titles(visiting("", role))
    for entry in ENTRIES:
        app = visiting(entry.name, role, exam=exam_id, copy=f"{exam_id}-0001")
        assert not app.exception, (entry.name, app.exception)
        if may(role, entry.permission):
            assert len(titles(app)) == 1
        else:
            assert titles(app) == home, f"{role} sees {entry.name}"


def test_pages_speak_french(visiting: Visiting, exam_id: ExamId) -> None:
    for entry in ENTRIES:
        app = visiting(entry.name, Role.ADMIN, Language.FR, exam=exam_id, copy=f"{exam_id}-0001")
        assert not app.exception, (entry.name, app.exception)
    assert titles(visiting("todo", language=Language.FR)) == [text("todo", Language.FR)]


def test_without_a_session_there_is_only_the_way_to_sign_in(
    visiting: Visiting, exam_id: ExamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visiting("todo")
    monkeypatch.setattr("dashboard.page.session_cookie", lambda: "made-up")
    app.run()
    assert not app.title
    assert exam_id not in repr(app)
