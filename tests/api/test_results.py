"""Results over HTTP: hidden until the release, with names for those who may, whole."""

import csv
import io
import zipfile
from decimal import Decimal

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import ClientOf
from tests.api.test_marking_over_http import conflict
from tests.db.marking import move
from tests.db.stored import RUN
from tests.unit.pdf_factories import scan
from viatique.access import Role
from viatique.db import finals, identities, marking
from viatique.db.audit import list_events
from viatique.db.locks import Hold
from viatique.db.pool import Database
from viatique.files import Kind, Store
from viatique.lifecycle import Action, Move
from viatique.models import CopyId, ExamId, StudentId

API = "/api/v1"
PATHS = ("results.csv", "finals.zip")


@pytest.fixture
def exam(database: Database, store: Store, copy_ids: list[CopyId]) -> str:
    """Two finalized copies, the first of student S2; the third is not marked."""
    pdf = scan(1)
    sha256 = store.put(pdf, Kind.FINAL)
    with database.transaction() as connection:
        identities.settle(connection, copy_ids[0], StudentId("S2"), run=RUN)
        for copy_id, points in zip(copy_ids[:2], ("2.5", "7.5"), strict=True):
            for question in ("1", "2"):
                given = marking.Scored(question=question, points=Decimal(points))
                marking.put_score(connection, Hold(copy_id=copy_id), given, run=RUN)
            finals.insert_final_pdf(
                connection,
                copy_id,
                sha256=sha256,
                byte_size=len(pdf),
                score=2 * Decimal(points),
                run=RUN,
            )
    for copy_id in copy_ids[:2]:
        move(database, copy_id, Move.START_GRADING, Move.FINISH_GRADING)
    return f"{API}/exams/{copy_ids[0][:6]}"


def exported(database: Database, exam: str) -> list[Action]:
    with database.transaction() as connection:
        events = list_events(connection, exam_id=ExamId(exam.rpartition("/")[2]))
    wanted = {Action.EXPORT, Action.DOWNLOAD, Action.RELEASE}
    return [event.action for event in reversed(events) if event.action in wanted]


def test_nothing_leaves_before_the_release(
    coordinator: TestClient, database: Database, copy_ids: list[CopyId], exam: str
) -> None:
    final = f"{API}/copies/{copy_ids[0]}/final.pdf"
    paths = [*(f"{exam}/{path}" for path in PATHS), final]
    for path in paths:
        assert conflict(coordinator.get(path)) == (409, "not_released")
    assert exported(database, exam) == []
    coordinator.put(f"{exam}/release")
    assert [coordinator.get(path).status_code for path in paths] == [200, 200, 200]
    assert exported(database, exam) == [
        Action.RELEASE, Action.EXPORT, Action.EXPORT, Action.DOWNLOAD,
    ]  # fmt: skip
    coordinator.delete(f"{exam}/release")
    for path in paths:
        assert conflict(coordinator.get(path)) == (409, "not_released")


def test_a_superseded_final_pdf_leaves_no_more(
    coordinator: TestClient, copy_ids: list[CopyId], exam: str
) -> None:
    coordinator.put(f"{exam}/release")
    coordinator.post(f"{API}/copies/{copy_ids[0]}/reopen", json={"reason": "appeal"})
    answer = coordinator.get(f"{API}/copies/{copy_ids[0]}/final.pdf")
    assert conflict(answer) == (404, "not_found")
    with zipfile.ZipFile(io.BytesIO(coordinator.get(f"{exam}/finals.zip").content)) as archive:
        assert archive.namelist() == [f"sans-eleve/{copy_ids[1]}.pdf"]


def test_the_csv_lists_everybody_and_takes_a_comma(
    coordinator: TestClient, copy_ids: list[CopyId], exam: str
) -> None:
    coordinator.put(f"{exam}/release")
    answer = coordinator.get(f"{exam}/results.csv?decimal_comma=true")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert {(row["copy"], row["student"], row["state"], row["score"]) for row in rows} == {
        (copy_ids[0], "S2", "graded", "5"),
        (copy_ids[1], "", "no student", "15"),
        (copy_ids[2], "", "no student", ""),
        ("", "S1", "absent", ""),
        ("", "S3", "absent", ""),
    }
    assert {row["1"] for row in rows} == {"2,5", "7,5", ""}
    assert coordinator.get(f"{exam}/results.csv?profile=other").status_code == 422


def test_the_zip_is_whole_and_under_names(
    coordinator: TestClient, copy_ids: list[CopyId], exam: str
) -> None:
    coordinator.put(f"{exam}/release")
    answer = coordinator.get(f"{exam}/finals.zip")
    assert "content-length" not in answer.headers
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            f"LAST2_FIRST2_{copy_ids[0]}.pdf",
            f"sans-eleve/{copy_ids[1]}.pdf",
        ]


def test_figures_are_staff_s_and_before_the_release_coordinators(
    coordinator: TestClient, client_of: ClientOf, exam: str
) -> None:
    viewer, marker = client_of(Role.VIEWER), client_of(Role.MARKER)
    found = coordinator.get(f"{exam}/statistics").json()
    assert (found["count"], found["mean"], found["median"], found["deviation"]) == (2, 10, 10, 5)
    assert found["quartiles"] == [7.5, 10, 12.5]
    assert [one["count"] for one in found["histogram"]] == [0, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    assert {one["question"] for one in found["questions"]} == {"1", "2"}
    assert [(one["account"], one["copies"]) for one in found["markers"]] == [("system", 2)]
    assert conflict(viewer.get(f"{exam}/statistics")) == (409, "not_released")
    coordinator.put(f"{exam}/release")
    assert viewer.get(f"{exam}/statistics").json() == found
    assert marker.get(f"{exam}/statistics").status_code == 403


def test_an_exam_without_a_finalized_copy_has_no_figures(
    coordinator: TestClient, copy_ids: list[CopyId]
) -> None:
    found = coordinator.get(f"{API}/exams/{copy_ids[0][:6]}/statistics").json()
    assert (found["count"], found["mean"], found["histogram"]) == (0, None, [])
