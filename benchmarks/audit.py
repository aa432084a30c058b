"""How long sealing and verifying a long trail take, on an embedded Postgres of its own.

python -m benchmarks.audit [--events 1000000]
"""

import argparse
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


@contextmanager
def _timed(what: str, events: int) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{what}: {seconds:.1f} s, {events / seconds:,.0f} events/s")


def _make(database: Database, events: int) -> None:
    """Copies that were imported, validated and looked at, a transaction each."""
    copies = events // EVENTS_A_COPY
    exams = -(-copies // COPIES_AN_EXAM)
    arguments = {"copies": copies, "exams": exams, "size": COPIES_AN_EXAM, "each": EVENTS_A_COPY}
    with database.transaction() as connection:
        connection.execute(
            """
            INSERT INTO exam (exam_id, name, layout, pages_per_copy, segmentation, language, header,
                scheme)
            SELECT 'E' || lpad(n::text, 5, '0'), 'made up', 'a4', 4, 'pages', 'fr',
                '{"form": "auto", "fields": [], "zones": []}',
                '{"total": "20", "step": "0.25", "questions": []}'
            FROM generate_series(0, %(exams)s - 1) AS n
            """,
            arguments,
        )
        connection.execute(
            """
            INSERT INTO source_file (exam_id, sha256, file_name, byte_size, page_count)
            SELECT exam_id, repeat('0', 64), '', 1, 1 FROM exam
            """
        )
        connection.execute(
            """
            INSERT INTO copy (copy_id, exam_id, number, source_id, first_page, last_page,
                page_count, status, file_sha256)
            SELECT exam_id || '-' || lpad(number::text, 4, '0'), exam_id, number, source_id,
                number, number, 1, 'READY', repeat('0', 64)
            FROM (
                SELECT n %% %(size)s + 1 AS number,
                    'E' || lpad((n / %(size)s)::text, 5, '0') AS exam_id
                FROM generate_series(0, %(copies)s - 1) AS n
            ) AS made JOIN source_file USING (exam_id)
            """,
            arguments,
        )
        connection.execute(
            """
            INSERT INTO audit_event (tick, action, exam_id, copy_id, actor, correlation_id, details)
            SELECT row_number() OVER (),
                (ARRAY['IMPORT', 'VALIDATE'] || array_fill('VIEW_IDENTITY'::text, ARRAY[%(each)s]))
                    [n]::audit_action,
                exam_id, copy_id, 'U' || md5(copy_id), gen_random_uuid()::text,
                jsonb_build_object('page', n, 'source', source_id)
            FROM copy, generate_series(1, %(each)s) AS n ORDER BY n, copy_id
            """,
            arguments,
        )
        raise_epoch(connection)
    with database.session() as session:
        session.execute("VACUUM ANALYZE")


def _change_one(database: Database) -> None:
    with database.session() as session:
        row = session.execute("SELECT max(event_id) / 2 AS event FROM audit_event").fetchone()
        session.execute("SET session_replication_role = replica")
        session.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_row_change")
        session.execute("UPDATE audit_event SET actor = 'somebody' WHERE event_id = %(event)s", row)
        session.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_row_change")


if __name__ == "__main__":
    main()
