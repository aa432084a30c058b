"""No page reads through a large table: what each asks of Postgres is looked at, plan by plan."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.big_database import Size, build
from benchmarks.recorded_queries import Query, recorded
from dashboard import core
from dashboard.contents import GROUPS
from tests.conftest import with_database
from tests.dashboard.conftest import visitor
from tests.steps.benches import bench_on
from viatique.access import Role
from viatique.db.pool import Database
from viatique.steps.sign_in import create_account, sign_in
from viatique.workers import WorkerPool

LARGE = (
    "annotation", "audit_event", "copy", "final_pdf", "header_reading", "identity_evidence", "mark",
    "observation", "page", "student",
)  # fmt: skip
SIZE = Size(exams=60, copies_per_exam=100, open_exams=5)
READ_AT_MOST = 2_000
"""Rows one node of a plan may read: every event of one exam, and as many more; there are 60,000."""
FILTERS: list[tuple[str, dict[str, str]]] = [
    ("copies", {"status": "READY", "identity": "REVIEW"}),
    ("copies", {"failed": "1", "after": "200"}),
    ("audit", {"exam": ""}),
    ("audit", {"exam": "", "action": "FINALIZE"}),
    ("audit", {"exam": "", "who": "U7", "before": "9000"}),
    ("audit", {"exam": "", "since": "2020-01-01", "until": "2020-02-01"}),
    ("audit", {"exam": "", "until": "2099-01-01", "who": "nobody"}),
    ("audit", {"exam": "", "correlation": "nothing"}),
    ("audit", {"who": "U7", "action": "MERGE"}),
]


@pytest.fixture(scope="module")
def big_dsn(server_dsn: str, template_database: str) -> Iterator[str]:
    name = f"big_{template_database}"
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    dsn = with_database(server_dsn, name)
    build(dsn, SIZE)
    yield dsn
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_no_page_reads_through_a_large_table(
    big_dsn: str, pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    database = Database(big_dsn).open()
    password = create_account(database, "somebody", Role.ADMIN)
    token = str(sign_in(database, "somebody", password))
    with bench_on(database, tmp_path / "home", pool) as bench:
        monkeypatch.setattr(core, "open_workbench", lambda _settings: nullcontext(bench))
        core.close()
        asked = _visit_all(big_dsn, token, monkeypatch)
        core.close()
    database.close()
    assert len(asked) > 60
    with psycopg.connect(big_dsn) as connection:
        connection.execute("SET enable_seqscan = off")
        wrong = [problem for page, query in asked for problem in _problems(connection, page, query)]
    assert not wrong, "\n".join(wrong)


def _visit_all(dsn: str, token: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Query]]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT exam_id FROM exam ORDER BY created_at DESC").fetchone()
    assert row is not None
    common = {"exam": row[0], "copy": ""}
    entries = [entry.name for group in GROUPS.values() for entry in group]
    visits = [*((name, {}) for name in entries), *FILTERS]
    visiting, asked = visitor(lambda _role: token, monkeypatch), []
    for name, query in visits:
        given = {**common, **query}
        if name == "copy":
            given["copy"] = f"{row[0]}-0003"
        with recorded() as queries:
            visiting(name, Role.ADMIN, **{key: value for key, value in given.items() if value})
        asked += [(f"{name} {query}", one) for one in queries]
    return asked


def _problems(connection: psycopg.Connection[Any], page: str, query: Query) -> Iterator[str]:
    """What is wrong with the plan of a statement, names of indexes and counts of rows."""
    if not query.text.lstrip().upper().startswith(("SELECT", "WITH")) or "INSERT" in query.text:
        return
    explained = connection.execute(
        f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query.text}", query.arguments
    ).fetchone()
    connection.rollback()
    connection.execute("SET enable_seqscan = off")
    assert explained is not None
    for node in _nodes(explained[0][0]["Plan"]):
        table = node.get("Relation Name", "")
        if not table.startswith(LARGE):
            continue
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        if node["Node Type"] == "Seq Scan" or read > READ_AT_MOST:
            yield f"{page}: {node['Node Type']} of {table}, {read:.0f} rows: {query.text[:300]}"


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
