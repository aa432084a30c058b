"""What the audit trail says must be what the tables say: histories are replayed and compared.

Pure: events in, findings out. It knows the life cycle and nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from viatique.lifecycle import IDENTITY_EDGES, Action, CopyStatus
from viatique.models import IdentityState


class Event(Protocol):
    """The part of an audit event that a replay needs."""

    @property
    def event_id(self) -> int: ...
    @property
    def action(self) -> Action: ...
    @property
    def actor(self) -> str: ...
    @property
    def details(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioned:
    """A score as its latest event tells it, or as it is stored."""

    points: Decimal | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyState:
    """Where a history leads, or what the tables say of a copy.

    Attributes:
        status: None before it was imported.
        scores: by question; one of two blind readings by question and reader.
        annotations: version by annotation id.
        final: content id and score of the final PDF that counts; none once a copy is reopened.
        holder: the account that locked it last and did not give it back, expired or not.
        is_gone: it was erased, or its pages and marks are another copy's.
    """

    status: CopyStatus | None = None
    identity: IdentityState = IdentityState.PENDING
    student_id: object = None
    scores: Mapping[str, Versioned] = field(default_factory=dict)
    appreciation: int = 0
    annotations: Mapping[int, int] = field(default_factory=dict)
    final: tuple[str, Decimal] | None = None
    holder: str | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong with the trail.

    Attributes:
        event_id: the event it was noticed at, None when an event is absent or a guard is off.
        seal_id: the seal that tells.
    """

    copy_id: str | None
    event_id: int | None
    message: str
    seal_id: int | None = None


_PLAIN_MOVES: dict[Action, tuple[frozenset[CopyStatus | None], CopyStatus]] = {
    Action.IMPORT: (frozenset({None}), CopyStatus.STAGING),
    Action.QUARANTINE: (frozenset({None, CopyStatus.STAGING}), CopyStatus.QUARANTINE),
    Action.VALIDATE: (
        frozenset({CopyStatus.STAGING, CopyStatus.QUARANTINE}),
        CopyStatus.READY,
    ),
}
_GRADABLE: frozenset[CopyStatus | None] = frozenset({CopyStatus.READY, CopyStatus.GRADING_FAILED})
_BEGINNINGS = frozenset({Action.IMPORT, Action.QUARANTINE})
_MARKING = frozenset({Action.SCORE, Action.CREATE_ANN, Action.UPDATE_ANN, Action.DELETE_ANN})
_Step = tuple[str | None, CopyState]
"""What is wrong with an event, and the state after it."""


def check_history(
    copy_id: str, events: Iterable[Event], *, state: CopyState | None
) -> Iterator[Finding]:
    """Everything in which a copy's history and its stored state (None: it is gone) disagree."""
    replayed = CopyState()
    for event in events:
        problem, replayed = _step(replayed, event)
        if problem:
            yield Finding(copy_id=copy_id, event_id=event.event_id, message=problem)
    for message in _differences(replayed, state):
        yield Finding(copy_id=copy_id, event_id=None, message=message)


def _differences(replayed: CopyState, state: CopyState | None) -> Iterator[str]:
    if state is None or replayed.is_gone:
        if state is None and not replayed.is_gone:
            yield "its events tell of a copy that is gone"
        if state is not None:
            yield "it was erased or merged, but is there"
        return
    if replayed.status not in _told_as(state.status):
        yield f"the history ends in {replayed.status or 'nothing'}, the copy is {state.status}"
    if (replayed.identity, replayed.student_id) != (state.identity, state.student_id):
        yield f"the history ends in identity {replayed.identity}, the copy has {state.identity}"
    for question in sorted(replayed.scores.keys() | state.scores.keys()):
        if replayed.scores.get(question) != state.scores.get(question):
            yield f"the score of question {question} is not the one its history ends in"
    if replayed.appreciation != state.appreciation:
        yield "the overall remark was changed without an event, or an event is missing"
    for annotation in sorted(replayed.annotations.keys() | state.annotations.keys()):
        if replayed.annotations.get(annotation) != state.annotations.get(annotation):
            yield f"annotation {annotation} is not what its history ends in"
    if replayed.final != state.final:
        yield "the final PDF is not the one of the last FINALIZE event"
    if replayed.holder != state.holder:
        yield "who holds it is not who locked it last"


def _told_as(status: CopyStatus | None) -> frozenset[CopyStatus | None]:
    """The statuses a history may end in: work in hand leaves no event."""
    return _GRADABLE if status is CopyStatus.GRADING_IN_PROGRESS else frozenset({status})


def _step(before: CopyState, event: Event) -> _Step:
    if before.is_gone:
        return "it happened after the copy was erased or merged", before
    if before.status is None and event.action not in _BEGINNINGS:
        return "it happened before the copy was imported", _apply(before, event)[1]
    if event.action in _MARKING and before.status not in _GRADABLE:
        return f"a copy that is {before.status} was marked", _apply(before, event)[1]
    return _apply(before, event)


def _apply(before: CopyState, event: Event) -> _Step:
    try:
        return _told(before, event)
    except (ValueError, ArithmeticError):
        return f"its details cannot be those of {event.action}", before


def _told(before: CopyState, event: Event) -> _Step:
    if event.action in _PLAIN_MOVES:
        return _move(before, *_PLAIN_MOVES[event.action])
    tell = _TELLING.get(event.action)
    return tell(before, event) if tell else (None, before)


def _move(before: CopyState, sources: frozenset[CopyStatus | None], target: CopyStatus) -> _Step:
    after = replace(before, status=target)
    if before.status in sources:
        return None, after
    return f"{target} cannot follow {before.status or 'nothing'}: an event is missing", after


def _identify(before: CopyState, event: Event) -> _Step:
    state = IdentityState(str(event.details.get("state")))
    after = replace(before, identity=state, student_id=event.details.get("student"))
    if state in IDENTITY_EDGES[before.identity]:
        return None, after
    return f"identity {state} cannot follow {before.identity}: an event is missing", after


def _finalize(before: CopyState, event: Event) -> _Step:
    if event.details.get("success") is not True:
        return _move(before, _GRADABLE, CopyStatus.GRADING_FAILED)
    problem, after = _move(before, _GRADABLE, CopyStatus.GRADED)
    final = (str(event.details.get("file")), Decimal(str(event.details.get("score"))))
    return problem, replace(after, final=final)


def _reopen(before: CopyState, _event: Event) -> _Step:
    problem, after = _move(before, frozenset({CopyStatus.GRADED}), CopyStatus.READY)
    return problem, replace(after, final=None)


def _score(before: CopyState, event: Event) -> _Step:
    if "question" not in event.details:
        told = event.details.get("version", before.appreciation + 1)
        after = replace(before, appreciation=_number(told))
        return _missing(before.appreciation, after.appreciation), after
    question = str(event.details["question"])
    if "reader" in event.details:
        question = f"{question} read by {event.details['reader']}"
    points = event.details.get("points")
    known = before.scores.get(question)
    score = Versioned(
        points=None if points is None else Decimal(str(points)),
        version=_number(event.details.get("version")),
    )
    after = replace(before, scores={**before.scores, question: score})
    return _missing(known.version if known else 0, score.version), after


def _annotate(before: CopyState, event: Event) -> _Step:
    annotation = _number(event.details.get("annotation"))
    known = before.annotations.get(annotation, 0)
    rest = {key: value for key, value in before.annotations.items() if key != annotation}
    if event.action is Action.DELETE_ANN:
        problem = None if known else "an annotation that was never made is deleted"
        return problem, replace(before, annotations=rest)
    version = _number(event.details.get("version", 1))
    return _missing(known, version), replace(before, annotations={**rest, annotation: version})


def _lock(before: CopyState, event: Event) -> _Step:
    if event.action is Action.LOCK:
        return None, replace(before, holder=event.actor)
    problem = None if before.holder else "a lock that nobody took is given back"
    return problem, replace(before, holder=None)


def _merge(before: CopyState, event: Event) -> _Step:
    """The copy went into another one, or what was written on another one went to it."""
    if "into" in event.details:
        return None, replace(before, is_gone=True)
    scores = {
        question: Versioned(
            points=None if told["points"] is None else Decimal(str(told["points"])),
            version=_number(told["version"]),
        )
        for question, told in _table(event, "scores").items()
    }
    drawn = {int(key): _number(version) for key, version in _table(event, "annotations").items()}
    return None, replace(
        before,
        scores={**before.scores, **scores},
        annotations={**before.annotations, **drawn},
        appreciation=_number(event.details.get("appreciation", before.appreciation)),
    )


def _table(event: Event, name: str) -> Mapping[str, Any]:
    found = event.details.get(name, {})
    return found if isinstance(found, Mapping) else {}


def _erase(before: CopyState, _event: Event) -> _Step:
    return None, replace(before, is_gone=True)


_TELLING: dict[Action, Callable[[CopyState, Event], _Step]] = {
    Action.IDENTIFY: _identify,
    Action.FINALIZE: _finalize,
    Action.REOPEN: _reopen,
    Action.SCORE: _score,
    Action.CREATE_ANN: _annotate,
    Action.UPDATE_ANN: _annotate,
    Action.DELETE_ANN: _annotate,
    Action.LOCK: _lock,
    Action.UNLOCK: _lock,
    Action.FORCE_UNLOCK: _lock,
    Action.ERASE: _erase,
    Action.MERGE: _merge,
}
"""What an event tells beside a plain move; the other actions change no state."""


def _missing(before: int, after: int) -> str | None:
    if after == before + 1:
        return None
    return f"version {after} cannot follow {before}: an event is missing"


def _number(value: object) -> int:
    return int(str(value))
