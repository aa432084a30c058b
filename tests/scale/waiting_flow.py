"""The flow as it is, on final PDFs that take their time; a deployment names it.

The processes of its runs wait for each other before they begin.
"""

import os
from pathlib import Path

from flows.finalize_copies import finalize_copies
from tests.scale.servers import wait_until
from tests.scale.waiting import MEETING, wait_and_compose
from viatique.steps import finalize_copies as step

__all__ = ["finalize_copies"]


def meet(folder: Path) -> None:
    """Takes a place, and returns when no place is free."""
    for place in sorted(folder.glob("free-*")):
        try:
            place.rename(folder / f"{os.getpid()}")
        except FileNotFoundError:  # somebody else took it
            continue
        break
    wait_until(lambda: not list(folder.glob("free-*")))


step.compose_copy = wait_and_compose
meet(Path(os.environ[MEETING]))
