"""The process that stops a home's services when nobody has used them for the idle time.

It holds nothing and knows nothing that the next command could not find without it.
"""

import sys
import time
from pathlib import Path

from viatique.services.local import last_used, living_users, start_lock, stop_all

LONGEST_PAUSE_S = 5.0


def keep(home: Path, idle_s: float) -> None:
    """Returns when the services were stopped, or the home is gone."""
    last = time.time()
    while (home / "run").exists():
        if living_users(home):
            last = time.time()
        last = max(last, last_used(home))
        if time.time() - last > idle_s and _stop_if_unused(home):
            return
        time.sleep(min(LONGEST_PAUSE_S, idle_s / 4))


def _stop_if_unused(home: Path) -> bool:
    with start_lock(home):
        if living_users(home):
            return False
        stop_all(home)
        return True


if __name__ == "__main__":
    keep(Path(sys.argv[1]), float(sys.argv[2]))
