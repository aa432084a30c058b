"""What a step works with: database, files, worker processes. Opened once, at a process's edge."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from viatique import logs
from viatique.db.claims import Holder, holding
from viatique.db.migrate import migrate
from viatique.db.pool import Database
from viatique.db.roles import DatabaseRole, ensure_roles
from viatique.files import Store
from viatique.seal_files import seal_files_of
from viatique.services.local import ensure, make_home
from viatique.settings import Settings
from viatique.tracing import configure_tracing
from viatique.unfinished import sweep
from viatique.workers import WorkerPool, worker_pool

logger = logging.getLogger("viatique")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """Open connections and processes of this process; values and ids go through them."""

    settings: Settings
    database: Database
    store: Store
    pool: WorkerPool
    holder: Holder
    owner: Database
    """The same database by the role that owns the tables: for maintenance, never for flows."""
    sealer: Database
    """The same database by the role that may add seals."""

    @property
    def has_roles(self) -> bool:
        """Whether work is done by a role that may only add to the audit trail."""
        return self.database.dsn != self.owner.dsn

    @property
    def models_folder(self) -> Path:
        """Where the OCR model folders are laid out."""
        return self.settings.home_path / "models"

    def passing_folder(self) -> Path:
        """Where files lie that come in or go out, no longer than that takes."""
        folder = self.settings.home_path / "passing"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def silent(message: str) -> None:
    """Tells nobody: for processes that nobody watches."""


@contextmanager
def open_workbench(
    settings: Settings, *, on_progress: Callable[[str], None] = silent
) -> Iterator[Workbench]:
    """A workbench for as long as the block lasts, on a database of the present schema.

    Starts the local services when they are needed and not there.

    Raises:
        ServiceUnavailable: the database could not be started.
        DatabaseUnavailable: the database of DATABASE_URL does not answer.
    """
    home = settings.home_path
    make_home(home)
    logs.configure_logging(home / "logs", settings.log_format)
    configure_tracing()
    with ExitStack() as stack:
        services = stack.enter_context(ensure(settings, prefect=False, on_progress=on_progress))
        owner = _opened(stack, services.database_dsn)
        migrate(owner)
        roles = ensure_roles(owner.dsn)
        if roles is None:
            logger.warning("database_roles_missing")
        database = _opened(stack, roles[DatabaseRole.WRITER]) if roles else owner
        sealer = _opened(stack, roles[DatabaseRole.SEALER], max_size=2) if roles else owner
        holder = stack.enter_context(holding(database, lease_s=settings.lease_s))
        pool = stack.enter_context(
            worker_pool(
                settings.processes, log_folder=home / "logs", log_format=settings.log_format
            )
        )
        store = Store(settings.store_url or str(home / "store"))
        store.sweep()
        sweep(seal_files_of(settings).folder)
        yield Workbench(
            settings=settings,
            database=database,
            store=store,
            pool=pool,
            holder=holder,
            owner=owner,
            sealer=sealer,
        )


def _opened(stack: ExitStack, dsn: str, *, max_size: int = 8) -> Database:
    database = Database(dsn, max_size=max_size).open()
    stack.callback(database.close)
    return database
