"""The whole way of an exam on a real Prefect server, killed or not, and what it leaves behind."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.flows.installation import Installation
from viatique.demo.exam import DemoExam
from viatique.services.local import ensure
from viatique.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

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


def outcome(installation: Installation, exam_id: str) -> list[dict[str, Any]]:
    """What became of each copy, with nothing that differs between two runs of the same exam."""
    rows = installation.lines("copies", exam_id)
    with services(installation) as found, psycopg.connect(found.database_dsn) as connection:
        actions = dict(
            connection.execute(
                "SELECT copy_id, array_agg(action::text ORDER BY event_id) FROM audit_event"
                " GROUP BY copy_id"
            ).fetchall()
        )
    return [
        {
            **{
                name: row[name]
                for name in ("first_page", "last_page", "status", "identity", "student", "score")
            },
            "missing": row["missing_pages"],
            "number": row["copy"].removeprefix(exam_id),
            "actions": actions[row["copy"]],
            "has_final": row["final_pdf"] is not None and Path(row["final_pdf"]).stat().st_size > 0,
        }
        for row in rows
    ]


@pytest.fixture(scope="module")
def undisturbed(
    installation: Installation, demo_exam: DemoExam, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The exam after its whole way, with nothing in between."""
    exam_id = create(installation, demo_exam)
    installation.run("import", exam_id, demo_exam.scan_pdf)
    installation.run("identify", exam_id)
    marks = write_marks(installation, exam_id, tmp_path_factory.mktemp("marks") / "marks.csv")
    installation.run("marks", exam_id, marks)
    installation.run("finalize", exam_id)
    return exam_id


def test_an_exam_goes_from_scan_to_final_pdfs(
    installation: Installation, demo_exam: DemoExam, undisturbed: str
) -> None:
    rows = installation.lines("copies", undisturbed)
    incomplete = [row["missing_pages"] for row in rows if row["status"] == "QUARANTINE"]
    assert [row["status"] for row in rows].count("GRADED") == len(rows) - len(incomplete)
    assert all(len(pages) == 1 for pages in incomplete)
    writers = {f"{copy.number:04}": copy.student_id for copy in demo_exam.plan.copies}
    automatic = [row for row in rows if row["identity"] == "AUTO"]
    assert len(automatic) > len(rows) / 2
    for row in automatic:
        assert row["student"] == writers[row["copy"][-4:]]
    assert installation.run("audit", "verify")


def test_every_event_and_log_line_carries_its_flow_run_id(
    installation: Installation, undisturbed: str
) -> None:
    copy = f"{undisturbed}-0001"
    events = installation.lines("audit", "show", copy)
    runs = {event["correlation_id"] for event in events}
    known = {run["id"] for run in api(installation, "flow_runs/filter")}
    assert len(runs) == 4, "import, identify, marks, finalize"
    assert runs <= known
    logged = [
        event
        for name in ("copy_imported", "header_read", "copy_finalized")
        for event in installation.log_events(name)
        if event["copy_id"] == copy
    ]
    assert len(logged) == 3
    assert {event["flow_run_id"] for event in logged} <= runs


def test_each_run_leaves_its_table_in_the_prefect_ui(
    installation: Installation, undisturbed: str
) -> None:
    artifacts = api(installation, "artifacts/filter")
    tables = [one for one in artifacts if one["key"] == f"exam-{undisturbed.lower()}"]
    assert len(tables) == 4
    assert f"{undisturbed}-" in json.dumps(tables[-1]["data"])


def test_no_name_reaches_prefect_or_the_logs(
    installation: Installation, demo_exam: DemoExam, undisturbed: str
) -> None:
    names = {student.last_name for student in demo_exam.plan.roster}
    words = re.compile("|".join([REMARK, *(rf"\b{re.escape(name)}\b" for name in names)]), re.I)
    with services(installation) as found:
        dsn = found.database_dsn
        cells = [cell for table in ("prefect",) for cell in texts(with_database(dsn, table))]
    files = [
        path.read_bytes().decode("utf-8", "replace")
        for folder in ("logs", "prefect", "run")
        for path in (installation.home / folder).rglob("*")
        if path.is_file()
    ]
    assert len(cells) > 100
    assert files
    assert not [match[0] for text in [*cells, *files] for match in words.finditer(text)]


@pytest.mark.parametrize("stage", ["import", "identify", "marks", "finalize"])
def test_a_flow_killed_in_the_middle_does_the_rest_when_run_again(
    installation: Installation,
    demo_exam: DemoExam,
    undisturbed: str,
    tmp_path: Path,
    stage: str,
) -> None:
    exam_id = create(installation, demo_exam)
    arguments: dict[str, Callable[[], list[str | Path]]] = {
        "import": lambda: [demo_exam.scan_pdf],
        "identify": list,
        "marks": lambda: [write_marks(installation, exam_id, tmp_path / "marks.csv")],
        "finalize": list,
    }
    for name, given in arguments.items():
        command = [name, exam_id, *given()]
        if name != stage:
            installation.run(*command, "--inline")
            continue
        assert installation.kill_when(begun(installation, exam_id, stage), *command)
        installation.run(*command)
    assert outcome(installation, exam_id) == outcome(installation, undisturbed)
    assert installation.run("audit", "verify")


def begun(installation: Installation, exam_id: str, stage: str) -> Callable[[], bool]:
    """Whether the stage has done a part of its work; for marks, whether its flow runs."""
    names = {
        "import": "copy_imported",
        "identify": "header_read",
        "finalize": "copy_finalized",
    }
    if stage == "marks":
        return lambda: any(
            run["name"] == f"marks {exam_id}" for run in api(installation, "flow_runs/filter")
        )
    return lambda: any(
        event["exam_id"] == exam_id for event in installation.log_events(names[stage])
    )


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
