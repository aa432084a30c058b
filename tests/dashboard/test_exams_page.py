"""An exam is created, gets its scans and its work is started, all from its page."""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import core
from tests.dashboard.conftest import Visiting
from tests.dashboard.prefect_double import PrefectDouble
from tests.db.marking import store_account
from tests.steps.benches import ROSTER, write_exam, write_scan
from tests.steps.readings import identify_as
from viatique.access import Role
from viatique.db.audit import list_events
from viatique.db.dispatch import Mode, count_loads, find_mode
from viatique.db.exams import count_students, list_exams
from viatique.db.marking import list_scores
from viatique.db.sources import list_sources
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId, Language
from viatique.services.flow_runs import PrefectRuns
from viatique.workbench import Workbench


@pytest.fixture
def prefect(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> PrefectDouble:
    double = PrefectDouble()
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect/api")
    monkeypatch.setattr(core, "PrefectRuns", partial(PrefectRuns, client=double.client()))
    return double


def labelled(elements: Iterable[Any], label: str) -> Any:  # noqa: ANN401  # any kind of widget
    return next(element for element in elements if element.label == label)


def test_an_exam_is_created_by_the_form(bench: Workbench, visiting: Visiting) -> None:
    app = visiting("exams", new="1")
    app.file_uploader[0].upload("roster.csv", ROSTER.encode()).run()
    app.text_input[0].set_value("Brevet blanc")
    labelled(app.button, "Create the exam").click().run()
    assert not app.exception
    with bench.database.transaction() as connection:
        (exam,) = list_exams(connection)
        assert count_students(connection, exam.exam_id) == 3
    assert exam.name == "Brevet blanc"
    assert exam.scheme.total == 20
    assert app.query_params["exam"] == exam.exam_id


def test_a_forgotten_student_is_added(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    app = visiting("exams", exam=exam_id)
    app.file_uploader[1].upload("later.csv", b"INE;NOM;PRENOM\nS9;Omega;Olga\n").run()
    labelled(app.button, "Add or correct these students").click().run()
    assert not app.exception
    assert "1 students added" in app.toast[0].value
    with bench.database.transaction() as connection:
        assert count_students(connection, exam_id) == 4


def test_a_marks_file_is_recorded_whole_or_refused_line_by_line(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    app = visiting("exams", language=Language.FR, exam=exam_id)
    lines = f"copie;question;note\n{exam_id}-0001;1;2,5\n{exam_id}-0002;1;99\n"
    app.file_uploader[2].upload("notes.csv", lines.encode()).run()
    labelled(app.button, "Enregistrer ces notes").click().run()
    assert list(app.dataframe[-1].value["Ligne"]) == [3]
    assert not scores_of(bench, exam_id)

    app.file_uploader[2].upload("notes.csv", lines.replace("99", "1").encode()).run()
    labelled(app.button, "Enregistrer ces notes").click().run()
    assert not app.exception
    assert "2 copies" in app.success[0].value
    assert scores_of(bench, exam_id) == [Decimal("2.5"), Decimal(1)]
    with bench.database.transaction() as connection:
        events = list_events(connection, exam_id=exam_id)
    (actor,) = {event.actor for event in events if event.action is Action.SCORE}
    assert actor != "system"
    (received,) = [event for event in events if "marks" in event.details]
    assert (received.action, received.actor) == (Action.RECEIVE, actor)


def scores_of(bench: Workbench, exam_id: ExamId) -> list[Decimal | None]:
    with bench.database.transaction() as connection:
        return [
            one.points
            for number in (1, 2)
            for one in list_scores(connection, CopyId(f"{exam_id}-000{number}"))
        ]


def test_an_exam_is_created_from_its_file(
    bench: Workbench, visiting: Visiting, tmp_path: Path
) -> None:
    exam_toml = write_exam(tmp_path / "exam")
    app = visiting("exams", new="1")
    app.file_uploader[0].upload("roster.csv", ROSTER.encode())
    app.file_uploader[1].upload("exam.toml", exam_toml.read_bytes()).run()
    app.button(key="create_by_file").click().run()
    with bench.database.transaction() as connection:
        (exam,) = list_exams(connection)
    assert exam.name == "Bac blanc"


def test_every_bad_line_of_a_roster_is_told_in_the_visitors_language(visiting: Visiting) -> None:
    roster = "INE;NOM;PRENOM;DATE_NAISSANCE\nS1;Alpha;A;32/01/2009\n;Beta;B;\nS1;Gamma;C;\n"
    app = visiting("exams", language=Language.FR, new="1")
    app.file_uploader[0].upload("roster.csv", roster.encode()).run()
    rows = app.dataframe[0].value
    assert list(rows["Ligne"]) == [2, 3, 4]
    assert list(rows["Ce qui ne va pas"]) == [
        "pas une date : écrire jj/mm/aaaa ou aaaa-mm-jj",
        "l'identifiant est vide",
        "le même identifiant qu'à la ligne 2",
    ]


def test_a_description_that_does_not_add_up_creates_nothing(
    bench: Workbench, visiting: Visiting
) -> None:
    app = visiting("exams", new="1")
    app.file_uploader[0].upload("roster.csv", ROSTER.encode()).run()
    app.text_input[0].set_value("Brevet blanc")
    labelled(app.number_input, "Total of points").set_value(19.0)
    labelled(app.button, "Create the exam").click().run()
    assert app.error
    with bench.database.transaction() as connection:
        assert list_exams(connection) == ()


def test_a_scan_is_received_once_and_its_import_started(
    bench: Workbench, visiting: Visiting, exam_id: ExamId, prefect: PrefectDouble, tmp_path: Path
) -> None:
    scan = write_scan(tmp_path, pages=4, name="late.pdf", height=841).read_bytes()
    app = visiting("exams", exam=exam_id)
    for _ in range(2):
        app.file_uploader[0].upload("late.pdf", scan).run()
        labelled(app.button, "Import this scan").click().run()
        assert not app.error, app.error[0].value
    with bench.database.transaction() as connection:
        assert len(list_sources(connection, exam_id)) == 2
    (run,) = prefect.runs
    assert run["flow"] == "import-copies"
    assert run["parameters"] == {"parameters": {"exam": exam_id}}
    assert list((bench.settings.home_path / "passing").iterdir()) == []


def test_a_file_that_is_no_scan_is_refused_in_words(
    bench: Workbench, visiting: Visiting, exam_id: ExamId, prefect: PrefectDouble
) -> None:
    app = visiting("exams", exam=exam_id)
    app.file_uploader[0].upload("holiday.pdf", b"no pdf at all").run()
    labelled(app.button, "Import this scan").click().run()
    assert not app.exception
    assert app.error
    assert prefect.runs == []


def test_trying_a_scan_imports_nothing_and_its_viewing_is_audited(
    bench: Workbench, visiting: Visiting, exam_id: ExamId, tmp_path: Path
) -> None:
    scan = write_scan(tmp_path, pages=4, name="try.pdf", height=841).read_bytes()
    app = visiting("exams", exam=exam_id)
    app.file_uploader[0].upload("try.pdf", scan).run()
    labelled(app.button, "Try it first").click().run(timeout=120)
    assert not app.exception
    assert not app.error, app.error[0].value
    assert "2 copies in 4 scanned pages" in app.success[0].value
    with bench.database.transaction() as connection:
        assert len(list_sources(connection, exam_id)) == 1
        (event,) = list_events(connection, action=Action.VIEW_IDENTITY)
    assert event.exam_id == exam_id


def test_work_is_started_with_a_worker_and_followed(
    bench: Workbench, visiting: Visiting, exam_id: ExamId, prefect: PrefectDouble
) -> None:
    app = visiting("exams", exam=exam_id)
    app.button(key="run_identify").click().run()
    (run,) = prefect.runs
    assert run["name"] == f"identify {exam_id}"
    run["state_type"] = "RUNNING"
    prefect.artifacts = [{"flow_run_id": run["id"], "data": 40.0}]
    app.run()
    shown = " ".join(line.value for line in app.markdown)
    assert f"/runs/flow-run/{run['id']}" in shown
    assert "running" in shown
    assert primary(app) == ["Identify"]
    identify_as(bench, dict.fromkeys((f"{exam_id}-0001", f"{exam_id}-0002"), ("Alpha", "Anne")))
    run["state_type"] = "COMPLETED"
    app.run()
    assert primary(app) == []


def primary(app: AppTest) -> list[str]:
    """Buttons that stand out among those that start work."""
    return [
        one.label
        for one in app.button
        if (one.key or "").startswith("run_") and one.proto.type == "primary"
    ]


def test_runs_are_named_in_words_and_those_of_later_are_not_shown(
    visiting: Visiting, exam_id: ExamId, prefect: PrefectDouble
) -> None:
    run = {"id": "R", "state_type": "COMPLETED", "start_time": "2026-11-25T10:00:00Z"}
    later = {"state_type": "SCHEDULED", "expected_start_time": "2999-01-01T00:00:00Z"}
    prefect.runs = [
        {"id": "L", "name": "quiet-heron", "auto_scheduled": True, **later},
        {**run, "name": "loud-heron", "auto_scheduled": True},
        {**run, "name": f"finalize {exam_id}", "estimated_run_time": 95.0},
    ]
    app = visiting("operations", language=Language.FR)
    shown = " ".join(line.value for line in app.markdown)
    assert "heron" not in shown
    assert "entretien" in shown
    assert f"PDF finaux {exam_id}" in shown
    assert "1 min" in shown


def test_copies_are_shared_out_to_markers(
    bench: Workbench, visiting: Visiting, exam_id: ExamId
) -> None:
    app = visiting("exams", exam=exam_id)
    assert labelled(app.button, "Share out").disabled
    markers = [store_account(bench.database, f"U0000000{letter}").actor for letter in "AB"]
    app = visiting("exams", exam=exam_id)
    labelled(app.checkbox, "Double marking").check().run()
    labelled(app.number_input, "Points two readings may differ by").set_value(0.5)
    labelled(app.button, "Share out").click().run()
    assert not app.exception
    assert "4 assignments" in app.toast[0].value
    with bench.database.transaction() as connection:
        assert find_mode(connection, exam_id) == Mode(readings=2, tolerance=Decimal("0.5"))
        assert count_loads(connection, exam_id) == dict.fromkeys(markers, 2)
    assert list(app.dataframe[-1].value["Copies"]) == [2, 2]


def test_without_prefect_the_page_says_so_and_the_scan_is_kept(
    bench: Workbench, visiting: Visiting, exam_id: ExamId, prefect: PrefectDouble, tmp_path: Path
) -> None:
    prefect.is_down = True
    scan = write_scan(tmp_path, pages=2, name="late.pdf", height=841).read_bytes()
    app = visiting("exams", exam=exam_id)
    assert "viatique up" in app.warning[0].value
    app.file_uploader[0].upload("late.pdf", scan).run()
    labelled(app.button, "Import this scan").click().run()
    assert not app.exception
    with bench.database.transaction() as connection:
        assert len(list_sources(connection, exam_id)) == 2


def test_a_session_that_lost_its_role_starts_nothing(
    bench: Workbench, visiting: Visiting, exam_id: ExamId, prefect: PrefectDouble
) -> None:
    app = visiting("exams", Role.COORDINATOR, exam=exam_id)
    with bench.database.transaction() as connection:
        connection.execute("UPDATE account SET role = 'viewer'")
    app.button(key="run_process").click().run()
    assert prefect.runs == []
