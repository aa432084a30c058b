"""Histories are replayed: what the trail tells must be what the tables say."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viatique.audit import CopyState, Told, Versioned, check_histories
from viatique.lifecycle import EDGES, Action, CopyStatus, Move
from viatique.models import CopyId, IdentityState

FINAL = {"success": True, "file": "f" * 64, "score": "15.5"}


def told(action: Action, details: object = None, *, actor: str = "U1") -> Told:
    return Told(1, "C1", action.value, actor, details or {})  # type: ignore[arg-type]


READY = [told(Action.IMPORT), told(Action.VALIDATE)]


def _messages(events: Sequence[Told], state: CopyState | None) -> list[str]:
    states = {CopyId("C1"): state} if state else {}
    return [finding.message for finding in check_histories(events, states)]


def _find(events: Sequence[Told], status: CopyStatus) -> list[str]:
    final = ("f" * 64, Decimal("15.5")) if status is CopyStatus.GRADED else None
    return _messages(events, CopyState(status=status, final=final))


def _event(move: Move) -> list[Told]:
    action = EDGES[move].action
    details: dict[str, object] = {}
    if action is Action.FINALIZE:
        details = FINAL if move is Move.FINISH_GRADING else {"success": False}
    return [told(action, details)] if action else []


def _is_legal(move: Move, status: CopyStatus | None) -> bool:
    sources = EDGES[move].sources
    return status in sources if status else not sources


@given(st.data())
def test_any_legal_life_replays_to_its_status(data: st.DataObject) -> None:
    status, events = None, []
    for _ in range(data.draw(st.integers(1, 12))):
        legal = [move for move in Move if _is_legal(move, status)]
        move = data.draw(st.sampled_from(legal))
        events += _event(move)
        status = EDGES[move].target
    assert status is not None
    assert _find(events, status) == []


@given(st.data())
def test_a_missing_event_is_found(data: st.DataObject) -> None:
    life = [Move.IMPORT, Move.VALIDATE, Move.START_GRADING, Move.FINISH_GRADING, Move.REOPEN]
    events = [event for move in life for event in _event(move)]
    events.pop(data.draw(st.integers(0, len(events) - 1)))
    assert _find(events, CopyStatus.READY)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], CopyStatus.READY),
        ([told(Action.SCORE)], CopyStatus.READY),
        ([told(Action.IMPORT), told(Action.IMPORT)], CopyStatus.STAGING),
    ],
    ids=["no history", "before import", "imported twice"],
)
def test_impossible_histories_are_found(events: list[Told], status: CopyStatus) -> None:
    assert _find(events, status)


def test_an_identity_the_trail_does_not_tell_is_found() -> None:
    state = CopyState(status=CopyStatus.STAGING, identity=IdentityState.AUTO, student_id="S1")
    events = [told(Action.IMPORT)]
    assert len(_messages(events, state)) == 1
    events.append(told(Action.IDENTIFY, {"state": "AUTO", "student": "S1"}))
    assert _messages(events, state) == []
    assert _messages(events, replace(state, student_id="S2"))


MARKED = [
    *READY,
    told(Action.LOCK),
    told(Action.SCORE, {"question": "1", "points": "5.50", "version": 1}),
    told(Action.SCORE, {"question": "1", "points": None, "version": 2}),
    told(Action.SCORE, {"question": "2", "points": "3", "version": 1}),
    told(Action.SCORE, {"appreciation": True}),
    told(Action.SCORE, {"appreciation": True, "version": 2}),
    told(Action.CREATE_ANN, {"annotation": 7, "page": 0}),
    told(Action.CREATE_ANN, {"annotation": 8, "page": 0}),
    told(Action.UPDATE_ANN, {"annotation": 7, "version": 2}),
    told(Action.DELETE_ANN, {"annotation": 8}),
    told(Action.UNLOCK),
    told(Action.LOCK, actor="U2"),
]
STATE = CopyState(
    status=CopyStatus.READY,
    scores={
        "1": Versioned(points=None, version=2),
        "2": Versioned(points=Decimal("3.0"), version=1),
    },
    appreciation=2,
    annotations={7: 2},
    holder="U2",
)


def test_a_marked_copy_replays_to_its_marks() -> None:
    assert _messages(MARKED, STATE) == []


@pytest.mark.parametrize("place", range(len(MARKED)))
def test_any_event_of_marking_that_is_missing_is_found(place: int) -> None:
    events = [*MARKED[:place], *MARKED[place + 1 :]]
    # a lock taken over and given back leaves the same: the second event of the pair tells
    assert _messages(events, STATE) or MARKED[place].action == Action.UNLOCK


@pytest.mark.parametrize(
    "changes",
    [
        {"scores": {"1": Versioned(points=None, version=2)}},
        {"scores": STATE.scores | {"2": Versioned(points=Decimal(4), version=1)}},
        {"scores": STATE.scores | {"2": Versioned(points=Decimal(3), version=2)}},
        {"scores": STATE.scores | {"3": Versioned(points=None, version=1)}},
        {"appreciation": 3},
        {"annotations": {}},
        {"annotations": {7: 3}},
        {"annotations": {7: 2, 8: 1}},
        {"final": ("f" * 64, Decimal(1))},
        {"holder": None},
        {"holder": "U1"},
    ],
)
def test_marks_the_trail_does_not_tell_are_found(changes: dict[str, object]) -> None:
    assert len(_messages(MARKED, replace(STATE, **changes))) == 1  # type: ignore[arg-type]


def test_a_final_pdf_that_was_exchanged_is_found() -> None:
    events = [*READY, told(Action.FINALIZE, FINAL)]
    state = CopyState(status=CopyStatus.GRADED, final=("f" * 64, Decimal("15.5")))
    assert _messages(events, state) == []
    exchanged = replace(state, final=("e" * 64, Decimal("15.5")))
    assert len(_messages(events, exchanged)) == 1


@pytest.mark.parametrize(
    "event",
    [
        told(Action.SCORE, {"question": "1", "points": "many", "version": 1}),
        told(Action.SCORE, {"question": "1", "points": "1"}),
        told(Action.SCORE, {"question": "1", "points": "sNaN", "version": 1}),
        told(Action.SCORE, ["question"]),
        told(Action.SCORE, "points"),
        told(Action.IDENTIFY, {"state": "SURE"}),
        told(Action.MERGE, {"from": "C2", "scores": {"1": 2}}),
        told(Action.CREATE_ANN, {}),
        told(Action.UNLOCK),
        told(Action.DELETE_ANN, {"annotation": 1}),
    ],
)
def test_an_event_no_step_leaves_is_found(event: Told) -> None:
    assert _messages([*READY, event], CopyState(status=CopyStatus.READY))


def test_marking_where_it_is_not_allowed_is_found() -> None:
    events = [*READY, told(Action.FINALIZE, FINAL), MARKED[3]]
    state = CopyState(
        status=CopyStatus.GRADED,
        final=("f" * 64, Decimal("15.5")),
        scores={"1": Versioned(points=Decimal("5.5"), version=1)},
    )
    assert _messages(events, state) == ["a copy that is GRADED was marked"]


def test_an_erased_copy_is_gone_and_nothing_follows() -> None:
    erased = [*READY, told(Action.ERASE)]
    assert _messages(erased, None) == []
    assert _messages(READY, None) == ["its events tell of a copy that is gone"]
    assert _messages(erased, STATE) == ["it was erased or merged, but is there"]
    assert _messages([*erased, MARKED[3]], None) == [
        "it happened after the copy was erased or merged"
    ]


def test_merged_copy_is_gone_and_its_marks_are_the_others() -> None:
    into = [*READY, told(Action.MERGE, {"into": "C2"})]
    assert _messages(into, None) == []
    assert _messages(into, CopyState(status=CopyStatus.READY)) != []
    moved = {"scores": {"1": {"points": "2.5", "version": 3}}, "annotations": {"7": 2}}
    kept = [*READY, told(Action.MERGE, {"from": "C2", **moved})]
    state = CopyState(
        status=CopyStatus.READY,
        scores={"1": Versioned(points=Decimal("2.5"), version=3)},
        annotations={7: 2},
    )
    assert _messages(kept, state) == []
    assert _messages(kept, replace(state, annotations={})) != []


def test_histories_of_several_copies_may_be_interleaved() -> None:
    both = [event._replace(copy_id=copy_id) for event in MARKED for copy_id in ("C1", "C2")]
    states = {CopyId("C1"): STATE, CopyId("C2"): replace(STATE, holder=None)}
    assert [(found.copy_id, found.event_id) for found in check_histories(both, states)] == [
        ("C2", None)
    ]
