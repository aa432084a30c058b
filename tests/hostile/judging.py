"""Puts a hostile file through all of the system and says what became of it.

Whatever comes out is one of a few good ends; anything else is an ``AssertionError`` that names it.
"""

import resource
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pymupdf

from tests.hostile.stages import Spent, Stages, children
from tests.steps.benches import list_copies, write_exam
from viatique.db.copies import Copy
from viatique.drawing import draw_png
from viatique.errors import InvalidScan, UnreadablePdf, ViatiqueError
from viatique.files import Kind
from viatique.inline import run_import
from viatique.lifecycle import CopyStatus
from viatique.models import ExamId, Language, ScoreRow, ScoreSheet, Segmentation
from viatique.steps.create_exam import create_exam
from viatique.steps.finalize_copies import Composed, ComposeJob, Marked, compose_copy
from viatique.steps.import_scan import receive_scan
from viatique.workbench import Workbench
from viatique.workers import PDF_TIMEOUT_S

MAX_MIB = 1024
SHOWN = 2
"""Copies of a file that are drawn and finalized; the others are only opened."""
ACTIVE_NAMES = (
    "/JavaScript", "/JS", "/OpenAction", "/AA", "/Launch", "/URI", "/EmbeddedFile", "/Filespec",
    "/AcroForm", "/XFA", "/RichMedia", "/SubmitForm", "/GoToR", "/Annots", "/AF", "/Metadata",
    "/PieceInfo", "/OPI",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a file: a word for counting, its longest stages, and the workers' memory."""

    outcome: str
    longest: Spent
    peak_mib: float


def judge_scan(bench: Workbench, folder: Path, data: bytes) -> Verdict:
    """Receives, imports, draws and finalizes a file somebody calls a scan."""
    stages = Stages()
    outcome = _outcome(bench, folder, data, stages)
    peak_mib = peak_mib_of_children()
    assert peak_mib < MAX_MIB, f"it took {peak_mib:.0f} MiB"
    return Verdict(outcome=outcome, longest=stages.longest, peak_mib=peak_mib)


def peak_mib_of_children() -> float:
    """The most memory any worker ever had, those that are gone included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return max([ended, *(_peak_mib(process.pid) for process in children())])


def _peak_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max([int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")] or [0])


def _outcome(bench: Workbench, folder: Path, data: bytes, stages: Stages) -> str:
    segmentation = Segmentation.HEADER if len(data) % 3 == 0 else Segmentation.PAGES
    exam_id = create_exam(bench, write_exam(folder, segmentation=segmentation))
    path = folder / f"{secrets.token_hex(4)}.pdf"
    path.write_bytes(data)
    refusal = ""
    try:
        receive_scan(bench, exam_id, path)
        stages.end("receiving")
        run_import(bench, exam_id)
    except InvalidScan as refused:
        refusal = f"refused: {refused.defect}"
    except UnreadablePdf as error:
        refusal = f"given up: {error.code}"
    stages.end("importing")
    path.unlink()
    if refusal:
        assert list_copies(bench, exam_id) == ()
    return refusal or _outcome_of_copies(bench, exam_id, stages)


def _outcome_of_copies(bench: Workbench, exam_id: ExamId, stages: Stages) -> str:
    copies = list_copies(bench, exam_id)
    assert copies, "a scan that was taken has no copies"
    for number, copy in enumerate(copies):
        is_aside = copy.status is CopyStatus.QUARANTINE and copy.problem
        assert copy.file_sha256 or is_aside, f"half-stored: {copy.status}"
        assert copy.error_code != "unexpected_failure", "an exception nobody foresaw"
        if number < SHOWN and copy.file_sha256:
            _check_copy(bench, copy, stages)
    return "taken: " + ", ".join(sorted({copy.status for copy in copies}))


def _check_copy(bench: Workbench, copy: Copy, stages: Stages) -> None:
    assert copy.file_sha256
    stored = bench.store.get(copy.file_sha256, Kind.COPY)
    for page in range(min(copy.page_count, 2)):
        _check_harmless(copy, "drawn", _drawing_error(stored, page))
        stages.end("drawing")
    marked = Marked(
        copy_id=copy.copy_id,
        file_sha256=copy.file_sha256,
        sheet=sheet_of(copy),
        annotations=(),
        language=Language.FR,
    )
    with bench.store.local(copy.file_sha256, Kind.COPY) as path, bench.store.workshop() as folder:
        job = ComposeJob(copy_pdf=path, marked=marked, made=folder / "final.pdf")
        (composed,) = bench.pool.run(compose_copy, [job], timeout_s=PDF_TIMEOUT_S)
        stages.end("finalizing")
        if isinstance(composed, Composed):
            assert not list(active_content(job.made.read_bytes()))
        else:
            _check_harmless(copy, "finalized", composed)


def _drawing_error(copy_pdf: bytes, page: int) -> ViatiqueError | None:
    try:
        draw_png(copy_pdf, page, dpi=100)
    except ViatiqueError as error:
        return error
    return None


def _check_harmless(copy: Copy, what: str, error: ViatiqueError | None) -> None:
    """Only a copy in quarantine may fail, and in a way that was foreseen."""
    if error:
        assert error.code != "unexpected_failure", f"{what}: {error}"
        assert copy.status is CopyStatus.QUARANTINE, f"READY, but cannot be {what}: {error}"


def sheet_of(copy: Copy) -> ScoreSheet:
    """A sheet with one question."""
    row = ScoreRow(question="1", label="Q", depth=0, points=Decimal(12), maximum=Decimal(20))
    return ScoreSheet(
        exam_name="Bac blanc",
        exam_date=date(2027, 2, 6),
        copy_id=copy.copy_id,
        rows=(row,),
        total=Decimal(12),
        maximum=Decimal(20),
        appreciation="",
    )


def active_content(pdf: bytes) -> Iterator[str]:
    """What may start something in a PDF, found in its objects, hidden ones included."""
    with pymupdf.open(stream=pdf) as document:
        for xref in range(1, document.xref_length()):
            words = document.xref_object(xref).replace("<<", " ").replace("[", " ").split()
            yield from (f"{word} in object {xref}" for word in words if word in ACTIVE_NAMES)
