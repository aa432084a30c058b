"""Markers, and copies they may mark, laid into a test's database."""

from tests.db.stored import RUN, store_copies, store_exam
from viatique.access import Role
from viatique.db import accounts, copies, locks
from viatique.db.audit import list_events_of_copy
from viatique.db.locks import Hold, Lock
from viatique.db.pool import Database
from viatique.lifecycle import Action, Move
from viatique.models import Annotation, AnnotationKind, CopyId, Rect, Sha256
from viatique.run import Run
from viatique.steps.locks import acquire

NO_FILE = Sha256("f" * 64)
"""Of copies whose pages nobody looks at."""
TTL_S = 600
NOTE = Annotation(
    page=1, rect=Rect(x0=0.1, y0=0.2, x1=0.3, y1=0.4), kind=AnnotationKind.COMMENT, text="Oui"
)


def store_account(database: Database, account_id: str, role: Role = Role.MARKER) -> Run:
    """What the account does is done under this run."""
    with database.transaction() as connection:
        accounts.insert_account(
            connection,
            account_id=account_id,
            login=account_id.lower(),
            role=role,
            password_hash="x",  # noqa: S106
            run=RUN,
        )
    return Run(correlation_id=f"request-of-{account_id}", actor=account_id)


def store_ready(database: Database, count: int = 1, *, file: Sha256 = NO_FILE) -> list[CopyId]:
    """Copies of two pages that may be marked, of an exam of their own."""
    copy_ids = store_copies(database, store_exam(database), count)
    with database.transaction() as connection:
        connection.execute(
            "UPDATE copy SET file_sha256 = %(file)s WHERE copy_id = ANY(%(copies)s)",
            {"file": file, "copies": copy_ids},
        )
        for copy_id in copy_ids:
            copies.move_copy(connection, copy_id, Move.VALIDATE, run=RUN)
    return copy_ids


def hold_of(lock: object) -> Hold:
    assert isinstance(lock, Lock)
    return Hold(copy_id=lock.copy_id, token=lock.token)


def take(database: Database, run: Run, copy_id: CopyId) -> Hold:
    return hold_of(acquire(database, run, copy_id, ttl_s=TTL_S))


def expire(database: Database, copy_id: CopyId) -> None:
    """The lock's time has passed."""
    with database.transaction() as connection:
        connection.execute(
            "UPDATE copy_lock SET expires_at = now() - interval '1 s' WHERE copy_id = %(copy)s",
            {"copy": copy_id},
        )


def move(database: Database, copy_id: CopyId, *moves: Move) -> None:
    with database.transaction() as connection:
        for each in moves:
            copies.move_copy(connection, copy_id, each, run=RUN)


def actions_of(database: Database, copy_id: CopyId) -> list[Action]:
    """What was done to the copy since it could be marked."""
    with database.transaction() as connection:
        return [event.action for event in list_events_of_copy(connection, copy_id)][2:]


def count_conflicts(database: Database) -> dict[str, int]:
    """How often each conflict was counted."""
    with database.transaction() as connection:
        rows = connection.execute(
            """
            SELECT labels ->> 'conflict_type' AS conflict, count(*)::int AS times FROM observation
            WHERE metric = 'grading_lock_conflicts_total' GROUP BY 1
            """
        ).fetchall()
    return {row["conflict"]: row["times"] for row in rows}


def is_held(database: Database, copy_id: CopyId) -> bool:
    with database.transaction() as connection:
        return locks.find_lock(connection, copy_id) is not None
