"""What a step says of the copies it took, for the loop that calls it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """What became of a copy whose work failed."""

    LOST = "lost"
    """Another run took it over, or it was erased: no failure of this run's."""
    SETTLED = "settled"
    RETRYABLE = "retryable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkOutcome:
    """One chunk of copies.

    Attributes:
        claimed: copies taken; 0 means nothing is left to take.
        failed: of these, copies with an error a person or a later run must deal with.
        retryable: of these, copies whose error may pass if the chunk is run again.
    """

    claimed: int
    failed: int = 0
    retryable: int = 0


def chunk_outcome(claimed: int, failures: Iterable[Failure]) -> ChunkOutcome:
    """The outcome of a chunk in which these failed."""
    kept = [failure for failure in failures if failure is not Failure.LOST]
    return ChunkOutcome(claimed=claimed, failed=len(kept), retryable=kept.count(Failure.RETRYABLE))
