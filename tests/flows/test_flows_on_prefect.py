"""The whole way of an exam on a real Prefect server, and what it leaves behind."""

import json
import re

import pytest

from tests.flows.installation import Installation
from tests.flows.secrets import arguments, open_to_others, secrets_of
from tests.flows.ways import REMARK, api, services, texts, with_database
from tests.privacy.searches import contents, files_under
from viatique.demo.exam import DemoExam

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


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
    folders = (installation.home / folder for folder in ("logs", "prefect", "run"))
    files = [contents(path).decode("utf-8", "replace") for path in files_under(*folders)]
    assert len(cells) > 100
    assert files
    assert not [match[0] for text in [*cells, *files] for match in words.finditer(text)]


def test_nothing_is_seen_by_other_users_of_the_machine(
    installation: Installation, undisturbed: str
) -> None:
    assert undisturbed
    installation.run("audit", "seal")
    assert open_to_others(installation.home) == []
    with services(installation):
        seen = arguments()
    assert any("prefect server start" in one for one in seen.values())
    secrets = secrets_of(installation.home)
    assert len(secrets) > 1
    assert [pid for pid, one in seen.items() for secret in secrets if secret in one] == []
