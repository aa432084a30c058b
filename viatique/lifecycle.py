"""The two lives of a copy: its status and its identity. The only table of legal moves.

A Postgres enum mirrors each state set and ``viatique.db.copies`` executes the moves; a test
compares them. LOCKED is not a status: a copy is locked while a lock row has not expired.
"""

from dataclasses import dataclass
from enum import StrEnum

from viatique.models import IdentityState


class CopyStatus(StrEnum):
    STAGING = "STAGING"
    QUARANTINE = "QUARANTINE"
    READY = "READY"
    GRADING_IN_PROGRESS = "GRADING_IN_PROGRESS"
    GRADED = "GRADED"
    GRADING_FAILED = "GRADING_FAILED"


class Action(StrEnum):
    """What an audit event says was done."""

    CREATE_EXAM = "CREATE_EXAM"
    RECEIVE = "RECEIVE"
    ROSTER = "ROSTER"
    IMPORT = "IMPORT"
    QUARANTINE = "QUARANTINE"
    VALIDATE = "VALIDATE"
    ARRANGE = "ARRANGE"
    ASK_RESCAN = "ASK_RESCAN"
    IDENTIFY = "IDENTIFY"
    MERGE = "MERGE"
    LOCK = "LOCK"
    UNLOCK = "UNLOCK"
    FORCE_UNLOCK = "FORCE_UNLOCK"
    CREATE_ANN = "CREATE_ANN"
    UPDATE_ANN = "UPDATE_ANN"
    DELETE_ANN = "DELETE_ANN"
    KEEP_COMMENT = "KEEP_COMMENT"
    DROP_COMMENT = "DROP_COMMENT"
    SCORE = "SCORE"
    FINALIZE = "FINALIZE"
    REOPEN = "REOPEN"
    EXPORT = "EXPORT"
    DISPATCH = "DISPATCH"
    RELEASE = "RELEASE"
    VIEW_IDENTITY = "VIEW_IDENTITY"
    DOWNLOAD = "DOWNLOAD"
    ERASE = "ERASE"
    RESET_METRICS = "RESET_METRICS"
    ACCOUNT = "ACCOUNT"


class LockConflict(StrEnum):
    """Why a marker's lock or write is refused; the label conflicts are counted by."""

    MISSING = "missing"
    EXPIRED = "expired"
    OWNER_MISMATCH = "owner_mismatch"
    TOKEN_MISMATCH = "token_mismatch"  # noqa: S105  # a name, no secret
    ALREADY_LOCKED = "already_locked"
    ALREADY_GRADED = "already_graded"
    STALE_VERSION = "stale_version"


class UnlockReason(StrEnum):
    """Why a coordinator takes a lock away: a code, because the audit trail holds no free text."""

    MARKER_ABSENT = "marker_absent"
    REASSIGNED = "reassigned"
    MISTAKE = "mistake"
    FINALIZE = "finalize"


class ReopenReason(StrEnum):
    """Why a coordinator takes a finalized copy back: a code, as ``UnlockReason`` is."""

    MARKING_ERROR = "marking_error"
    APPEAL = "appeal"
    MISTAKE = "mistake"


class Move(StrEnum):
    """A named edge of the copy's life; the name says who does it and how it ended."""

    IMPORT = "import"
    QUARANTINE = "quarantine"
    VALIDATE = "validate"
    START_GRADING = "start_grading"
    FINISH_GRADING = "finish_grading"
    FAIL_GRADING = "fail_grading"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From which statuses a move leads where, and the audit event it leaves.

    Attributes:
        sources: statuses it may start from; empty = the copy does not exist yet.
        action: None for START_GRADING, which is a claim with a lease, not a change people see.
    """

    sources: frozenset[CopyStatus]
    target: CopyStatus
    action: Action | None


EDGES: dict[Move, Edge] = {
    Move.IMPORT: Edge(sources=frozenset(), target=CopyStatus.STAGING, action=Action.IMPORT),
    Move.QUARANTINE: Edge(
        sources=frozenset({CopyStatus.STAGING}),
        target=CopyStatus.QUARANTINE,
        action=Action.QUARANTINE,
    ),
    Move.VALIDATE: Edge(
        sources=frozenset({CopyStatus.STAGING, CopyStatus.QUARANTINE}),
        target=CopyStatus.READY,
        action=Action.VALIDATE,
    ),
    Move.START_GRADING: Edge(
        sources=frozenset({CopyStatus.READY, CopyStatus.GRADING_FAILED}),
        target=CopyStatus.GRADING_IN_PROGRESS,
        action=None,
    ),
    Move.FINISH_GRADING: Edge(
        sources=frozenset({CopyStatus.GRADING_IN_PROGRESS}),
        target=CopyStatus.GRADED,
        action=Action.FINALIZE,
    ),
    Move.FAIL_GRADING: Edge(
        sources=frozenset({CopyStatus.GRADING_IN_PROGRESS}),
        target=CopyStatus.GRADING_FAILED,
        action=Action.FINALIZE,
    ),
    Move.REOPEN: Edge(
        sources=frozenset({CopyStatus.GRADED}), target=CopyStatus.READY, action=Action.REOPEN
    ),
}

IDENTITY_EDGES: dict[IdentityState, frozenset[IdentityState]] = {
    IdentityState.PENDING: frozenset(
        {IdentityState.AUTO, IdentityState.REVIEW, IdentityState.CONFIRMED, IdentityState.UNKNOWN}
    ),
    IdentityState.AUTO: frozenset(
        {IdentityState.AUTO, IdentityState.REVIEW, IdentityState.CONFIRMED, IdentityState.UNKNOWN}
    ),
    IdentityState.REVIEW: frozenset(
        {IdentityState.AUTO, IdentityState.REVIEW, IdentityState.CONFIRMED, IdentityState.UNKNOWN}
    ),
    IdentityState.CONFIRMED: frozenset(
        {IdentityState.REVIEW, IdentityState.CONFIRMED, IdentityState.UNKNOWN}
    ),
    IdentityState.UNKNOWN: frozenset(
        {IdentityState.REVIEW, IdentityState.CONFIRMED, IdentityState.UNKNOWN}
    ),
}
"""From which identity state which others follow: a machine never overrules a person, who
may take an answer back."""

MARKABLE = frozenset({CopyStatus.READY, CopyStatus.GRADING_FAILED})
"""Statuses in which marks and annotations may change."""
