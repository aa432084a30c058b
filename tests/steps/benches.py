"""A workbench on a test's own database and folder, and small exams to lay on it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymupdf

from tests.unit.pdf_factories import scan
from viatique import logs
from viatique.db import copies
from viatique.db.audit import AuditEvent, list_events_of_copy
from viatique.db.claims import holding
from viatique.db.copies import Copy
from viatique.db.pool import Database
from viatique.files import Kind, Store
from viatique.inline import run_import, run_marks
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId, Layout, Segmentation
from viatique.settings import Settings
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.steps.record_marks import receive_marks
from viatique.workbench import Workbench
from viatique.workers import WorkerPool

ROSTER = "INE;NOM;PRENOM\nS1;Alpha;Anne\nS2;Beta;Bruno\nS3;Gamma;Carla\n"
EXAM_TOML = """\
name = "Bac blanc"
date = 2027-02-06
layout = "{layout}"
pages_per_copy = {pages_per_copy}
segmentation = "{segmentation}"
roster = "roster.csv"

[marking]
total = 20
questions = [
  {{ id = "1", label = "Exercice 1", points = 7.5 }},
  {{ id = "2", label = "Exercice 2", points = 12.5 }},
]
"""
REMARK = "Raisonnement clair, à rédiger davantage."
APPRECIATION = "Ensemble solide : continuez ainsi."
COMMENT = "Hérédité à justifier"


@contextmanager
def bench_on(database: Database, home: Path, pool: WorkerPool) -> Iterator[Workbench]:
    """A workbench whose files and logs lie in ``home``; its claims die with the block."""
    settings = Settings(home=home)
    logs.configure_logging(home / "logs", "json")
    with holding(database, lease_s=settings.lease_s) as holder:
        yield Workbench(
            settings=settings,
            database=database,
            store=Store(str(home / "store")),
            pool=pool,
            holder=holder,
            owner=database,
            sealer=database,
        )
    silence_logs()


def silence_logs() -> None:
    """Takes back what ``configure_logging`` did to this process."""
    logs.release_logging()


def with_settings(bench: Workbench, **changes: object) -> Workbench:
    """The same workbench with other settings."""
    return replace(bench, settings=bench.settings.model_copy(update=changes))


def write_exam(
    folder: Path,
    *,
    layout: Layout = Layout.A4,
    pages_per_copy: int = 2,
    segmentation: Segmentation = Segmentation.PAGES,
    roster: str = ROSTER,
) -> Path:
    """An exam of two questions (7.5 and 12.5 points), copies cut every two pages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roster.csv").write_text(roster, "utf-8")
    path = folder / "exam.toml"
    path.write_text(
        EXAM_TOML.format(layout=layout, pages_per_copy=pages_per_copy, segmentation=segmentation),
        "utf-8",
    )
    return path


def write_scan(folder: Path, *, pages: int, name: str = "scan.pdf", height: int = 842) -> Path:
    """A scan of numbered A4 pages; another height makes another file."""
    path = folder / name
    path.write_bytes(scan(pages, height=height))
    return path


def import_exam(
    bench: Workbench, folder: Path, *, count: int = 2, scan_pdf: Path | None = None
) -> ExamId:
    """An exam whose scan (given, or made) became ``count`` copies of two pages, READY."""
    exam_id = create_exam(bench, write_exam(folder))
    receive_scan(bench, exam_id, scan_pdf or write_scan(folder, pages=2 * count))
    run_import(bench, exam_id)
    return exam_id


def complete_marks(copy_ids: Sequence[CopyId]) -> list[dict[str, Any]]:
    """Marks of 15.5 points for each copy, with a remark, an appreciation and a comment."""
    return [
        {
            "copy": copy_id,
            "scores": {"1": 5.5, "2": 10},
            "remarks": {"2": REMARK},
            "appreciation": APPRECIATION,
            "annotations": [
                {"page": 1, "x": 0.2, "y": 0.4, "w": 0.3, "h": 0.05, "text": COMMENT}
            ],
        }
        for copy_id in copy_ids
    ]  # fmt: skip


def give_marks(bench: Workbench, exam_id: ExamId, folder: Path, marks: object) -> None:
    """Receives and records marks: JSON for values, CSV for text."""
    path = folder / "marks"
    path.write_text(marks if isinstance(marks, str) else json.dumps(marks), "utf-8")
    run_marks(bench, exam_id, receive_marks(bench, exam_id, path))


def mark_exam(
    bench: Workbench, folder: Path, *, count: int = 2, scan_pdf: Path | None = None
) -> ExamId:
    """An exam whose copies are READY with complete marks."""
    exam_id = import_exam(bench, folder, count=count, scan_pdf=scan_pdf)
    copy_ids = [copy.copy_id for copy in list_copies(bench, exam_id)]
    give_marks(bench, exam_id, folder, complete_marks(copy_ids))
    return exam_id


def list_copies(bench: Workbench, exam_id: ExamId) -> tuple[Copy, ...]:
    with bench.database.transaction() as connection:
        return copies.list_copies(connection, exam_id)


def events_of(bench: Workbench, copy_id: CopyId) -> tuple[AuditEvent, ...]:
    with bench.database.transaction() as connection:
        return list_events_of_copy(connection, copy_id)


def actions_of(bench: Workbench, copy_id: CopyId) -> list[Action]:
    """What was done to a copy, oldest first."""
    return [event.action for event in events_of(bench, copy_id)]


def count_rows(bench: Workbench) -> dict[str, int]:
    """How many rows the tables hold that any change of an exam touches."""
    with bench.database.transaction() as connection:
        row = connection.execute(
            """
            SELECT (SELECT count(*) FROM exam) AS exam, (SELECT count(*) FROM student) AS student,
                (SELECT count(*) FROM source_file) AS source_file,
                (SELECT count(*) FROM copy) AS copy, (SELECT count(*) FROM page) AS page,
                (SELECT count(*) FROM mark) AS mark,
                (SELECT count(*) FROM annotation) AS annotation,
                (SELECT count(*) FROM marks_file) AS marks_file,
                (SELECT count(*) FROM final_pdf) AS final_pdf,
                (SELECT count(*) FROM claim) AS claim,
                (SELECT count(*) FROM observation) AS observation,
                (SELECT count(*) FROM audit_event) AS audit_event
            """
        ).fetchone()
    assert row is not None
    return dict(row)


def stored_files(bench: Workbench) -> list[str]:
    """Names of all files in the store."""
    folder = Path(bench.store.url)
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def copy_file(bench: Workbench, copy: Copy) -> Path:
    """Where the copy's own PDF lies."""
    assert copy.file_sha256
    return Path(bench.store.path(copy.file_sha256, Kind.COPY))


def log_lines(bench: Workbench, message: str) -> list[dict[str, Any]]:
    """The lines of this process's log with that message."""
    log = bench.settings.home_path / "logs" / "viatique.log"
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return [line for line in lines if line["message"] == message]


def page_jpegs(path: Path) -> list[bytes]:
    """The JPEG bytes of each page, as they lie in the PDF."""
    with pymupdf.open(path) as document:
        return [document.extract_image(page.get_images()[0][0])["image"] for page in document]


@dataclass
class Tally:
    """Watches progress: what was announced and what was told done, by stage."""

    totals: dict[str, int]
    done: dict[str, int]

    def start(self, stage: str, total: int, unit: str) -> None:
        self.totals[stage] = self.totals.get(stage, 0) + total

    def advance(self, stage: str, units: int) -> None:
        self.done[stage] = self.done.get(stage, 0) + units
