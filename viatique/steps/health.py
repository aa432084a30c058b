"""Whether this installation can work: database, file store and Prefect are asked, now."""

import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from viatique.db.pool import Database
from viatique.errors import ViatiqueError
from viatique.files import Store
from viatique.logs import severity

logger = logging.getLogger("viatique.health")

TIMEOUT_S = 3.0
"""Who asks whether we are ready does not wait for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is asked.

    Attributes:
        prefect_api_url: where Prefect is now; None from it means that nobody needs Prefect here.
    """

    database: Database
    store: Store
    prefect_api_url: Callable[[], str | None]

    def check(self) -> dict[str, bool]:
        """Which part can be used now; a part that cannot is logged."""
        found = {
            "database": _works(lambda: self.database.ping(timeout_s=TIMEOUT_S)),
            "store": _works(self.store.probe),
        }
        url = self.prefect_api_url()
        return found if url is None else {**found, "prefect": prefect_answers(url)}


def prefect_answers(api_url: str) -> bool:
    """Whether a Prefect server says at this address that it is healthy."""
    try:
        with urllib.request.urlopen(f"{api_url}/health", timeout=TIMEOUT_S) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError) as error:
        logger.warning("prefect_unreachable", exc_info=error)
        return False


def _works(probe: Callable[[], None]) -> bool:
    try:
        probe()
    except ViatiqueError as error:
        logger.log(severity(error), "not_ready", exc_info=error)
        return False
    return True
