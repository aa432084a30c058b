"""The audit page: what each filter leaves, who sees what, and what leaves by it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.files import ROUTES, copy_address, final_address, trail_address
from tests.dashboard.conftest import Visiting
from viatique.access import Role
from viatique.db.audit import list_events
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId
from viatique.run import new_run
from viatique.seal_files import seal_files_of
from viatique.settings import Settings
from viatique.steps.seal_trail import seal_trail
from viatique.steps.settle import confirm_identity
from viatique.steps.sign_in import SESSION_COOKIE
from viatique.workbench import Workbench

Get = Callable[..., tuple[int, bytes]]


def shown(visiting: Visiting, role: Role = Role.ADMIN, **query: str) -> list[dict[str, object]]:
    app = visiting("audit", role, **query)
    assert not app.exception
    return app.dataframe[0].value.to_dict("records") if app.dataframe else []


def test_each_filter_of_the_address_leaves_what_fits(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    one = CopyId(f"{exam_id}-0001")
    confirm_identity(bench.database, new_run("U9"), one, None)
    today = datetime.now(UTC).date()
    everything = shown(visiting)
    assert {row["Action"] for row in shown(visiting, action="IMPORT")} == {"found in a scan"}
    assert {row["Copy"] for row in shown(visiting, copy=one.lower())} == {one}
    assert [row["Action"] for row in shown(visiting, who="U9")] == ["identity decided"]
    (told,) = shown(visiting, who="U9", exam=exam_id)
    assert shown(visiting, correlation=str(told["Correlation id (flow run)"])) == [told]
    assert shown(visiting, since=str(today), until=str(today)) == everything
    assert shown(visiting, since=str(today + timedelta(days=1))) == []
    assert shown(visiting, until=str(today - timedelta(days=1))) == []
    assert shown(visiting, before=str(everything[0]["#"])) == everything[1:]


def test_staff_see_decisions_without_whose(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    confirm_identity(bench.database, new_run("U9"), CopyId(f"{exam_id}-0001"), None)
    (row,) = shown(visiting, Role.VIEWER, who="U9")
    assert "student" not in str(row["Details"])
    (row,) = shown(visiting, Role.COORDINATOR, who="U9")
    assert "student" in str(row["Details"])


def test_seals_are_shown_and_the_check_tells_what_is_wrong(
    bench: Workbench, visiting: Visiting, exam_id: ExamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIATIQUE_HOME", str(bench.settings.home_path))
    assert "not sealed yet" in visiting("audit").markdown[0].value
    seal_trail(bench.database, seal_files_of(Settings()))
    app = visiting("audit")
    assert "seal 1" in app.markdown[0].value
    check = next(button for button in app.button if button.label == "Check the trail")
    check.click().run()
    assert "tell the same story" in app.success[0].value
    with bench.database.transaction() as connection:
        connection.execute("UPDATE copy SET status = 'QUARANTINE' WHERE number = 1")
    check.click().run()
    assert app.error


@pytest.fixture
def get(bench: Workbench, signed_in: Callable[[Role], str]) -> Iterator[Get]:
    tokens = {role: signed_in(role) for role in Role}
    with TestClient(Starlette(routes=ROUTES)) as client:

        def asked(address: str, role: Role | None) -> tuple[int, bytes]:
            client.cookies.clear()
            if role:
                client.cookies.set(SESSION_COOKIE, tokens[role])
            answer = client.get(address)
            return answer.status_code, answer.content

        yield asked


def test_files_go_to_those_who_may_see_names_and_leave_an_event(
    bench: Workbench, exam_id: ExamId, get: Get
) -> None:
    copy_id = CopyId(f"{exam_id}-0001")
    for role in (None, Role.MARKER, Role.VIEWER):
        for address in (copy_address(copy_id), final_address(copy_id), trail_address(None)):
            assert get(address, role)[0] == 403
    code, pdf = get(copy_address(copy_id), Role.COORDINATOR)
    assert (code, pdf[:5]) == (200, b"%PDF-")
    assert get(final_address(copy_id), Role.ADMIN)[0] == 404
    assert get(copy_address(CopyId("E00000-0001")), Role.ADMIN)[0] == 404
    with bench.database.transaction() as connection:
        (event,) = list_events(connection, action=Action.DOWNLOAD)
    assert (event.copy_id, event.details) == (copy_id, {"file": "copy"})


def test_the_trail_is_exported_and_the_export_is_an_event(
    bench: Workbench, exam_id: ExamId, get: Get
) -> None:
    code, body = get(trail_address(exam_id), Role.COORDINATOR)
    lines = [json.loads(line) for line in body.decode().splitlines()]
    assert code == 200
    assert {line["exam"] for line in lines} == {exam_id}
    with bench.database.transaction() as connection:
        (event,) = list_events(connection, action=Action.EXPORT)
    assert event.details == {"what": "trail", "lines": len(lines)}
    assert get(trail_address(ExamId("E00000")), Role.ADMIN)[0] == 404
    assert list((bench.settings.home_path / "passing").iterdir()) == []
