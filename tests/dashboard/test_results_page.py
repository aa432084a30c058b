"""The results page: figures without names; files leave once released, for those who may."""

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from dashboard.files import ROUTES, finals_address, results_address
from tests.dashboard.conftest import Visiting
from tests.steps.benches import mark_exam
from viatique.access import Role
from viatique.db.audit import list_events
from viatique.inline import run_finalize
from viatique.lifecycle import Action
from viatique.marking.results import Profile
from viatique.models import ExamId, Language
from viatique.run import new_run
from viatique.steps.export_results import list_results
from viatique.steps.release_results import release_results
from viatique.steps.sign_in import SESSION_COOKIE
from viatique.workbench import Workbench

ClientOf = Callable[[Role], TestClient]


@pytest.fixture
def exam_id(bench: Workbench, tmp_path: Path) -> ExamId:
    """Two finalized copies."""
    exam_id = mark_exam(bench, tmp_path, count=2)
    run_finalize(bench, exam_id)
    return exam_id


@pytest.fixture
def client_of(signed_in: Callable[[Role], str]) -> ClientOf:
    """A browser of somebody of the role, at the routes of files."""

    def client(role: Role) -> TestClient:
        return TestClient(Starlette(routes=ROUTES), cookies={SESSION_COOKIE: signed_in(role)})

    return client


def addresses(exam_id: ExamId) -> list[str]:
    return [
        results_address(exam_id, Profile.PLAIN),
        results_address(exam_id, Profile.PRONOTE),
        finals_address(exam_id),
    ]


def let_leave(bench: Workbench, exam_id: ExamId) -> None:
    release_results(bench.database, new_run("U1"), exam_id, is_released=True)


def shown(app: AppTest) -> str:
    """All words of the page, links included."""
    parts = [*app.markdown, *app.caption, *app.metric, *app.get("html")]
    return " ".join(str(getattr(part, "value", part)) for part in parts) + repr(app.main)


def test_figures_are_shown_and_no_name(
    visiting: Visiting, bench: Workbench, exam_id: ExamId
) -> None:
    app = visiting("results", Role.VIEWER, Language.FR, exam=exam_id)
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Copies finalisées"] == "2 / 2"
    assert values["Moyenne"] == "15,5"
    names = {
        one.student.last_name for one in list_results(bench.database, exam_id)[0] if one.student
    }
    assert names
    assert not any(name in shown(app) for name in names)
    assert not app.main.button, "a viewer releases nothing"


def test_releasing_shows_the_files_and_hiding_takes_them_away(
    visiting: Visiting, exam_id: ExamId
) -> None:
    app = visiting("results", Role.COORDINATOR, exam=exam_id)
    assert finals_address(exam_id) not in shown(app)
    app.main.button[0].click().run()
    assert finals_address(exam_id) in shown(app)
    app.main.button[0].click().run()
    assert finals_address(exam_id) not in shown(app)


def test_nothing_leaves_before_release(client_of: ClientOf, exam_id: ExamId) -> None:
    client = client_of(Role.COORDINATOR)
    assert [client.get(address).status_code for address in addresses(exam_id)] == [409] * 3


@pytest.mark.parametrize("role", [Role.MARKER, Role.VIEWER])
def test_files_with_names_are_for_those_who_direct(
    client_of: ClientOf, bench: Workbench, exam_id: ExamId, role: Role
) -> None:
    let_leave(bench, exam_id)
    client = client_of(role)
    assert [client.get(address).status_code for address in addresses(exam_id)] == [403] * 3
    stranger = TestClient(Starlette(routes=ROUTES))
    assert [stranger.get(address).status_code for address in addresses(exam_id)] == [403] * 3


def test_each_file_leaves_whole_with_its_event(
    client_of: ClientOf, bench: Workbench, exam_id: ExamId
) -> None:
    let_leave(bench, exam_id)
    client = client_of(Role.COORDINATOR)
    comma = results_address(exam_id, Profile.PLAIN, has_decimal_comma=True)
    rows = list(
        csv.DictReader(io.StringIO(client.get(comma).content.decode("utf-8-sig")), delimiter=";")
    )
    assert {row["score"] for row in rows if row["copy"]} == {"15,5"}
    sent = client.get(finals_address(exam_id))
    assert sent.headers["content-disposition"].endswith(f'filename="{exam_id}-finals.zip"')
    with zipfile.ZipFile(io.BytesIO(sent.content)) as archive:
        assert archive.testzip() is None
        pages = [pymupdf.open(stream=archive.read(name)).page_count for name in archive.namelist()]
    assert len(pages) == 2
    assert client.get(f"/files/exams/{exam_id}/none.csv").status_code == 404
    with bench.database.transaction() as connection:
        events = list_events(connection, exam_id=exam_id, action=Action.EXPORT)
    assert [event.details["what"] for event in events] == ["pdf", "csv plain"]
