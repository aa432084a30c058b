"""How long the statements of each page take on a large database.

    python -m benchmarks.dashboard_queries DSN

DSN is a database made by ``benchmarks.big_database``. Each page is visited in this process as an
administrator, three times; the slowest statement of the fastest visit counts.
"""

import argparse
import logging
import tempfile
from pathlib import Path

import psycopg
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from benchmarks.recorded_queries import Query, recorded
from dashboard import core, page
from dashboard.contents import GROUPS
from tests.steps.benches import bench_on
from viatique.access import Role
from viatique.db.pool import Database
from viatique.models import Language
from viatique.steps.sign_in import create_account, sign_in
from viatique.workers import worker_pool

APP = Path(core.__file__).with_name("app.py")
VISITS = 3
AUDIT_FILTERS: list[dict[str, str]] = [
    {"action": "FINALIZE"},
    {"who": "U7"},
    {"who": "U7", "action": "MERGE"},
    {"since": "2026-01-01", "until": "2026-02-01"},
    {"correlation": "nothing"},
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsn")
    dsn = parser.parse_args().dsn
    logging.disable(logging.WARNING)
    database = Database(dsn).open()
    login = f"benchmark-{Path(tempfile.mkdtemp()).name}"
    password = create_account(database, login, Role.ADMIN)
    token = str(sign_in(database, login, password))
    with psycopg.connect(dsn) as connection:
        newest, oldest = _exams(connection)
    with (
        tempfile.TemporaryDirectory() as home,
        worker_pool(1, log_folder=Path(home), log_format="json") as pool,
        bench_on(database, Path(home), pool) as bench,
    ):
        core.workbench = lambda: bench  # type: ignore[assignment]
        page.session_cookie = lambda: token  # type: ignore[assignment]
        for entry in (entry for group in GROUPS.values() for entry in group):
            for exam in (newest, oldest):
                copy = {"copy": f"{exam}-1004"} if entry.name == "copy" else {}
                _tell(entry.name, {"exam": exam, **copy})
        for query in AUDIT_FILTERS:
            _tell("audit", query)


def _exams(connection: psycopg.Connection) -> tuple[str, str]:
    rows = connection.execute("SELECT exam_id FROM exam ORDER BY created_at").fetchall()
    return rows[-1][0], rows[0][0]


def _tell(name: str, query: dict[str, str]) -> None:
    visits = [_visit(name, query) for _ in range(VISITS)]
    best = min(visits, key=lambda queries: max((one.seconds for one in queries), default=0.0))
    slowest = max(best, key=lambda one: one.seconds)
    text = " ".join(slowest.text.split())[:70]
    figure = f"{len(best):3} statements, slowest {1000 * slowest.seconds:6.1f} ms"
    print(f"{name:12} {figure}  {query} {text}", flush=True)


def _visit(name: str, query: dict[str, str]) -> list[Query]:
    app = AppTest.from_file(APP, default_timeout=120)
    app.session_state[page.LANGUAGE] = Language.EN
    for key, value in query.items():
        app.query_params[key] = value
    app._page_hash = calc_hash(name)  # noqa: SLF001  # as the tests of pages do
    with recorded() as queries:
        app.run()
    return queries


if __name__ == "__main__":
    main()
