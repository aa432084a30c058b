"""How long sealing and verifying a long trail take, on an embedded Postgres of its own.

python -m benchmarks.audit [--events 1000000]
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viatique.db.migrate import migrate
from viatique.db.pool import Database
from viatique.db.seals import raise_epoch
from viatique.seal_files import SealFiles
from viatique.services.local import ensure, stop
from viatique.services.postgres import locate
from viatique.settings import Settings
from viatique.steps.seal_trail import seal_trail
from viatique.steps.verify_audit import verify_audit

EVENTS_A_COPY = 10
COPIES_AN_EXAM = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as database:
        files = SealFiles(folder=Path(folder) / "seal")
        with _timed("make", events):
            _make(database, events)
        with _timed("seal", events):
            sealed = seal_trail(database, files)
        with _timed("verify", events):
            found = verify_audit(database, files)
        print(f"{sealed} events in {found.seals} seals, {len(found.findings)} problems")
        _change_one(database)
        with _timed("verify, one event changed", events):
            found = verify_audit(database, files)
        print(*(f"event {one.event_id}: {one.message}" for one in found.findings))


@contextmanager
def _database(folder: Path) -> Iterator[Database]:
    settings = Settings(home=folder / "home", DATABASE_URL=None, PREFECT_API_URL=None)
    with ensure(settings, prefect=False, on_progress=print) as services:
        database = Database(services.database_dsn).open()
        migrate(database)
        yield database
        database.close()
    stop(settings, force=True)
    shutil.rmtree(locate(settings.home_path).data)  # it may lie elsewhere, and is large


@contextmanager
def _timed(what: str, events: int) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{what}: {seconds:.1f} s, {events / seconds:,.0f} events/s")


def _make(database: Database, events: int) -> None:
    """Copies imported, identified, marked under a lock and finalized; a transaction each event."""
    copies = events // EVENTS_A_COPY
    exams = -(-copies // COPIES_AN_EXAM)
    arguments = {"copies": copies, "exams": exams, "size": COPIES_AN_EXAM}
    with database.transaction() as connection:
        for statement in _EXAMS, _STUDENTS, _SOURCES, _COPIES, _MARKS, _ANNOTATIONS, _FINALS:
            connection.execute(statement, arguments)
        connection.execute(_EVENTS)
        connection.execute(_RECEPTIONS, {"after": events + EVENTS_A_COPY})
        raise_epoch(connection)
    with database.session() as session:
        session.execute("VACUUM ANALYZE")


_EXAMS = """
    INSERT INTO exam (exam_id, name, layout, pages_per_copy, segmentation, language, header, scheme)
    SELECT 'E' || lpad(n::text, 5, '0'), 'made up', 'a4', 4, 'pages', 'fr',
        '{"form": "auto", "fields": [], "zones": []}',
        '{"total": "20", "step": "0.25", "questions": []}'
    FROM generate_series(0, %(exams)s - 1) AS n
    """
_STUDENTS = """
    INSERT INTO student (exam_id, student_id, last_name, first_name)
    SELECT exam_id, 'S' || number, 'made', 'up' FROM exam, generate_series(1, %(size)s) AS number
    """
_SOURCES = """
    INSERT INTO source_file (exam_id, sha256, file_name, byte_size, page_count)
    SELECT exam_id, repeat('0', 64), '', 1, 1 FROM exam
    """
_COPIES = """
    INSERT INTO copy (copy_id, exam_id, number, source_id, first_page, last_page, page_count,
        status, file_sha256, identity, student_id)
    SELECT exam_id || '-' || lpad(number::text, 4, '0'), exam_id, number, source_id, number, number,
        1, 'GRADED', repeat('0', 64), 'AUTO', 'S' || number
    FROM (
        SELECT n %% %(size)s + 1 AS number, 'E' || lpad((n / %(size)s)::text, 5, '0') AS exam_id
        FROM generate_series(0, %(copies)s - 1) AS n
    ) AS made JOIN source_file USING (exam_id)
    """
_MARKS = """
    INSERT INTO mark (copy_id, question, points, marker)
    SELECT copy_id, question, 2.5, 'U1' FROM copy, unnest(ARRAY['1.a', '1.b']) AS question
    """
_ANNOTATIONS = """
    INSERT INTO annotation (copy_id, page, x0, y0, x1, y1, kind, marker)
    SELECT copy_id, 0, 0.5, 0.5, 0.5, 0.5, 'TICK', 'U1' FROM copy
    """
_FINALS = """
    INSERT INTO final_pdf (copy_id, sha256, byte_size, score, correlation_id)
    SELECT copy_id, repeat('f', 64), 1, 5, 'made up' FROM copy
    """
_EVENTS = """
    INSERT INTO audit_event (tick, action, exam_id, copy_id, actor, correlation_id, details)
    SELECT row_number() OVER (), action::audit_action, exam_id, copy_id, 'U' || md5(copy_id),
        gen_random_uuid()::text, details
    FROM copy JOIN annotation USING (copy_id), LATERAL (VALUES
        (1, 'IMPORT', jsonb_build_object('source', copy.source_id, 'first_page', number)),
        (2, 'VALIDATE', '{}'),
        (3, 'IDENTIFY', jsonb_build_object('state', 'AUTO', 'student', student_id)),
        (4, 'VIEW_IDENTITY', '{"page": 0}'),
        (5, 'LOCK', '{}'),
        (6, 'SCORE', '{"question": "1.a", "points": "2.5", "version": 1}'),
        (7, 'SCORE', '{"question": "1.b", "points": "2.5", "version": 1}'),
        (8, 'CREATE_ANN', jsonb_build_object('annotation', annotation_id, 'version', 1)),
        (9, 'UNLOCK', '{}'),
        (10, 'FINALIZE',
            jsonb_build_object('success', true, 'score', '5', 'file', repeat('f', 64)))
    ) AS told (place, action, details)
    ORDER BY place, copy_id
    """
_RECEPTIONS = """
    INSERT INTO audit_event (tick, action, exam_id, actor, correlation_id, details)
    SELECT %(after)s + row_number() OVER (), action::audit_action, exam_id, 'coordinator',
        gen_random_uuid()::text, details
    FROM source_file, LATERAL (VALUES
        ('CREATE_EXAM', '{}'), ('RECEIVE', jsonb_build_object('source', source_id))
    ) AS told (action, details)
    """


def _change_one(database: Database) -> None:
    with database.session() as session:
        row = session.execute("SELECT max(event_id) / 2 AS event FROM audit_event").fetchone()
        session.execute("SET session_replication_role = replica")
        session.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_row_change")
        session.execute("UPDATE audit_event SET actor = 'somebody' WHERE event_id = %(event)s", row)
        session.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_row_change")


if __name__ == "__main__":
    main()
