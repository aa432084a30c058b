"""What the audit trail says must be what the tables say: histories are replayed and compared.

Pure: events in, findings out. It knows the life cycle and nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from viatique.lifecycle import IDENTITY_EDGES, Action, CopyStatus
from viatique.models import CopyId, IdentityState


class Told(NamedTuple):
    """The part of an audit event that a replay needs; a tuple, because there are millions.

    Attributes:
        action: the value of an ``Action``.
    """

    event_id: int
    copy_id: str
    action: str
    actor: str
    details: Mapping[str, Any]


class Versioned(NamedTuple):
    """A score as its latest event tells it, or as it is stored."""

    points: Decimal | None
    version: int


@dataclass(slots=True, kw_only=True)
class CopyState:
    """Where a history leads, or what the tables say of a copy; a replay changes it in place.

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
    scores: dict[str, Versioned] = field(default_factory=dict)
    appreciation: int = 0
    annotations: dict[int, int] = field(default_factory=dict)
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


_GRADABLE: frozenset[CopyStatus | None] = frozenset({CopyStatus.READY, CopyStatus.GRADING_FAILED})
_BEGINNINGS = frozenset({Action.IMPORT, Action.QUARANTINE})
_MARKING = frozenset({Action.SCORE, Action.CREATE_ANN, Action.UPDATE_ANN, Action.DELETE_ANN})


def check_histories(
    events: Iterable[Told], states: Mapping[CopyId, CopyState]
) -> Iterator[Finding]:
    """Everything in which the histories of copies and their stored states disagree.

    Args:
        events: of all copies of an exam, in the order of their ids.
        states: of all copies it has; a copy that is not there is gone.
    """
    replayed: dict[str, CopyState] = {}
    for event in events:
        state = replayed.get(event.copy_id)
        if state is None:
            state = replayed[event.copy_id] = CopyState()
        problem = _step(state, event)
        if problem:
            yield Finding(copy_id=event.copy_id, event_id=event.event_id, message=problem)
    for copy_id in sorted(replayed.keys() | states.keys()):
        told, state = replayed.get(copy_id) or CopyState(), states.get(CopyId(copy_id))
        if told != state:
            for message in _differences(told, state):
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


def _step(state: CopyState, event: Told) -> str | None:
    """Lets the event happen; returns what is wrong with it there."""
    if state.is_gone:
        return "it happened after the copy was erased or merged"
    tell, before = _TELLING.get(event.action), state.status
    try:
        problem = tell(state, event) if tell else None
    except (ValueError, ArithmeticError, AttributeError, TypeError):
        problem = f"its details cannot be those of {event.action}"
    if before is None and event.action not in _BEGINNINGS:
        return "it happened before the copy was imported"
    if event.action in _MARKING and before not in _GRADABLE:
        return f"a copy that is {before} was marked"
    return problem


def _moves(
    sources: frozenset[CopyStatus | None], target: CopyStatus
) -> Callable[[CopyState, Told], str | None]:
    return lambda state, _event: _move(state, sources, target)


def _move(
    state: CopyState, sources: frozenset[CopyStatus | None], target: CopyStatus
) -> str | None:
    before, state.status = state.status, target
    if before in sources:
        return None
    return f"{target} cannot follow {before or 'nothing'}: an event is missing"


def _identify(state: CopyState, event: Told) -> str | None:
    before, told = state.identity, IdentityState(str(event.details.get("state")))
    state.identity, state.student_id = told, event.details.get("student")
    if told in IDENTITY_EDGES[before]:
        return None
    return f"identity {told} cannot follow {before}: an event is missing"


def _finalize(state: CopyState, event: Told) -> str | None:
    if event.details.get("success") is not True:
        return _move(state, _GRADABLE, CopyStatus.GRADING_FAILED)
    state.final = (str(event.details.get("file")), _decimal(event.details.get("score")))
    return _move(state, _GRADABLE, CopyStatus.GRADED)


def _reopen(state: CopyState, _event: Told) -> str | None:
    state.final = None
    return _move(state, frozenset({CopyStatus.GRADED}), CopyStatus.READY)


def _score(state: CopyState, event: Told) -> str | None:
    if "question" not in event.details:
        known = state.appreciation
        state.appreciation = _number(event.details.get("version", known + 1))
        return _missing(known, state.appreciation)
    question = str(event.details["question"])
    if "reader" in event.details:
        question = f"{question} read by {event.details['reader']}"
    known = state.scores.get(question)
    state.scores[question] = score = _versioned(event.details)
    return _missing(known.version if known else 0, score.version)


def _annotate(state: CopyState, event: Told) -> str | None:
    annotation = _number(event.details.get("annotation"))
    version = _number(event.details.get("version", 1))
    known = state.annotations.get(annotation, 0)
    state.annotations[annotation] = version
    return _missing(known, version)


def _delete_annotation(state: CopyState, event: Told) -> str | None:
    known = state.annotations.pop(_number(event.details.get("annotation")), None)
    return None if known else "an annotation that was never made is deleted"


def _lock(state: CopyState, event: Told) -> str | None:
    state.holder = event.actor
    return None


def _unlock(state: CopyState, _event: Told) -> str | None:
    before, state.holder = state.holder, None
    return None if before else "a lock that nobody took is given back"


def _merge(state: CopyState, event: Told) -> str | None:
    """The copy went into another one, or what was written on another one went to it."""
    if "into" in event.details:
        state.is_gone = True
        return None
    scores = {question: _versioned(told) for question, told in _table(event, "scores").items()}
    drawn = {int(key): _number(version) for key, version in _table(event, "annotations").items()}
    state.appreciation = _number(event.details.get("appreciation", state.appreciation))
    state.scores |= scores
    state.annotations |= drawn
    return None


def _table(event: Told, name: str) -> Mapping[str, Any]:
    found = event.details.get(name, {})
    return found if isinstance(found, Mapping) else {}


def _versioned(told: Mapping[str, Any]) -> Versioned:
    points = told.get("points")
    version = _number(told.get("version"))
    return Versioned(None if points is None else _decimal(points), version)


def _erase(state: CopyState, _event: Told) -> str | None:
    state.is_gone = True
    return None


_TELLING: dict[str, Callable[[CopyState, Told], str | None]] = {
    Action.IMPORT: _moves(frozenset({None}), CopyStatus.STAGING),
    Action.QUARANTINE: _moves(frozenset({None, CopyStatus.STAGING}), CopyStatus.QUARANTINE),
    Action.VALIDATE: _moves(
        frozenset({CopyStatus.STAGING, CopyStatus.QUARANTINE}), CopyStatus.READY
    ),
    Action.IDENTIFY: _identify,
    Action.FINALIZE: _finalize,
    Action.REOPEN: _reopen,
    Action.SCORE: _score,
    Action.CREATE_ANN: _annotate,
    Action.UPDATE_ANN: _annotate,
    Action.DELETE_ANN: _delete_annotation,
    Action.LOCK: _lock,
    Action.UNLOCK: _unlock,
    Action.FORCE_UNLOCK: _unlock,
    Action.ERASE: _erase,
    Action.MERGE: _merge,
}
"""What events do to a copy; the other actions change no state."""


def _missing(before: int, after: int) -> str | None:
    if after == before + 1:
        return None
    return f"version {after} cannot follow {before}: an event is missing"


def _number(value: object) -> int:
    return int(str(value))


def _decimal(value: object) -> Decimal:
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError
    return found
