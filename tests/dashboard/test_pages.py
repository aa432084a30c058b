"""Every page in every role: it shows itself, or nothing, and says all of it in both languages."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.contents import GROUPS
from dashboard.page import Visit
from dashboard.wording import text
from tests.dashboard.conftest import Visiting
from tests.db.marking import store_account, store_ready
from tests.db.stored import RUN, store_exam
from tests.steps.benches import import_exam
from tests.steps.readings import identify_as
from tests.steps.test_double_marking import give
from viatique.access import Role, may
from viatique.db.accounts import Account
from viatique.db.dispatch import Mode
from viatique.models import ExamId, Language
from viatique.steps.dispatch_copies import dispatch_copies
from viatique.workbench import Workbench

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


@pytest.mark.parametrize("language", list(Language))
def test_readings_that_are_apart_lead_to_the_copy_where_they_are_settled(
    visiting: Visiting, bench: Workbench, language: Language
) -> None:
    near, apart = store_ready(bench.database, 2)
    readers = [store_account(bench.database, f"U0000000{letter}") for letter in "AB"]
    mode = Mode(readings=2, tolerance=Decimal("0.5"))
    dispatch_copies(bench.database, RUN, ExamId(near[:6]), mode)
    for copy_id, other in ((near, "1.5"), (apart, "2")):
        for run, points in zip(readers, ("1", other), strict=True):
            give(bench.database, run, copy_id, "1", points)
    (link,) = links(visiting("todo", language=language), text("apart", language))
    assert link.label.startswith(":orange-badge[**1**]")
    assert (link.page, link.query_string) == ("marking", f"copy={apart}")
    for copy_id, role, told in (
        (apart, Role.COORDINATOR, ["**1** 1 / 2"]),
        (apart, Role.MARKER, []),
        (near, Role.COORDINATOR, []),
    ):
        desk = visiting("marking", role, language, copy=copy_id)
        shown = [one.value for one in desk.markdown if text("to_settle", language) in one.value]
        assert [one.partition(":small[")[2].rstrip("]") for one in shown] == told
    settler = store_account(bench.database, "U0000000X", Role.COORDINATOR)
    give(bench.database, settler, apart, "1", "1.5")
    assert links(visiting("todo", language=language), text("apart", language)) == []


@pytest.mark.parametrize("language", list(Language))
def test_copies_that_fit_nobody_ask_whether_it_is_the_roster(
    visiting: Visiting, bench: Workbench, tmp_path: Path, language: Language
) -> None:
    exam_id = import_exam(bench, tmp_path / "exam", count=4)
    known, *others = [f"{exam_id}-000{number}" for number in range(1, 5)]
    identify_as(bench, {known: ("Alpha", "Anne"), others[0]: ("Zwickel", "Otto")})
    assert links(visiting("todo", language=language), text("strangers", language)) == []
    identify_as(bench, dict.fromkeys(others, ("Zwickel", "Otto")))
    (link,) = links(visiting("todo", language=language), text("strangers", language))
    assert link.label.startswith(":red-badge[**3**]")
    assert (link.page, link.query_string) == ("exams", f"exam={exam_id}&open=roster")


def test_an_exam_without_copies_leads_to_where_it_gets_its_scans(
    visiting: Visiting, bench: Workbench
) -> None:
    exam_id = store_exam(bench.database)
    app = visiting("todo")
    (link,) = links(app, text("give_scan", Language.EN))
    assert (link.page, link.query_string) == ("exams", f"exam={exam_id}")
    assert text("nothing_waits", Language.EN) not in [one.value for one in app.caption]
    assert links(visiting("todo", Role.VIEWER), text("give_scan", Language.EN)) == []


def test_times_are_those_of_the_visitors_clock_and_language() -> None:
    account = Account(
        account_id="U1",
        login="a",
        role=Role.VIEWER,
        password_hash="",
        failures=0,
        locked_until=None,
    )
    visit = Visit(account=account, token="", language=Language.FR, zone=ZoneInfo("Europe/Paris"))
    at = datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC)
    assert visit.moment(at, has_seconds=True) == "02/07/2026 00:30:05"
    assert visit.clock(at) == "00:30"
    english = replace(visit, language=Language.EN, zone=UTC)
    assert english.moment(at) == "2026-07-01 22:30"


def links(app: AppTest, label: str) -> list[Any]:
    return [link.proto for link in app.get("page_link") if link.proto.label.endswith(label)]
