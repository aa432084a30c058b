"""Hostile rosters, marks and exam files: read whole, or refused with the place and the reason."""

from pathlib import Path

from tests.hostile.judging import Verdict
from tests.hostile.stages import Stages
from tests.steps.benches import EXAM_TOML, ROSTER, import_exam, list_copies
from viatique.errors import InvalidTable, NotFound
from viatique.inline import run_marks
from viatique.models import ExamId
from viatique.steps.create_exam import create_exam
from viatique.steps.record_marks import receive_marks
from viatique.workbench import Workbench

EXAM = EXAM_TOML.format(layout="a4", pages_per_copy=2, segmentation="pages")
TABLES: dict[str, bytes] = {
    "roster": ROSTER.encode() + "S4;Éloi;Zoé\nS5;D'Arc;Anne-Lise\n".encode(),
    "roster with dates": b"INE,NOM,PRENOM,NE(E) LE\nS1,Alpha,Anne,24/11/2008\nS2,Beta,B,2008-1-3\n",
    "marks csv": b"copy;question;points;remark\nCOPY1;1;2,5;Bien\nCOPY1;2;3;\nCOPY2;1;0;\n",
    "marks json": (
        b'[{"copy": "COPY1", "scores": {"1": 2.5, "2": 4}, "remarks": {"2": "Non."},\n'
        b'  "appreciation": "Ensemble solide.", "annotations": [\n'
        b'  {"page": 0, "kind": "TICK", "x": 0.1, "y": 0.2, "w": 0.3, "h": 0.05},\n'
        b'  {"page": 1, "kind": "FREEHAND", "x": 0, "y": 0, "strokes": [[[0, 0.5], [1, 1]]]}]}]'
    ),
    "exam.toml": EXAM.encode(),
    "exam.toml with zones": EXAM.encode()
    + b'\n[header]\nform = "zones"\nfields = ["student_number"]\n'
    + b'[[header.field]]\nname = "student_number"\nzone = [0.55, 0.05, 0.95, 0.1]\n',
}  # fmt: skip


def judge_table(bench: Workbench, folder: Path, kind: str, data: bytes) -> Verdict:
    """Gives the file to the step that takes it."""
    stages = Stages()
    refusal: InvalidTable | None = None
    what = kind.split(maxsplit=1)[0]
    outcome = f"{what} read"
    try:
        _give(bench, folder, kind, data)
    except InvalidTable as error:
        refusal, outcome = error, f"{what} refused"
    except NotFound:
        outcome = f"{what} names a file that is not there"
    if refusal:
        assert refusal.problems, "refused without a reason"
        assert all(problem.message for problem in refusal.problems)
    stages.end(what)
    return Verdict(outcome=outcome, longest=stages.longest, peak_mib=0)


def _give(bench: Workbench, folder: Path, kind: str, data: bytes) -> None:
    if kind.startswith("marks"):
        exam_id = _exam_with_copies(bench, folder)
        first, second = list_copies(bench, exam_id)
        for name, copy in ((b"COPY1", first), (b"COPY2", second)):
            data = data.replace(name, copy.copy_id.encode())
        path = folder / "given"
        path.write_bytes(data)
        run_marks(bench, exam_id, receive_marks(bench, exam_id, path))
        return
    exam = data if kind.startswith("exam") else EXAM.encode()
    roster = data if kind.startswith("roster") else ROSTER.encode()
    (folder / "roster.csv").write_bytes(roster)
    (folder / "exam.toml").write_bytes(exam)
    create_exam(bench, folder / "exam.toml")


_exams: dict[str, ExamId] = {}


def _exam_with_copies(bench: Workbench, folder: Path) -> ExamId:
    """An exam of two copies, made once for a workbench."""
    if bench.store.url not in _exams:
        _exams[bench.store.url] = import_exam(bench, folder)
    return _exams[bench.store.url]
