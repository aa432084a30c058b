"""Who does something, under which correlation id: passed to each step, stored with each change."""

import uuid
from dataclasses import dataclass

SYSTEM = "system"
"""Actor of what no person did: the flows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a flow (its Prefect flow-run id) or of a command without Prefect (a new UUID)."""

    correlation_id: str
    actor: str = SYSTEM


def new_run(actor: str = SYSTEM) -> Run:
    """A run that Prefect knows nothing of."""
    return Run(correlation_id=str(uuid.uuid4()), actor=actor)
