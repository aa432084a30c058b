"""What a step says of the copies it took, for the loop that calls it again."""

from dataclasses import dataclass


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
