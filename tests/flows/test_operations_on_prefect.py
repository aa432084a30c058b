"""What an operator sees of real runs: numbers that are the database's, and nobody's name.

A second exam, whose every text is a marked name, goes through what can be made to fail.
"""

import json
import re
from pathlib import Path

import psycopg
import pytest

from tests.flows.installation import Installation
from tests.flows.scraping import Numbers, scrape, serving
from tests.flows.ways import services, texts, with_database
from tests.privacy.searches import files_under, files_with
from tests.steps.benches import write_exam, write_scan
from tests.unit.pdf_factories import scan
from viatique.access import Role
from viatique.db.accounts import insert_account
from viatique.db.pool import Database
from viatique.files import Kind, Store
from viatique.lifecycle import CopyStatus
from viatique.models import CopyId
from viatique.ocr import evidence
from viatique.run import Run, new_run
from viatique.steps.locks import acquire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NAME, OTHER = "Zorglubien", "Quibolinette"
ROSTER = f"INE;NOM;PRENOM\nS1;{NAME};{OTHER}\nS2;{NAME};Bruno\n"
FILE_NAME = f"{NAME}.pdf"

TRUTHS = {
    "grading_import_duration_seconds_count": """
        SELECT CASE WHEN page_count <= 10 THEN '1-10' WHEN page_count <= 50 THEN '11-50'
            WHEN page_count <= 100 THEN '51-100' ELSE '100+' END, 'success', count(*)
        FROM source_file
        WHERE NOT EXISTS (
            SELECT FROM copy WHERE copy.source_id = source_file.source_id AND file_sha256 IS NULL
        ) AND EXISTS (SELECT FROM copy WHERE copy.source_id = source_file.source_id)
        GROUP BY 1
    """,
    "grading_finalize_duration_seconds_count": """
        SELECT CASE (details ->> 'retries')::int WHEN 0 THEN '1' WHEN 1 THEN '2' ELSE '3+' END,
            CASE WHEN (details ->> 'success')::boolean THEN 'success' ELSE 'failed' END, count(*)
        FROM audit_event WHERE action = 'FINALIZE' GROUP BY 1, 2
    """,
    "grading_identify_duration_seconds_count": """
        SELECT lower(state), count(*) FROM (
            SELECT DISTINCT ON (copy_id) details ->> 'state' AS state FROM audit_event
            WHERE action = 'IDENTIFY' AND copy_id IN (SELECT copy_id FROM header_reading)
            ORDER BY copy_id, event_id
        ) AS first GROUP BY 1
    """,
    "grading_copies_by_status": """
        SELECT CASE WHEN EXISTS (
            SELECT FROM copy_lock WHERE copy_lock.copy_id = copy.copy_id AND expires_at > now()
        ) THEN 'LOCKED' ELSE status::text END, count(*) FROM copy GROUP BY 1
    """,
    "grading_identities": "SELECT identity::text, count(*) FROM copy GROUP BY 1",
    "grading_ocr_errors_total": """
        SELECT 'invalid_pdf', count(*) FROM header_reading WHERE engine = 'unreadable'
        UNION SELECT 'empty_result', %(empty)s
    """,
    "grading_lock_conflicts_total": "SELECT 'already_locked', 1",
    "grading_retries_exhausted": """
        SELECT count(*) FROM copy WHERE status = 'GRADING_FAILED' AND finalize_attempts >= 3
    """,
}


@pytest.fixture(scope="module")
def troubled(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An exam of marked names whose first copy is read, marked and finalized in vain.

    What passes through Prefect with a name at hand does so; the rest runs inline, which is faster.
    """
    folder = tmp_path_factory.mktemp(NAME)
    exam = installation.run("exam", "create", write_exam(folder, roster=ROSTER)).strip()
    inbox = installation.home / "inbox" / exam
    inbox.mkdir(parents=True)
    (inbox / FILE_NAME).write_bytes(b"no PDF")
    (folder / FILE_NAME).write_bytes(scan(2)[:-9])
    installation.run("import", exam, folder / FILE_NAME, "--inline", code=2)
    installation.run("import", exam, write_scan(folder, pages=4, name=FILE_NAME))
    damaged = _damage(installation, f"{exam}-0001")
    installation.run("identify", exam, "--inline")
    marks = folder / f"{NAME}.csv"
    marks.write_text(f"copy,question,points\n{NAME},1,2\n", "utf-8")
    installation.run("marks", exam, marks, code=2)
    rows = [f"{exam}-000{n},{question},2,{NAME}" for n in (1, 2) for question in (1, 2)]
    marks.write_text("\n".join(["copy,question,points,remark", *rows]), "utf-8")
    installation.run("marks", exam, marks, "--inline")
    for how in ([], ["--inline"], ["--inline"]):
        installation.run("finalize", exam, *how, code=1)
    _lock_twice(installation, CopyId(f"{exam}-0001"))
    assert damaged.read_bytes() == NAME.encode()
    return exam


def _damage(installation: Installation, copy: str) -> Path:
    """Somebody wrote a name over the copy's file."""
    with services(installation) as found, psycopg.connect(found.database_dsn) as connection:
        (sha256,) = connection.execute(
            "SELECT file_sha256 FROM copy WHERE copy_id = %s", [copy]
        ).fetchone() or ("",)
    path = installation.home / "store" / sha256[:2] / f"{sha256}.copy.pdf"
    path.write_bytes(NAME.encode())
    return path


def _lock_twice(installation: Installation, copy_id: CopyId) -> None:
    """One marker takes the copy, another is refused."""
    with services(installation) as found:
        database = Database(found.database_dsn).open()
        for account in ("U00000001", "U00000002"):
            with database.transaction() as connection:
                insert_account(
                    connection,
                    account_id=account,
                    login=account,
                    role=Role.MARKER,
                    password_hash="x",  # noqa: S106
                    run=new_run(),
                )
            run = Run(correlation_id=f"request-of-{account}", actor=account)
            acquire(database, run, copy_id, ttl_s=600)
        database.close()


def truths(installation: Installation) -> Numbers:
    """The same numbers, counted from what the tables and the trail say."""
    with services(installation) as found, psycopg.connect(found.database_dsn) as connection:
        empty = _count_empty(installation, connection)
        return {
            (name, *map(str, labels)): float(count)
            for name, query in TRUTHS.items()
            for *labels, count in connection.execute(query, {"empty": empty}).fetchall()
            if count
        }


def _count_empty(installation: Installation, connection: psycopg.Connection) -> int:
    """Readings in the store that hold no field, of copies the OCR could be run on."""
    store = Store(str(installation.home / "store"))
    rows = connection.execute(
        "SELECT reading_sha256 FROM header_reading WHERE engine <> 'unreadable'"
    ).fetchall()
    readings = (evidence.from_bytes(store.get(sha256, Kind.READING)) for (sha256,) in rows)
    return sum(not reading.fields for reading in readings)


@pytest.fixture(scope="module")
def scraped(installation: Installation, troubled: str) -> list[Numbers]:
    """What an exporter said, and another one after the first was killed."""
    found = []
    for _ in range(2):
        with serving(installation.environment, "metrics", ready="/health/live") as port:
            found.append(scrape(installation, port))
    return found


def test_every_number_is_the_databases_whatever_was_killed(
    installation: Installation, scraped: list[Numbers]
) -> None:
    expected = truths(installation)
    assert {name for name, *_ in expected} == TRUTHS.keys()
    for numbers in scraped:
        told = {key: value for key, value in numbers.items() if key[0] in TRUTHS and value}
        assert told == expected
        assert {key[1] for key in numbers if key[0] == "grading_copies_by_status"} == {
            *CopyStatus,
            "LOCKED",
        }


def test_a_failed_finalization_took_its_time(scraped: list[Numbers]) -> None:
    numbers = scraped[-1]
    assert numbers["grading_finalize_duration_seconds_sum", "1", "failed"] > 0
    assert numbers["grading_finalize_duration_seconds_sum", "3+", "failed"] > 0


def test_every_event_is_a_line_of_the_audit_log_whatever_was_killed(
    installation: Installation, scraped: list[Numbers]
) -> None:
    installation.run("maintain", "--only", "log", "--inline")
    with services(installation) as found, psycopg.connect(found.database_dsn) as connection:
        events = {event for (event,) in connection.execute("SELECT event_id FROM audit_event")}
    text = (installation.home / "logs" / "audit.log").read_text("utf-8")
    lines = map(json.loads, text.splitlines())
    assert {line["event_id"] for line in lines if line["message"] == "audit_event"} == events


def test_names_are_in_no_log_no_metric_and_nowhere_in_prefect(
    installation: Installation, scraped: list[Numbers]
) -> None:
    words = re.compile(f"{NAME}|{OTHER}", re.IGNORECASE)
    metrics = json.dumps(list(scraped[-1]))
    with services(installation) as found:
        cells = texts(with_database(found.database_dsn, "prefect"))
    home = installation.home
    files = files_under(home / "logs", home / "prefect", home / "run")
    assert installation.log_events("finalize_retries_exhausted")
    assert installation.log_events("scan_refused")
    assert installation.log_events("header_unreadable")
    assert not [text for text in [metrics, *cells] if words.search(text)]
    assert files_with(files, [NAME, OTHER]) == set()
