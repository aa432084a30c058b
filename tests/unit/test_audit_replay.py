"""Histories are replayed: what the trail tells must be what the tables say."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viatique.audit import check_history
from viatique.lifecycle import EDGES, Action, CopyStatus, Move, is_legal
from viatique.models import IdentityState


@dataclass(frozen=True)
class Event:
    action: Action
    details: dict[str, object] = field(default_factory=dict)
    event_id: int = 1


def _find(events: Sequence[Event], status: CopyStatus) -> list[str]:
    found = check_history(
        "C1", events, status=status, identity=IdentityState.PENDING, student_id=None
    )
    return [finding.message for finding in found]


def _event(move: Move) -> list[Event]:
    action = EDGES[move].action
    details: dict[str, object] = {}
    if action is Action.FINALIZE:
        details = {"success": move is Move.FINISH_GRADING}
    return [Event(action, details)] if action else []


@given(st.data())
def test_any_legal_life_replays_to_its_status(data: st.DataObject) -> None:
    status, events = None, []
    for _ in range(data.draw(st.integers(1, 12))):
        legal = [move for move in Move if is_legal(move, status)]
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
        ([Event(Action.SCORE)], CopyStatus.READY),
        ([Event(Action.IMPORT), Event(Action.IMPORT)], CopyStatus.STAGING),
    ],
    ids=["no history", "before import", "imported twice"],
)
def test_impossible_histories_are_found(events: list[Event], status: CopyStatus) -> None:
    assert _find(events, status)


def test_an_identity_the_trail_does_not_tell_is_found() -> None:
    events = [Event(Action.IMPORT)]
    found = check_history(
        "C1", events, status=CopyStatus.STAGING, identity=IdentityState.AUTO, student_id="S1"
    )
    assert len(list(found)) == 1
    events.append(Event(Action.IDENTIFY, {"state": "AUTO", "student": "S1"}))
    assert not list(
        check_history(
            "C1", events, status=CopyStatus.STAGING, identity=IdentityState.AUTO, student_id="S1"
        )
    )
    assert list(
        check_history(
            "C1", events, status=CopyStatus.STAGING, identity=IdentityState.AUTO, student_id="S2"
        )
    )
