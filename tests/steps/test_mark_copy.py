"""What a marker writes: accepted with one event, or refused with the reason and what is stored."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.db.marking import (
    NOTE,
    actions_of,
    count_conflicts,
    expire,
    move,
    store_account,
    store_ready,
    take,
)
from tests.db.stored import RUN
from viatique.db import claims
from viatique.db.annotations import StoredAnnotation
from viatique.db.audit import list_events_of_copy
from viatique.db.copies import find_copy
from viatique.db.locks import Hold
from viatique.db.marking import Appreciation, Draft, Scored
from viatique.db.pool import Database
from viatique.errors import InvalidInput, NotFound
from viatique.lifecycle import Action, LockConflict, Move
from viatique.models import CopyId
from viatique.run import Run
from viatique.steps import mark_copy as step
from viatique.steps.locks import Refused, release

GIVEN = Scored(question="1", points=Decimal("2.5"), remark="Oui")
Write = Callable[[Database, Run, Hold], object]

WRITES: dict[str, Write] = {
    "score": lambda database, run, hold: step.put_score(database, run, hold, GIVEN),
    "appreciation": lambda database, run, hold: step.put_appreciation(
        database, run, hold, Appreciation(text="Bien")
    ),
    "new annotation": lambda database, run, hold: step.create_annotation(database, run, hold, NOTE),
    "draft": lambda database, run, hold: step.save_draft(
        database, run, hold, Draft(content={"1": "2,5"})
    ),
}


@pytest.fixture
def copy_id(database: Database) -> CopyId:
    return store_ready(database)[0]


@pytest.fixture
def hold(database: Database, anne: Run, copy_id: CopyId) -> Hold:
    return take(database, anne, copy_id)


def test_everything_written_is_read_back_with_its_version(
    database: Database, anne: Run, hold: Hold
) -> None:
    for write in WRITES.values():
        assert not isinstance(write(database, anne, hold), Refused)
    stored = step.marks_of(database, RUN, hold.copy_id)
    assert stored.scores == (replace(GIVEN, version=1),)
    assert stored.appreciation == Appreciation(text="Bien", version=1)
    (annotation,) = stored.annotations
    assert (annotation.annotation, annotation.version) == (NOTE, 1)
    assert step.load_draft(database, anne, hold.copy_id) == Draft(content={"1": "2,5"}, version=1)
    written = [Action.LOCK, Action.SCORE, Action.SCORE, Action.CREATE_ANN]
    assert actions_of(database, hold.copy_id) == written


def _no_lock(database: Database, run: Run, hold: Hold) -> Hold:
    release(database, run, hold)
    return hold


def _expired(database: Database, _run: Run, hold: Hold) -> Hold:
    expire(database, hold.copy_id)
    return hold


def _other_token(_database: Database, _run: Run, hold: Hold) -> Hold:
    return replace(hold, token=uuid4())


def _other_owner(database: Database, _run: Run, hold: Hold) -> Hold:
    expire(database, hold.copy_id)
    take(database, store_account(database, "U0000000B"), hold.copy_id)
    return hold


def _taken(database: Database, _run: Run, hold: Hold) -> Hold:
    move(database, hold.copy_id, Move.START_GRADING)
    return hold


def _graded(database: Database, _run: Run, hold: Hold) -> Hold:
    move(database, hold.copy_id, Move.START_GRADING, Move.FINISH_GRADING)
    return hold


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    "case",
    [
        (_no_lock, LockConflict.MISSING),
        (_expired, LockConflict.EXPIRED),
        (_other_token, LockConflict.TOKEN_MISMATCH),
        (_other_owner, LockConflict.OWNER_MISMATCH),
        (_taken, LockConflict.ALREADY_GRADED),
        (_graded, LockConflict.ALREADY_GRADED),
    ],
    ids=["no lock", "expired", "other token", "other owner", "being finalized", "graded"],
)
def test_without_a_live_lock_nothing_is_written(
    database: Database,
    anne: Run,
    hold: Hold,
    write: Write,
    case: tuple[Callable[[Database, Run, Hold], Hold], LockConflict],
) -> None:
    spoil, conflict = case
    shown = spoil(database, anne, hold)
    before = actions_of(database, hold.copy_id)
    assert write(database, anne, shown) == Refused(conflict=conflict)
    stored = step.marks_of(database, RUN, hold.copy_id)
    assert (stored.scores, stored.appreciation, stored.annotations) == ((), Appreciation(), ())
    assert step.load_draft(database, anne, hold.copy_id) == Draft()
    assert actions_of(database, hold.copy_id) == before
    assert count_conflicts(database) == {conflict: 1}


@pytest.mark.parametrize("known", [0, 2], ids=["older", "made up"])
def test_a_stale_version_is_refused_with_what_is_stored(
    database: Database, anne: Run, hold: Hold, known: int
) -> None:
    stored = step.put_score(database, anne, hold, GIVEN)
    stale = replace(GIVEN, points=Decimal(5), version=known)
    assert step.put_score(database, anne, hold, stale) == Refused(
        conflict=LockConflict.STALE_VERSION, current=stored
    )
    text = step.put_appreciation(database, anne, hold, Appreciation(text="Bien"))
    refused = step.put_appreciation(database, anne, hold, Appreciation(text="Non", version=known))
    assert refused == Refused(conflict=LockConflict.STALE_VERSION, current=text)
    draft = step.save_draft(database, anne, hold, Draft(content={"a": 1}))
    refused = step.save_draft(database, anne, hold, Draft(content={"a": 2}, version=known))
    assert refused == Refused(conflict=LockConflict.STALE_VERSION, current=draft)
    made = step.create_annotation(database, anne, hold, NOTE)
    assert isinstance(made, StoredAnnotation)
    changed = replace(made, annotation=replace(NOTE, text="Non"), version=known)
    expected = Refused(conflict=LockConflict.STALE_VERSION, current=made)
    assert step.update_annotation(database, anne, hold, changed) == expected
    gone = step.delete_annotation(database, anne, hold, made.annotation_id, version=known)
    assert gone == expected


def test_a_first_version_that_is_made_up_is_refused_with_nothing(
    database: Database, anne: Run, hold: Hold
) -> None:
    refused = step.put_score(database, anne, hold, replace(GIVEN, version=3))
    assert refused == Refused(conflict=LockConflict.STALE_VERSION, current=Scored(question="1"))
    refused = step.save_draft(database, anne, hold, Draft(version=1))
    assert refused == Refused(conflict=LockConflict.STALE_VERSION, current=Draft())


def test_annotations_are_changed_and_deleted_with_an_event_each(
    database: Database, anne: Run, hold: Hold
) -> None:
    made = step.create_annotation(database, anne, hold, NOTE)
    assert isinstance(made, StoredAnnotation)
    moved = replace(made, annotation=replace(NOTE, page=0, points=Decimal("-0.5")))
    changed = step.update_annotation(database, anne, hold, moved)
    assert changed == replace(moved, version=2)
    assert step.marks_of(database, RUN, hold.copy_id).annotations == (changed,)
    assert step.delete_annotation(database, anne, hold, made.annotation_id, version=2) is None
    assert step.marks_of(database, RUN, hold.copy_id).annotations == ()
    assert actions_of(database, hold.copy_id)[1:] == [
        Action.CREATE_ANN, Action.UPDATE_ANN, Action.DELETE_ANN
    ]  # fmt: skip
    with pytest.raises(NotFound):
        step.delete_annotation(database, anne, hold, made.annotation_id, version=2)


def test_an_annotation_of_another_copy_is_not_found(database: Database, anne: Run) -> None:
    first, second = store_ready(database, 2)
    made = step.create_annotation(database, anne, take(database, anne, first), NOTE)
    assert isinstance(made, StoredAnnotation)
    hold = take(database, anne, second)
    with pytest.raises(NotFound):
        step.update_annotation(database, anne, hold, made)
    assert step.marks_of(database, RUN, first).annotations == (made,)


@pytest.mark.parametrize(
    "given",
    [
        Scored(question="1", points=Decimal(8)),
        Scored(question="1", points=Decimal("0.1")),
        Scored(question="3", points=Decimal(1)),
        Scored(question="3"),
    ],
    ids=["too many", "between steps", "no such question", "no such question, remark only"],
)
def test_points_the_scheme_does_not_have_are_refused(
    database: Database, anne: Run, hold: Hold, given: Scored
) -> None:
    with pytest.raises(InvalidInput):
        step.put_score(database, anne, hold, given)
    assert step.marks_of(database, RUN, hold.copy_id).scores == ()


def test_a_page_the_copy_does_not_have_is_refused(
    database: Database, anne: Run, hold: Hold
) -> None:
    with pytest.raises(InvalidInput, match="pages 0 to 1"):
        step.create_annotation(database, anne, hold, replace(NOTE, page=2))


def test_a_draft_is_its_markers_own(database: Database, anne: Run, hold: Hold) -> None:
    step.save_draft(database, anne, hold, Draft(content={"1": "Anne"}))
    release(database, anne, hold)
    bruno = store_account(database, "U0000000B")
    assert step.load_draft(database, bruno, hold.copy_id) == Draft()
    other = take(database, bruno, hold.copy_id)
    step.save_draft(database, bruno, other, Draft(content={"1": "Bruno"}))
    assert step.load_draft(database, anne, hold.copy_id) == Draft(content={"1": "Anne"}, version=1)


def test_events_name_the_account_and_hold_no_text(
    database: Database, anne: Run, hold: Hold
) -> None:
    for write in WRITES.values():
        write(database, anne, hold)
    with database.transaction() as connection:
        events = list_events_of_copy(connection, hold.copy_id)[3:]
    assert {event.actor for event in events} == {anne.actor}
    assert {event.correlation_id for event in events} == {anne.correlation_id}
    assert [event.details for event in events[:2]] == [
        {"question": "1", "points": "2.5", "version": 1},
        {"appreciation": True, "version": 1},
    ]


def test_a_marks_file_makes_what_a_marker_knew_before_stale(
    database: Database, anne: Run, hold: Hold
) -> None:
    file = Hold(copy_id=hold.copy_id)
    text = Appreciation(text="Fichier")
    refused = step.put_appreciation(database, RUN, file, text)
    assert refused == Refused(conflict=LockConflict.ALREADY_LOCKED)
    release(database, anne, hold)
    assert step.put_appreciation(database, RUN, file, text) == replace(text, version=1)
    again = take(database, anne, hold.copy_id)
    refused = step.put_appreciation(database, anne, again, Appreciation(text="Bien"))
    current = Appreciation(text="Fichier", version=1)
    assert refused == Refused(conflict=LockConflict.STALE_VERSION, current=current)


def test_finalize_leaves_copies_to_those_who_hold_them(
    database: Database, anne: Run, hold: Hold
) -> None:
    step.put_score(database, anne, hold, GIVEN)

    def gradable() -> list[CopyId]:
        with database.transaction() as connection:
            exam_id = find_copy(connection, hold.copy_id).exam_id
            return claims.list_gradable(connection, exam_id, leaves=["1"], run=anne, limit=9)

    assert gradable() == []
    expire(database, hold.copy_id)
    assert gradable() == [hold.copy_id]
    take(database, anne, hold.copy_id)
    assert gradable() == []


def test_finalize_looks_again_after_locking_what_it_found(
    database: Database, anne: Run, copy_id: CopyId
) -> None:
    """A marker who comes in as finalize begins is seen, though its statement began before."""
    step.put_score(database, anne, hold := take(database, anne, copy_id), GIVEN)
    release(database, anne, hold)
    with database.transaction() as connection:
        exam_id = find_copy(connection, copy_id).exam_id
        connection.execute(
            """
            CREATE FUNCTION come_in(wanted text) RETURNS boolean LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO copy_lock
                VALUES (wanted, gen_random_uuid(), 'U0000000A', now(), now() + interval '1 h')
                ON CONFLICT ON CONSTRAINT copy_lock_pk DO UPDATE
                SET expires_at = EXCLUDED.expires_at;
                RETURN false;
            END $$
            """
        )
        connection.execute(
            """
            CREATE OR REPLACE FUNCTION claim_is_live(holder bigint, expires_at timestamptz)
            RETURNS boolean LANGUAGE sql VOLATILE AS $$
                SELECT come_in(copy_id) FROM copy
            $$
            """
        )
        connection.execute(
            """
            INSERT INTO claim (stage, subject, correlation_id, holder, expires_at)
            VALUES ('finalize', %(copy)s, 'x', 1, now())
            """,
            {"copy": copy_id},
        )
        found = claims.list_gradable(connection, exam_id, leaves=["1"], run=anne, limit=9)
    assert found == []
