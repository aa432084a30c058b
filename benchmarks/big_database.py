"""A database as large as years of exams make it: a million copies, ten million events.

    python -m benchmarks.big_database DSN [--copies 1000000] [--events-per-copy 10]

Everything is made up by the server itself. The newest exams are in the middle of their work, the
older ones are finalized, so that what waits is little and lies among much.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from viatique.db.exams import new_exam_id
from viatique.db.migrate import migrate
from viatique.db.pool import Database

COPIES_PER_EXAM = 2_000
OPEN_EXAMS = 10
"""The newest: their copies are in every state; all older ones are finalized."""

EXAMS = """
    INSERT INTO exam (exam_id, name, layout, pages_per_copy, segmentation, language, header, scheme,
        last_copy_number, created_at)
    SELECT exam_id, 'Examen ' || exam, 'a4', 4, 'header', 'fr',
        '{"form": "auto", "fields": ["last_name", "first_name"], "zones": []}',
        '{"total": "20", "step": "0.25", "questions": [
            {"id": "1", "label": "", "points": "10", "questions": []},
            {"id": "2", "label": "", "points": "10", "questions": []}]}',
        %(per_exam)s, now() - (%(exams)s - exam) * interval '1 day'
    FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS made (exam_id, exam)
"""
ROSTERS = """
    INSERT INTO student (exam_id, student_id, last_name, first_name)
    SELECT exam_id, 'S' || lpad(number::text, 5, '0'), 'Nom' || number, 'Prénom' || number %% 97
    FROM exam, generate_series(1, %(per_exam)s) AS number
"""
SCANS = """
    INSERT INTO source_file (exam_id, sha256, file_name, byte_size, page_count, planned_at)
    SELECT exam_id, encode(sha256(exam_id::bytea), 'hex'), 'scan.pdf', 1, 4 * %(per_exam)s, now()
    FROM exam ORDER BY created_at
"""
COPIES = """
    INSERT INTO copy (copy_id, exam_id, number, source_id, first_page, last_page, page_count,
        status, file_sha256, identity, student_id, confidence, error_code, problem, updated_at)
    SELECT exam_id || '-' || lpad(number::text, 4, '0'), exam_id, number, source_id, 4 * number - 3,
        4 * number, 4, status, encode(sha256((exam_id || number)::bytea), 'hex'), identity,
        CASE WHEN identity IN ('AUTO', 'CONFIRMED') THEN 'S' || lpad(number::text, 5, '0') END,
        0.5 + number %% 50 / 100.0,
        CASE WHEN status = 'GRADING_FAILED' THEN 'invalid_final_pdf' END,
        CASE WHEN status = 'QUARANTINE' THEN 'wrong_page_count' END,
        created_at + number * interval '1 second'
    FROM exam JOIN source_file USING (exam_id), generate_series(1, %(per_exam)s) AS number,
        LATERAL (SELECT created_at <= now() - %(open)s * interval '1 day' AS is_old) AS age,
        LATERAL (SELECT (CASE
            WHEN is_old THEN 'GRADED' WHEN number %% 100 = 1 THEN 'QUARANTINE'
            WHEN number %% 500 = 2 THEN 'GRADING_FAILED' WHEN number %% 3 = 0 THEN 'GRADED'
            ELSE 'READY' END)::copy_status AS status,
            (CASE WHEN is_old THEN CASE WHEN number %% 20 = 0 THEN 'CONFIRMED' ELSE 'AUTO' END
            WHEN number %% 25 = 3 THEN 'REVIEW' WHEN number %% 200 = 4 THEN 'UNKNOWN'
            ELSE 'AUTO' END)::identity_state AS identity) AS state
"""
PAGES = """
    INSERT INTO page (copy_id, position, source_id, source_page, half, turn)
    SELECT copy_id, position, source_id, first_page - 1 + position, 'whole', 0
    FROM copy JOIN exam USING (exam_id), generate_series(0, 3) AS position
    WHERE exam.created_at > now() - %(open)s * interval '1 day'
"""
MARKS = """
    INSERT INTO mark (copy_id, question, points, marker)
    SELECT copy_id, question, number %% 10, 'U' || number %% 50
    FROM copy, unnest(ARRAY['1', '2']) AS question
    WHERE status = 'GRADED' OR (status = 'READY' AND number %% 2 = 0)
"""
FINALS = """
    INSERT INTO final_pdf (copy_id, sha256, byte_size, score, correlation_id)
    SELECT copy_id, file_sha256, 1, number %% 20, 'made up' FROM copy WHERE status = 'GRADED'
"""
OBSERVATIONS = """
    INSERT INTO observation (metric, value, labels, correlation_id, at)
    SELECT 'grading_finalize_duration_seconds', 0.1, '{"status": "success", "retry_attempt": "1"}',
        'made up', updated_at
    FROM copy WHERE status = 'GRADED'
"""
EVENTS = """
    INSERT INTO audit_event (at, action, exam_id, copy_id, actor, correlation_id, details)
    SELECT copy.updated_at + place * interval '1 minute',
        (ARRAY['IMPORT', 'VALIDATE', 'IDENTIFY', 'LOCK', 'SCORE', 'SCORE', 'UNLOCK',
            'VIEW_IDENTITY', 'FINALIZE', 'DOWNLOAD'])[1 + place %% 10]::audit_action,
        exam_id, copy_id,
        CASE WHEN place %% 10 IN (0, 1, 2, 8) THEN 'system' ELSE 'U' || number %% 50 END,
        md5(exam_id || place)::uuid::text, '{}'
    FROM exam JOIN copy USING (exam_id), generate_series(0, %(events)s - 1) AS place
    WHERE exam.created_at >= %(since)s AND exam.created_at < %(until)s
    ORDER BY exam.created_at, place, number
"""
INDEXES_LATER = ("audit_event", "observation")
"""Tables whose indexes are made after their rows: the largest ones."""
EXAMS_A_STATEMENT = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is made."""

    exams: int
    copies_per_exam: int = COPIES_PER_EXAM
    events_per_copy: int = 10
    open_exams: int = OPEN_EXAMS


def build(dsn: str, size: Size) -> None:
    """Fills an empty, migrated database."""
    ids: dict[str, None] = {}
    while len(ids) < size.exams:
        ids[new_exam_id()] = None
    arguments = {
        "ids": list(ids),
        "exams": size.exams,
        "per_exam": size.copies_per_exam,
        "open": size.open_exams,
        "events": size.events_per_copy,
    }
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for statement in (EXAMS, ROSTERS, SCANS, COPIES, PAGES, MARKS, FINALS):
            connection.execute(statement, arguments)
        connection.execute(
            "SELECT ensure_audit_partitions("
            "(SELECT min(created_at) FROM exam), now() + interval '3 months')"
        )
        with _indexes_later(connection):
            connection.execute(OBSERVATIONS)
            for since, until in _spans(connection):
                span = {**arguments, "since": since, "until": until}
                connection.execute(EVENTS, span)
        connection.execute("VACUUM (ANALYZE)")


def _spans(connection: psycopg.Connection) -> Iterator[tuple[object, object]]:
    """Times that hold some exams each, oldest first: one statement's worth of events."""
    rows = connection.execute("SELECT created_at FROM exam ORDER BY 1").fetchall()
    starts = [row[0] for row in rows[::EXAMS_A_STATEMENT]]
    yield from zip(starts, [*starts[1:], "infinity"], strict=True)


@contextmanager
def _indexes_later(connection: psycopg.Connection) -> Iterator[None]:
    """Without the indexes no constraint needs while the block lasts."""
    found = connection.execute(
        """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS (
            SELECT FROM pg_constraint WHERE conindid = indexrelid)
        """,
        [list(INDEXES_LATER)],
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in found:
        connection.execute(definition.replace(" ON ONLY ", " ON "))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsn", help="an empty database")
    parser.add_argument("--copies", type=int, default=1_000_000)
    parser.add_argument("--events-per-copy", type=int, default=10)
    options = parser.parse_args()
    database = Database(options.dsn).open()
    migrate(database)
    database.close()
    started = time.perf_counter()
    exams = max(1, options.copies // COPIES_PER_EXAM)
    build(options.dsn, Size(exams=exams, events_per_copy=options.events_per_copy))
    print(f"{exams * COPIES_PER_EXAM:,} copies in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
