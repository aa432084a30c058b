"""Claims: which process works on what, so that no two do the same and a dead one's work comes back.

A claim counts while its lease lasts and the claiming process holds its advisory lock; Postgres
drops that lock the moment the process is gone, so what was killed can be claimed again at once.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from threading import Lock

from viatique.db.pool import Connection, Database, answers
from viatique.errors import DatabaseUnavailable
from viatique.models import CopyId, ExamId
from viatique.run import Run

LOCK_KEY = 0x76696171_636C6169
"""Advisory lock: claims are made, and asked for, one after the other."""


class Stage(StrEnum):
    PLAN = "plan"
    CUT = "cut"
    READ = "read"
    FINALIZE = "finalize"


class Holder:
    """This process as a claimer; threads may share it.

    Attributes:
        key: positive 63-bit key of the advisory lock it holds while it lives.
        lease_s: seconds a claim lasts if the process lives on but hangs.
    """

    def __init__(self, database: Database, *, lease_s: int) -> None:
        self.key = secrets.randbits(63)
        self.lease_s = lease_s
        self._database = database
        self._session = ExitStack()
        self._connection: Connection | None = None
        self._turn = Lock()

    def keep(self) -> None:
        """Takes the lock; again, when Postgres was away and forgot it.

        Raises:
            DatabaseUnavailable: it is still away.
        """
        with self._turn:
            if self._connection is not None and answers(self._connection):
                return
            self._session.close()
            self._connection = self._session.enter_context(self._database.session())
            # not waited for: a server that has not noticed yet that the session is gone has it
            self._connection.execute("SELECT pg_try_advisory_lock(%(key)s)", {"key": self.key})

    def forget(self) -> None:
        """Gives the lock and all claims up, those of other threads too: their work is left out.

        For when it is not known what was claimed, because the database's answer was lost.
        """
        with self._turn:
            self._session.close()
            self._connection = None
            self.key = secrets.randbits(63)

    def close(self) -> None:
        """Gives the lock up; its claims are over."""
        self._session.close()


@contextmanager
def holding(database: Database, *, lease_s: int) -> Iterator[Holder]:
    """A holder for as long as the block lasts; its claims die with it."""
    holder = Holder(database, lease_s=lease_s)
    holder.keep()
    try:
        yield holder
    finally:
        holder.close()


@contextmanager
def claiming(database: Database, holder: Holder) -> Iterator[Connection]:
    """A transaction to claim in, or to count what may be; if its end is unknown, it did nothing.

    One at a time: what one looks at is locked and would be skipped by another, which would find
    nothing and take all for done.

    Raises:
        DatabaseUnavailable: it is away.
    """
    try:
        with database.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": LOCK_KEY})
            yield connection
    except DatabaseUnavailable:
        holder.forget()
        raise


@contextmanager
def given_back_on_failure(
    database: Database, *, stage: Stage, subjects: Sequence[str], holder: Holder
) -> Iterator[None]:
    """Gives claims up when the block fails: this process lives on and may try again at once."""
    try:
        yield
    except Exception:
        with suppress(DatabaseUnavailable), claiming(database, holder) as connection:
            for subject in subjects:
                release_claim(connection, stage=stage, subject=subject, holder=holder)
        raise


def claim_subjects(
    connection: Connection, *, stage: Stage, subjects: Sequence[str], holder: Holder, run: Run
) -> list[str]:
    """Claims those of the subjects that no living process has; returns them in the same order."""
    holder.keep()
    rows = connection.execute(
        """
        INSERT INTO claim (stage, subject, correlation_id, holder, expires_at)
        SELECT %(stage)s, subject, %(correlation)s, %(holder)s,
            clock_timestamp() + make_interval(secs => %(lease)s)
        FROM unnest(%(subjects)s::text[]) AS subject
        ORDER BY subject
        ON CONFLICT ON CONSTRAINT claim_pk DO UPDATE SET
            correlation_id = EXCLUDED.correlation_id,
            holder = EXCLUDED.holder,
            expires_at = EXCLUDED.expires_at
        WHERE NOT claim_is_live(claim.holder, claim.expires_at)
        RETURNING subject
        """,
        {
            "stage": stage,
            "subjects": list(subjects),
            "correlation": run.correlation_id,
            "holder": holder.key,
            "lease": holder.lease_s,
        },
    ).fetchall()
    won = {row["subject"] for row in rows}
    return [subject for subject in subjects if subject in won]


def release_claim(connection: Connection, *, stage: Stage, subject: str, holder: Holder) -> bool:
    """Gives a claim up in the transaction that stores its result.

    Returns:
        False when the claim was lost meanwhile: then the result must not be stored.
    """
    row = connection.execute(
        """
        DELETE FROM claim
        WHERE stage = %(stage)s AND subject = %(subject)s AND holder = %(holder)s
        RETURNING subject
        """,
        {"stage": stage, "subject": subject, "holder": holder.key},
    ).fetchone()
    return row is not None


def has_other_claims(
    connection: Connection, exam_id: ExamId, *, stage: Stage, holder: Holder
) -> bool:
    """Whether another living process works on copies of the exam in this stage.

    Waits for claims that are just being made: their copies are skipped by others and not seen yet.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": LOCK_KEY})
    row = connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM claim
            WHERE stage = %(stage)s AND holder <> %(holder)s
                AND claim_is_live(holder, expires_at)
                AND EXISTS (SELECT FROM copy WHERE copy_id = subject AND exam_id = %(exam)s)
        ) AS found
        """,
        {"stage": stage, "holder": holder.key, "exam": exam_id},
    ).fetchone()
    return bool(row and row["found"])


def list_uncut(connection: Connection, exam_id: ExamId, *, run: Run, limit: int) -> list[CopyId]:
    """Copies planned but not cut, claimed by no living process, not failed for good in this run."""
    rows = connection.execute(
        """
        SELECT copy_id FROM copy
        WHERE exam_id = %(exam)s AND file_sha256 IS NULL
            AND (error_run IS DISTINCT FROM %(correlation)s OR NOT error_is_final)
            AND NOT EXISTS (
                SELECT FROM claim WHERE stage = 'cut' AND subject = copy.copy_id
                    AND claim_is_live(claim.holder, claim.expires_at)
            )
        ORDER BY number LIMIT %(limit)s FOR UPDATE OF copy SKIP LOCKED
        """,
        {"exam": exam_id, "correlation": run.correlation_id, "limit": limit},
    ).fetchall()
    return [CopyId(row["copy_id"]) for row in rows]


def list_unread(connection: Connection, exam_id: ExamId, limit: int) -> list[CopyId]:
    """Cut copies whose header was not read yet and claimed by no living process."""
    rows = connection.execute(
        """
        SELECT copy_id FROM copy
        WHERE exam_id = %(exam)s AND file_sha256 IS NOT NULL
            AND NOT EXISTS (SELECT FROM header_reading WHERE copy_id = copy.copy_id)
            AND NOT EXISTS (
                SELECT FROM claim WHERE stage = 'read' AND subject = copy.copy_id
                    AND claim_is_live(claim.holder, claim.expires_at)
            )
        ORDER BY number LIMIT %(limit)s FOR UPDATE OF copy SKIP LOCKED
        """,
        {"exam": exam_id, "limit": limit},
    ).fetchall()
    return [CopyId(row["copy_id"]) for row in rows]


def list_gradable(
    connection: Connection, exam_id: ExamId, *, leaves: Sequence[str], run: Run, limit: int
) -> list[CopyId]:
    """Copies that may be finalized now: complete marks, nobody marking, not failed in this run.

    A copy left GRADING_IN_PROGRESS by a process that died is one of them. What the first statement
    finds is locked; the second looks again, because a marker may have come in between.
    """
    arguments = {
        "exam": exam_id,
        "leaves": list(leaves),
        "correlation": run.correlation_id,
        "limit": limit,
    }
    rows = connection.execute(
        """
        SELECT copy_id FROM copy
        WHERE exam_id = %(exam)s
            AND status IN ('READY', 'GRADING_FAILED', 'GRADING_IN_PROGRESS')
            AND (error_run IS DISTINCT FROM %(correlation)s OR NOT error_is_final)
            AND NOT copy_is_held(copy_id)
            AND NOT EXISTS (
                SELECT FROM unnest(%(leaves)s::text[]) AS leaf WHERE NOT EXISTS (
                    SELECT FROM mark
                    WHERE copy_id = copy.copy_id AND question = leaf AND points IS NOT NULL
                )
            )
            AND NOT EXISTS (
                SELECT FROM claim WHERE stage = 'finalize' AND subject = copy.copy_id
                    AND claim_is_live(claim.holder, claim.expires_at)
            )
        ORDER BY number LIMIT %(limit)s FOR UPDATE OF copy SKIP LOCKED
        """,
        arguments,
    ).fetchall()
    rows = connection.execute(
        """
        SELECT copy_id FROM copy
        WHERE copy_id = ANY(%(found)s) AND NOT copy_is_held(copy_id)
            AND NOT EXISTS (
                SELECT FROM unnest(%(leaves)s::text[]) AS leaf WHERE NOT EXISTS (
                    SELECT FROM mark
                    WHERE copy_id = copy.copy_id AND question = leaf AND points IS NOT NULL
                )
            )
        ORDER BY number
        """,
        {**arguments, "found": [row["copy_id"] for row in rows]},
    ).fetchall()
    return [CopyId(row["copy_id"]) for row in rows]
