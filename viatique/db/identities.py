"""Header readings and the identities decided from them. Ids and scores only; texts are in files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from viatique.db.pool import Connection
from viatique.models import (
    Candidate,
    CopyId,
    Decision,
    ExamId,
    IdentityReason,
    IdentityState,
    Sha256,
    StudentId,
)
from viatique.run import Run

METHOD = "joint-ctc-2"
"""Version of the decision rule, stored with what it decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReading:
    """Where the reading of a copy's header lies, and how its identity stands now."""

    copy_id: CopyId
    reading_sha256: Sha256
    engine: str
    identity: IdentityState
    student_id: StudentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a copy was last decided from: candidates, best first, and why it was decided so."""

    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A decision that changed a copy.

    Attributes:
        is_first: it is the copy's first.
        duration_s: what reading the copy's header took.
    """

    state: IdentityState
    is_first: bool
    duration_s: float


def insert_reading(
    connection: Connection,
    copy_id: CopyId,
    *,
    sha256: Sha256,
    engine: str,
    duration_s: float = 0.0,
    run: Run,
) -> None:
    connection.execute(
        """
        INSERT INTO header_reading (copy_id, reading_sha256, engine, duration_s, correlation_id)
        VALUES (%(copy)s, %(sha256)s, %(engine)s, %(duration)s, %(correlation)s)
        ON CONFLICT ON CONSTRAINT header_reading_pk DO UPDATE SET
            reading_sha256 = EXCLUDED.reading_sha256, engine = EXCLUDED.engine,
            duration_s = EXCLUDED.duration_s, correlation_id = EXCLUDED.correlation_id,
            read_at = now()
        """,
        {
            "copy": copy_id,
            "sha256": sha256,
            "engine": engine,
            "duration": duration_s,
            "correlation": run.correlation_id,
        },
    )


def list_readings(connection: Connection, exam_id: ExamId) -> tuple[StoredReading, ...]:
    """All readings of an exam, in the order of the copies' numbers."""
    rows = connection.execute(
        """
        SELECT copy_id, reading_sha256, engine, identity, student_id
        FROM header_reading JOIN copy USING (copy_id)
        WHERE exam_id = %(exam)s ORDER BY number
        """,
        {"exam": exam_id},
    ).fetchall()
    return tuple(
        StoredReading(
            copy_id=CopyId(row["copy_id"]),
            reading_sha256=Sha256(row["reading_sha256"]),
            engine=row["engine"],
            identity=IdentityState(row["identity"]),
            student_id=StudentId(row["student_id"]) if row["student_id"] else None,
        )
        for row in rows
    )


def find_reading(connection: Connection, copy_id: CopyId) -> Sha256 | None:
    """Where the reading of one copy's header lies."""
    row = connection.execute(
        "SELECT reading_sha256 FROM header_reading WHERE copy_id = %(copy)s", {"copy": copy_id}
    ).fetchone()
    return Sha256(row["reading_sha256"]) if row else None


def lock_decisions(connection: Connection, exam_id: ExamId) -> None:
    """Makes joint decisions of one exam, and people's answers, take turns until the commit."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('decide ' || %(exam)s, 0))",
        {"exam": exam_id},
    )


def apply_decisions(
    connection: Connection, decisions: Sequence[Decision], *, run: Run
) -> list[Applied]:
    """Stores those decisions that change something, each with its evidence and IDENTIFY event.

    What a person settled is never touched. Students may change hands between copies.

    Returns:
        Those that changed something.
    """
    connection.execute("SET CONSTRAINTS copy_one_per_student DEFERRED")
    applied = (_apply(connection, decision, run=run) for decision in decisions)
    return [one for one in applied if one]


def _apply(connection: Connection, decision: Decision, *, run: Run) -> Applied | None:
    row = connection.execute(
        """
        WITH changed AS (
            UPDATE copy SET identity = %(state)s, student_id = %(student)s,
                confidence = %(confidence)s, updated_at = now()
            WHERE copy_id = %(copy)s AND identity IN ('PENDING', 'AUTO', 'REVIEW')
                AND (identity, student_id, confidence) IS DISTINCT FROM
                    (%(state)s::identity_state, %(student)s::text, %(confidence)s::float8)
            RETURNING copy_id, exam_id
        ), kept AS (
            INSERT INTO identity_evidence (copy_id, state, student_id, confidence, candidates,
                reasons, method, reading_sha256, engine, correlation_id)
            SELECT changed.copy_id, %(state)s, %(student)s, %(confidence)s, %(candidates)s,
                %(reasons)s, %(method)s, reading_sha256, engine, %(correlation)s
            FROM changed JOIN header_reading USING (copy_id)
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'IDENTIFY', exam_id, copy_id, %(actor)s, %(correlation)s, %(details)s
            FROM changed
        )
        SELECT coalesce(duration_s, 0) AS duration_s, NOT EXISTS (
                SELECT FROM identity_evidence WHERE copy_id = changed.copy_id
            ) AS is_first
        FROM changed LEFT JOIN header_reading USING (copy_id)
        """,
        {
            "copy": decision.copy_id,
            "state": decision.state,
            "student": decision.student_id,
            "confidence": decision.confidence,
            "candidates": Jsonb([_candidate_to_json(item) for item in decision.candidates]),
            "reasons": [str(reason) for reason in decision.reasons],
            "method": METHOD,
            "actor": run.actor,
            "correlation": run.correlation_id,
            "details": Jsonb(_details(decision)),
        },
    ).fetchone()
    return Applied(state=decision.state, **row) if row else None


def find_evidence(connection: Connection, copy_id: CopyId) -> Evidence:
    """The latest evidence of a copy; empty when it was never decided."""
    row = connection.execute(
        """
        SELECT candidates, reasons FROM identity_evidence
        WHERE copy_id = %(copy)s ORDER BY evidence_id DESC LIMIT 1
        """,
        {"copy": copy_id},
    ).fetchone()
    return _evidence(row) if row else Evidence()


def list_evidence(connection: Connection, exam_id: ExamId) -> dict[CopyId, Evidence]:
    """The latest evidence of each copy of an exam that was decided."""
    rows = connection.execute(
        """
        SELECT DISTINCT ON (copy_id) copy_id, candidates, reasons
        FROM identity_evidence JOIN copy USING (copy_id)
        WHERE exam_id = %(exam)s ORDER BY copy_id, evidence_id DESC
        """,
        {"exam": exam_id},
    ).fetchall()
    return {CopyId(row["copy_id"]): _evidence(row) for row in rows}


def count_fitting_nobody(connection: Connection, exam_id: ExamId) -> int:
    """Copies of the exam in review that were last decided to fit nobody on its roster."""
    row = connection.execute(
        """
        SELECT count(*) AS n FROM copy CROSS JOIN LATERAL (
            SELECT reasons FROM identity_evidence
            WHERE identity_evidence.copy_id = copy.copy_id
            ORDER BY evidence_id DESC LIMIT 1
        ) AS last
        WHERE exam_id = %(exam)s AND identity = 'REVIEW' AND %(reason)s = ANY(reasons)
        """,
        {"exam": exam_id, "reason": IdentityReason.NOBODY_FITS},
    ).fetchone()
    return row["n"] if row else 0


def count_identities(connection: Connection, exam_id: ExamId) -> dict[IdentityState, int]:
    """Copies of the exam by identity state; every state is there, zero included."""
    rows = connection.execute(
        "SELECT identity, count(*) AS copies FROM copy WHERE exam_id = %(exam)s GROUP BY identity",
        {"exam": exam_id},
    ).fetchall()
    counted = {IdentityState(row["identity"]): row["copies"] for row in rows}
    return {state: counted.get(state, 0) for state in IdentityState}


def release_student(
    connection: Connection,
    exam_id: ExamId,
    student_id: StudentId | None,
    keep: CopyId,
    *,
    run: Run,
) -> None:
    """Sends the copy automatically given this student, unless it is ``keep``, to review."""
    connection.execute(
        """
        WITH changed AS (
            UPDATE copy SET identity = 'REVIEW', student_id = NULL, updated_at = now()
            WHERE exam_id = %(exam)s AND student_id = %(student)s AND identity = 'AUTO'
                AND copy_id <> %(keep)s
            RETURNING copy_id, exam_id
        )
        INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
        SELECT 'IDENTIFY', exam_id, copy_id, %(actor)s, %(correlation)s,
            jsonb_build_object('state', 'REVIEW', 'student', NULL, 'given_to', %(keep)s::text)
        FROM changed
        """,
        {
            "exam": exam_id,
            "student": student_id,
            "keep": keep,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    )


def settle(
    connection: Connection, copy_id: CopyId, student_id: StudentId | None, *, run: Run
) -> bool:
    """Stores a person's answer with its event; False: another confirmed copy has the student."""
    row = connection.execute(
        """
        WITH changed AS (
            UPDATE copy SET identity = %(state)s, student_id = %(student)s, confidence = 1,
                updated_at = now()
            WHERE copy_id = %(copy)s AND NOT EXISTS (
                SELECT FROM copy AS other WHERE other.exam_id = copy.exam_id
                    AND other.student_id = %(student)s AND other.copy_id <> %(copy)s
                    AND other.identity = 'CONFIRMED'
            )
            RETURNING copy_id, exam_id
        ), logged AS (
            INSERT INTO audit_event (action, exam_id, copy_id, actor, correlation_id, details)
            SELECT 'IDENTIFY', exam_id, copy_id, %(actor)s, %(correlation)s,
                jsonb_build_object('state', %(state)s::text, 'student', %(student)s::text,
                    'method', 'person')
            FROM changed
        )
        SELECT copy_id FROM changed
        """,
        {
            "copy": copy_id,
            "state": IdentityState.CONFIRMED if student_id else IdentityState.UNKNOWN,
            "student": student_id,
            "actor": run.actor,
            "correlation": run.correlation_id,
        },
    ).fetchone()
    return row is not None


def _candidate_to_json(candidate: Candidate) -> dict[str, object]:
    return {
        "student": candidate.student_id,
        "probability": candidate.probability,
        "reasons": list(candidate.reasons),
    }


def _details(decision: Decision) -> dict[str, object]:
    return {
        "state": decision.state,
        "student": decision.student_id,
        "confidence": decision.confidence,
        "reasons": [str(reason) for reason in decision.reasons],
        "method": METHOD,
    }


def _evidence(row: Mapping[str, Any]) -> Evidence:
    return Evidence(
        candidates=tuple(
            Candidate(
                student_id=StudentId(item["student"]),
                probability=item["probability"],
                reasons=tuple(item["reasons"]),
            )
            for item in row["candidates"]
        ),
        reasons=tuple(row["reasons"]),
    )
