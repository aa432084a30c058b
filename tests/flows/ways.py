"""The way of an exam through an installation, and looks into its databases."""

from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.flows.installation import Installation
from viatique.demo.exam import DemoExam
from viatique.services.local import ensure
from viatique.settings import Settings

REMARK = "Zorglubien"
"""A word of a remark that must stay in the marks' own tables."""
QUESTIONS = {"1.a": "2.5", "1.b": "3", "2": "10"}


def create(installation: Installation, exam: DemoExam) -> str:
    return installation.run("exam", "create", exam.exam_toml).strip()


def write_marks(installation: Installation, exam_id: str, path: Path) -> Path:
    copies = [
        row["copy"]
        for row in installation.lines("copies", exam_id)
        if row["status"] in {"READY", "GRADED"}
    ]
    rows = [
        f"{copy},{question},{points},{REMARK}"
        for copy in copies
        for question, points in QUESTIONS.items()
    ]
    path.write_text("copy,question,points,remark\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def services(installation: Installation):  # noqa: ANN201  # a context manager of Services
    settings = Settings(home=installation.home, DATABASE_URL=None, PREFECT_API_URL=None)
    return ensure(settings, prefect=True, on_progress=lambda _message: None)


def api(installation: Installation, path: str) -> list[dict[str, Any]]:
    with services(installation) as found:
        answer = httpx.post(f"{found.prefect_api_url}/{path}", json={"limit": 200}, timeout=30)
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()
    return rows


def with_database(dsn: str, name: str) -> str:
    return psycopg.conninfo.make_conninfo(
        **{**psycopg.conninfo.conninfo_to_dict(dsn), "dbname": name}
    )


def texts(dsn: str) -> list[str]:
    """Every row of every table as text."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "SELECT quote_ident(table_name) FROM information_schema.tables"
            " WHERE table_schema = 'public'"
        ).fetchall()
        return [
            row
            for (table,) in tables
            for (row,) in connection.execute(f"SELECT t::text FROM {table} t")  # noqa: S608
        ]
