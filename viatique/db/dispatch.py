"""How an exam is shared out, to whom what is assigned, and what of it is left to mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg.types.json import Jsonb

from viatique.access import Role
from viatique.db.pool import Connection
from viatique.lifecycle import CopyStatus
from viatique.marking.dispatch import Slot
from viatique.models import CopyId, ExamId
from viatique.run import Run

PartLeaves = Sequence[tuple[str, str]]
"""Pairs of a part and a question in it, as ``viatique.marking.dispatch.part_leaves`` gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How an exam is shared out; ``tolerance``: points two readings of a question may differ by."""

    is_by_question: bool = False
    readings: int = 1
    tolerance: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What an account has to do with a copy.

    Attributes:
        role: None when there is no such account: then it is the program itself.
        mode: None when the exam is not dispatched.
        parts: what of the copy is assigned to the account.
        is_holder: the account holds the copy now, and may end what it began.
    """

    role: Role | None = None
    mode: Mode | None = None
    parts: tuple[str, ...] = ()
    is_holder: bool = False

    @property
    def is_outsider(self) -> bool:
        """Whether the copy is other markers' work."""
        is_assigned = self.is_holder or bool(self.parts)
        return self.role is Role.MARKER and self.mode is not None and not is_assigned

    @property
    def is_blind(self) -> bool:
        """Whether what the account gives is one of two readings."""
        return self.mode is not None and self.mode.readings > 1 and bool(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedCopy:
    """A copy of a marker; ``left``: questions still to mark."""

    copy_id: CopyId
    number: int
    status: CopyStatus
    parts: tuple[str, ...]
    left: int
    is_locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCopy:
    """A copy to be marked; ``begun_by``: who has it now, or marked on it last."""

    is_touched: bool
    begun_by: str | None


def lock_for_dispatch(connection: Connection, exam_id: ExamId) -> None:
    """Keeps other dispatchers and all markers waiting until the commit, in one order."""
    connection.execute(
        "SELECT exam_id FROM exam WHERE exam_id = %(exam)s FOR NO KEY UPDATE", {"exam": exam_id}
    )
    connection.execute(
        """
        SELECT copy_id FROM copy WHERE exam_id = %(exam)s AND status = 'READY'
        ORDER BY copy_id FOR NO KEY UPDATE
        """,
        {"exam": exam_id},
    )


def find_mode(connection: Connection, exam_id: ExamId) -> Mode | None:
    """How the exam is shared out, None when it is not."""
    row = connection.execute(
        "SELECT is_by_question, readings, tolerance FROM dispatch WHERE exam_id = %(exam)s",
        {"exam": exam_id},
    ).fetchone()
    return Mode(**row) if row else None


def put_mode(connection: Connection, exam_id: ExamId, mode: Mode, *, run: Run) -> None:
    """Stores how the exam is shared out, with a DISPATCH event unless it was so already."""
    connection.execute(
        """
        WITH put AS (
            INSERT INTO dispatch (exam_id, is_by_question, readings, tolerance)
            VALUES (%(exam)s, %(by_question)s, %(readings)s, %(tolerance)s)
            ON CONFLICT ON CONSTRAINT dispatch_pk DO UPDATE SET
                is_by_question = EXCLUDED.is_by_question, readings = EXCLUDED.readings,
                tolerance = EXCLUDED.tolerance
            WHERE (dispatch.is_by_question, dispatch.readings, dispatch.tolerance)
                <> (EXCLUDED.is_by_question, EXCLUDED.readings, EXCLUDED.tolerance)
            RETURNING exam_id
        )
        INSERT INTO audit_event (action, exam_id, actor, correlation_id, details)
        SELECT 'DISPATCH', exam_id, %(actor)s, %(correlation)s, %(details)s FROM put
        """,
        {
            "exam": exam_id,
            "by_question": mode.is_by_question,
            "readings": mode.readings,
            "tolerance": mode.tolerance,
            "actor": run.actor,
            "correlation": run.correlation_id,
            "details": Jsonb(
                {
                    "by_question": mode.is_by_question,
                    "readings": mode.readings,
                    "tolerance": str(mode.tolerance),
                }
            ),
        },
    )


def list_ready(
    connection: Connection, exam_id: ExamId, leaves: Sequence[str]
) -> dict[CopyId, ReadyCopy]:
    """READY copies whose marks are not complete, in order."""
    rows = connection.execute(
        """
        SELECT copy_id, copy_is_touched(copy_id) AS is_touched, coalesce(
            (
                SELECT account_id FROM copy_lock
                WHERE copy_id = copy.copy_id AND expires_at > clock_timestamp()
            ),
            (
                SELECT marker FROM mark WHERE copy_id = copy.copy_id
                ORDER BY updated_at DESC LIMIT 1
            ),
            (
                SELECT account_id FROM draft WHERE copy_id = copy.copy_id
                ORDER BY updated_at DESC LIMIT 1
            )
        ) AS begun_by
        FROM copy
        WHERE exam_id = %(exam)s AND status = 'READY' AND EXISTS (
            SELECT FROM unnest(%(leaves)s::text[]) AS leaf WHERE NOT EXISTS (
                SELECT FROM mark
                WHERE copy_id = copy.copy_id AND question = leaf AND points IS NOT NULL
            )
        )
        ORDER BY number
        """,
        {"exam": exam_id, "leaves": list(leaves)},
    ).fetchall()
    return {
        CopyId(row["copy_id"]): ReadyCopy(is_touched=row["is_touched"], begun_by=row["begun_by"])
        for row in rows
    }


def list_assignments(connection: Connection, exam_id: ExamId) -> dict[Slot, str]:
    """Who has what of the exam."""
    rows = connection.execute(
        """
        SELECT assignment.copy_id, part, reading, account_id
        FROM assignment JOIN copy USING (copy_id)
        WHERE exam_id = %(exam)s ORDER BY number, part, reading
        """,
        {"exam": exam_id},
    ).fetchall()
    return {
        Slot(copy_id=CopyId(row["copy_id"]), part=row["part"], reading=row["reading"]): row[
            "account_id"
        ]
        for row in rows
    }


def count_loads(connection: Connection, exam_id: ExamId) -> dict[str, int]:
    """How many parts of copies each account has of the exam."""
    rows = connection.execute(
        """
        SELECT account_id, count(*) AS parts FROM assignment JOIN copy USING (copy_id)
        WHERE exam_id = %(exam)s GROUP BY account_id ORDER BY account_id
        """,
        {"exam": exam_id},
    ).fetchall()
    return {row["account_id"]: row["parts"] for row in rows}


def put_assignments(
    connection: Connection, exam_id: ExamId, changes: Mapping[Slot, str], *, run: Run
) -> None:
    """Gives each slot to its account, with a DISPATCH event that tells who had it before."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            WITH before AS (
                SELECT account_id FROM assignment
                WHERE copy_id = %(copy)s AND part = %(part)s AND reading = %(reading)s
            ), put AS (
                INSERT INTO assignment (copy_id, part, reading, account_id)
                VALUES (%(copy)s, %(part)s, %(reading)s, %(account)s)
                ON CONFLICT ON CONSTRAINT assignment_pk DO UPDATE SET
                    account_id = EXCLUDED.account_id, assigned_at = now()
                RETURNING copy_id
            )
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'DISPATCH', %(exam)s, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('part', %(part)s::text, 'reading', %(reading)s::int,
                    'account', %(account)s::text, 'before', (SELECT account_id FROM before))
            FROM put
            """,
            [
                {
                    "exam": exam_id,
                    "copy": slot.copy_id,
                    "part": slot.part,
                    "reading": slot.reading,
                    "account": account,
                    "actor": run.actor,
                    "correlation": run.correlation_id,
                }
                for slot, account in changes.items()
            ],
        )


def delete_assignments(connection: Connection, exam_id: ExamId, *, run: Run) -> None:
    """Takes all back, with a DISPATCH event for each."""
    connection.execute(
        """
        WITH gone AS (
            DELETE FROM assignment USING copy
            WHERE copy.copy_id = assignment.copy_id AND exam_id = %(exam)s
            RETURNING assignment.copy_id, part, reading, account_id
        )
        INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
        SELECT 'DISPATCH', %(exam)s, copy_id, %(actor)s, %(correlation)s,
            jsonb_build_object('part', part, 'reading', reading, 'account', NULL,
                'before', account_id)
        FROM gone
        """,
        {"exam": exam_id, "actor": run.actor, "correlation": run.correlation_id},
    )


def find_duty(connection: Connection, copy_id: CopyId, account_id: str) -> Duty:
    """What the account has to do with the copy."""
    row = connection.execute(
        """
        SELECT (SELECT role FROM account WHERE account_id = %(account)s) AS role,
            dispatch.exam_id, is_by_question, readings, tolerance,
            EXISTS (
                SELECT FROM copy_lock
                WHERE copy_lock.copy_id = %(copy)s AND account_id = %(account)s
                    AND expires_at > clock_timestamp()
            ) AS is_holder,
            ARRAY(
                SELECT part FROM assignment
                WHERE copy_id = %(copy)s AND account_id = %(account)s ORDER BY part
            ) AS parts
        FROM copy LEFT JOIN dispatch USING (exam_id) WHERE copy_id = %(copy)s
        """,
        {"copy": copy_id, "account": account_id},
    ).fetchone()
    if row is None:
        return Duty()
    mode = Mode(
        is_by_question=row["is_by_question"],
        readings=row["readings"],
        tolerance=row["tolerance"],
    )
    return Duty(
        role=Role(row["role"]) if row["role"] else None,
        mode=mode if row["exam_id"] else None,
        parts=tuple(row["parts"]),
        is_holder=row["is_holder"],
    )


def list_copies_of_account(
    connection: Connection,
    exam_id: ExamId,
    account_id: str,
    part_leaves: PartLeaves,
    *,
    after: int,
    limit: int,
) -> tuple[AssignedCopy, ...]:
    """What is assigned to the account, from the copy after number ``after`` on."""
    rows = connection.execute(
        """
        SELECT copy_id, number, status, copy_is_held(copy_id) AS is_locked,
            questions_left(copy_id, %(account)s, %(parts)s, %(leaves)s) AS left_to_mark,
            (
                SELECT array_agg(part ORDER BY part) FROM assignment
                WHERE copy_id = copy.copy_id AND account_id = %(account)s
            ) AS parts
        FROM copy
        WHERE exam_id = %(exam)s AND number > %(after)s AND EXISTS (
            SELECT FROM assignment
            WHERE copy_id = copy.copy_id AND account_id = %(account)s
        )
        ORDER BY number LIMIT %(limit)s
        """,
        {
            "exam": exam_id,
            "account": account_id,
            "after": after,
            "limit": limit,
            **_pairs(part_leaves),
        },
    ).fetchall()
    return tuple(
        AssignedCopy(
            copy_id=CopyId(row["copy_id"]),
            number=row["number"],
            status=CopyStatus(row["status"]),
            parts=tuple(row["parts"]),
            left=row["left_to_mark"],
            is_locked=row["is_locked"],
        )
        for row in rows
    )


def find_next(
    connection: Connection,
    exam_id: ExamId,
    account_id: str,
    part_leaves: PartLeaves,
    *,
    after: int,
) -> CopyId | None:
    """The first free copy after a number with something left for the account.

    Its row stays locked until the commit; copies that somebody is taking now are passed over.
    """
    row = connection.execute(
        """
        SELECT copy_id FROM copy
        WHERE exam_id = %(exam)s AND status IN ('READY', 'GRADING_FAILED')
            AND number > %(after)s AND NOT copy_is_held(copy_id)
            AND questions_left(copy_id, %(account)s, %(parts)s, %(leaves)s) > 0
        ORDER BY number LIMIT 1 FOR NO KEY UPDATE OF copy SKIP LOCKED
        """,
        {"exam": exam_id, "account": account_id, "after": after, **_pairs(part_leaves)},
    ).fetchone()
    return CopyId(row["copy_id"]) if row else None


def _pairs(part_leaves: PartLeaves) -> dict[str, list[str]]:
    return {
        "parts": [part for part, _ in part_leaves],
        "leaves": [leaf for _, leaf in part_leaves],
    }
