"""What somebody who helps needs to know of an installation: ids, counts and codes, no person.

Logs hold no names by contract; exams' names, settings' secrets and the paths of this machine are
left out or replaced.
"""

import json
import platform
import re
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from viatique.db import diagnosis as asked
from viatique.db import measures
from viatique.db.audit import list_events
from viatique.db.exams import list_exams
from viatique.db.pool import Connection
from viatique.db.sessions import list_sessions
from viatique.diagnosis import Finding
from viatique.models import ExamId, Language
from viatique.settings import Settings
from viatique.steps.export_results import replace_file
from viatique.steps.report import report_exam
from viatique.workbench import Workbench

LOGS = ("viatique.log", "audit.log", "keeper.log", "postgres.log", "prefect-server.log")
LOG_BYTES = 2 * 1024 * 1024
"""Of the end of each log."""
EVENTS = 1000
SECRET = re.compile(r"(?<=://)[^/@\s]+@")


def write_bundle(
    bench: Workbench, path: Path, findings: Iterable[Finding], measured: Collector
) -> None:
    """A ZIP to send to somebody who helps.

    Raises:
        InvalidInput: it cannot be written there.
    """

    def write(part: Path) -> None:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in _parts(bench, findings, measured):
                bundle.writestr(name, without_places(text, bench.settings))

    replace_file(path, write)


def without_places(text: str, settings: Settings) -> str:
    """The text without passwords of URLs and without the names of this machine's folders."""
    hidden = SECRET.sub("***@", text)
    for folder, name in ((settings.home_path, "HOME"), (Path.home(), "~")):
        hidden = hidden.replace(str(folder), name)
    return hidden


def _parts(
    bench: Workbench, findings: Iterable[Finding], measured: Collector
) -> Iterator[tuple[str, str]]:
    yield "findings.txt", "\n".join(_finding_lines(findings)) + "\n"
    yield "environment.json", _json(_environment(bench.settings))
    registry = CollectorRegistry()
    registry.register(measured)
    yield "metrics.txt", generate_latest(registry).decode()
    with bench.owner.transaction() as connection:  # the writer sees no sessions but its own
        yield "database.json", _json(_database(connection))
    with bench.database.transaction() as connection:
        yield "trail.jsonl", _trail(connection)
        exams = list_exams(connection)
    yield "exams.json", _json([_exam(bench, exam.exam_id) for exam in exams])
    for name in LOGS:
        log = bench.settings.home_path / "logs" / name
        if log.exists():
            yield f"logs/{name}", _end_of(log)


def _finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.kind.severity} {finding.code}: {finding.what(Language.EN)}"


def _environment(settings: Settings) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "settings": {name: _shown(value) for name, value in settings.model_dump().items()},
        "packages": {one.name: one.version for one in distributions()},
    }


def _shown(value: object) -> object:
    """Numbers and switches as they are; of folders and addresses, whether they were set."""
    return value if isinstance(value, bool | int | float | None) else "set"


def _database(connection: Connection) -> dict[str, Any]:
    return {
        "version": connection.info.server_version,
        "tables": asked.list_table_sizes(connection),
        "sessions": [repr(session) for session in list_sessions(connection)],
        "locks": asked.list_held_copies(connection),
        "conflicts": asked.list_recent_conflicts(connection),
        "claims": measures.count_live_claims(connection),
    }


def _trail(connection: Connection) -> str:
    events = list_events(connection, limit=EVENTS)
    return "".join(json.dumps(event.to_json(), default=str) + "\n" for event in events)


def _exam(bench: Workbench, exam_id: ExamId) -> dict[str, Any]:
    report = report_exam(bench.database, exam_id)
    return {
        "exam": exam_id,
        "pages": report.pages,
        "statuses": report.statuses,
        "identities": report.identities,
        "quarantined": len(report.quarantined),
        "failed": [(problem.copy_id, problem.reasons) for problem in report.failed],
        "unmarked": report.unmarked,
    }


def _end_of(path: Path) -> str:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - LOG_BYTES))
        return stream.read().decode("utf-8", "replace")


def _json(value: object) -> str:
    return json.dumps(value, indent=1, default=str)
