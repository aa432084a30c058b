"""What the audit trail says must be what the tables say: histories are replayed and compared.

Pure: events in, findings out. It knows the life cycle and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from viatique.lifecycle import IDENTITY_EDGES, Action, CopyStatus
from viatique.models import IdentityState


class Event(Protocol):
    """The part of an audit event that a replay needs."""

    @property
    def event_id(self) -> int: ...
    @property
    def action(self) -> Action: ...
    @property
    def details(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Where a history leads: the last status and identity it tells of."""

    status: CopyStatus | None = None
    identity: IdentityState = IdentityState.PENDING
    student_id: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong with the trail.

    Attributes:
        event_id: the event it was noticed at, None when an event is absent or a guard is off.
    """

    copy_id: str | None
    event_id: int | None
    message: str


_PLAIN_MOVES: dict[Action, tuple[frozenset[CopyStatus | None], CopyStatus]] = {
    Action.IMPORT: (frozenset({None}), CopyStatus.STAGING),
    Action.QUARANTINE: (frozenset({None, CopyStatus.STAGING}), CopyStatus.QUARANTINE),
    Action.VALIDATE: (
        frozenset({CopyStatus.STAGING, CopyStatus.QUARANTINE}),
        CopyStatus.READY,
    ),
    Action.REOPEN: (frozenset({CopyStatus.GRADED}), CopyStatus.READY),
}
_GRADABLE: frozenset[CopyStatus | None] = frozenset({CopyStatus.READY, CopyStatus.GRADING_FAILED})


def check_history(
    copy_id: str,
    events: Iterable[Event],
    *,
    status: CopyStatus,
    identity: IdentityState,
    student_id: str | None,
) -> Iterator[Finding]:
    """Everything in which a copy's history and its stored state disagree."""
    replayed = Replayed()
    for event in events:
        problem, replayed = _step(replayed, event)
        if problem:
            yield Finding(copy_id=copy_id, event_id=event.event_id, message=problem)
    if replayed.status not in _told_as(status):
        message = f"the history ends in {replayed.status or 'nothing'}, the copy is {status}"
        yield Finding(copy_id=copy_id, event_id=None, message=message)
    if (replayed.identity, replayed.student_id) != (identity, student_id):
        message = f"the history ends in identity {replayed.identity}, the copy has {identity}"
        yield Finding(copy_id=copy_id, event_id=None, message=message)


def _told_as(status: CopyStatus) -> frozenset[CopyStatus | None]:
    """The statuses a history may end in: work in hand leaves no event."""
    return _GRADABLE if status is CopyStatus.GRADING_IN_PROGRESS else frozenset({status})


def _step(before: Replayed, event: Event) -> tuple[str | None, Replayed]:
    if event.action is Action.IDENTIFY:
        return _identify(before, event)
    if event.action is Action.FINALIZE:
        done = event.details.get("success") is True
        return _move(before, _GRADABLE, CopyStatus.GRADED if done else CopyStatus.GRADING_FAILED)
    if event.action in _PLAIN_MOVES:
        return _move(before, *_PLAIN_MOVES[event.action])
    return (None if before.status else "it happened before the copy was imported"), before


def _move(
    before: Replayed, sources: frozenset[CopyStatus | None], target: CopyStatus
) -> tuple[str | None, Replayed]:
    after = Replayed(status=target, identity=before.identity, student_id=before.student_id)
    if before.status in sources:
        return None, after
    return f"{target} cannot follow {before.status or 'nothing'}: an event is missing", after


def _identify(before: Replayed, event: Event) -> tuple[str | None, Replayed]:
    state = IdentityState(str(event.details.get("state")))
    after = Replayed(status=before.status, identity=state, student_id=event.details.get("student"))
    if state in IDENTITY_EDGES[before.identity]:
        return None, after
    return f"identity {state} cannot follow {before.identity}: an event is missing", after
