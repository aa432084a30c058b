"""The comment bank: shared by an exam's markers, anonymous, the same words once."""

from starlette.testclient import TestClient

from viatique.db.audit import list_events
from viatique.db.pool import Database
from viatique.models import CopyId, ExamId


def test_comments_are_shared_by_the_markers_of_the_exam_only(
    marker: TestClient, coordinator: TestClient, copy_id: CopyId, database: Database
) -> None:
    bank = f"/api/v1/exams/{copy_id[:6]}/comments"
    kept = marker.post(bank, json={"text": "  Unité ? ", "points": "-0.25"})
    assert kept.status_code == 201
    assert kept.json()["text"] == "Unité ?"
    again = coordinator.post(bank, json={"text": "Unité ?"})
    assert again.json() == kept.json()
    assert coordinator.get(bank).json()["items"] == [kept.json()]
    assert set(kept.json()) == {"id", "text", "points"}
    with database.transaction() as connection:
        events = list_events(connection, exam_id=ExamId(copy_id[:6]))
    (event,) = [event for event in events if event.action == "KEEP_COMMENT"]
    assert event.details == {"comment": kept.json()["id"]}


def test_a_dropped_comment_is_gone_and_another_exam_cannot_drop_it(
    marker: TestClient, copy_id: CopyId
) -> None:
    bank = f"/api/v1/exams/{copy_id[:6]}/comments"
    kept = marker.post(bank, json={"text": "Oui"}).json()
    assert marker.delete(f"/api/v1/exams/E00000/comments/{kept['id']}").status_code == 404
    assert marker.delete(f"{bank}/{kept['id']}").status_code == 204
    assert marker.delete(f"{bank}/{kept['id']}").status_code == 404
    assert marker.get(bank).json() == {"items": [], "next": None}


def test_a_bank_is_read_by_pages(marker: TestClient, copy_id: CopyId) -> None:
    bank = f"/api/v1/exams/{copy_id[:6]}/comments"
    ids = [marker.post(bank, json={"text": f"Remark {n}"}).json()["id"] for n in range(3)]
    first = marker.get(bank, params={"limit": 2}).json()
    rest = marker.get(bank, params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids
    assert rest["next"] is None


def test_words_without_words_or_too_many_are_refused(marker: TestClient, copy_id: CopyId) -> None:
    bank = f"/api/v1/exams/{copy_id[:6]}/comments"
    for text in ("   ", "x" * 501, "a\x00b"):
        assert marker.post(bank, json={"text": text}).status_code == 422
