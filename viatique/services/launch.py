"""Commands started as processes of their own: work that outlives the request that asked for it."""

import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

COMMAND = (sys.executable, "-m", "viatique.cli")


class Launcher:
    """Starts ``viatique`` commands, one of a kind at a time; what they do is in the log.

    Args:
        environment: of the commands.
        options: put behind every command's arguments.
    """

    def __init__(self, environment: Mapping[str, str], *, options: Sequence[str] = ()) -> None:
        self._environment = dict(environment)
        self._options = tuple(options)
        self._running: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}
        self._guard = threading.Lock()

    def start(self, *arguments: str) -> bool:
        """Starts the command; False when the same one, started here, still runs."""
        with self._guard:
            if self._runs(arguments):
                return False
            self._running[arguments] = subprocess.Popen(  # noqa: S603  # our own program, no shell
                [*COMMAND, *arguments, *self._options],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            return True

    def is_running(self, *arguments: str) -> bool:
        """Whether the command, started here, still runs."""
        with self._guard:
            return self._runs(arguments)

    def _runs(self, arguments: tuple[str, ...]) -> bool:
        child = self._running.get(arguments)
        return child is not None and child.poll() is None
