"""Files laid into ``HOME/inbox/EXAM`` are received: how a scan gets in without a command line.

What is received moves to ``received/`` beside; what is refused moves to ``refused/`` with the
reason in a text file, so that the rest goes on.
"""

import logging
from pathlib import Path

from viatique.errors import InvalidInput
from viatique.files import write_atomically
from viatique.models import ExamId
from viatique.run import Run
from viatique.steps.import_scan import receive_scan
from viatique.tracing import traced
from viatique.unfinished import sweep
from viatique.workbench import Workbench

logger = logging.getLogger("viatique.steps")

REFUSED = "refused"


def inbox_folder(bench: Workbench, exam_id: ExamId) -> Path:
    """Where scans of this exam may be laid."""
    return bench.settings.home_path / "inbox" / exam_id


@traced
def receive_inbox(bench: Workbench, run: Run, exam_id: ExamId) -> int:
    """Receives every PDF in the exam's inbox; returns how many were refused."""
    folder = inbox_folder(bench, exam_id)
    sweep(folder / REFUSED)
    waiting = sorted(folder.glob("*.[pP][dD][fF]"))
    return sum(not _receive(bench, run, exam_id, path) for path in waiting)


def _receive(bench: Workbench, run: Run, exam_id: ExamId, path: Path) -> bool:
    try:
        receive_scan(bench, exam_id, path, run=run)
    except InvalidInput as error:
        logger.exception("scan_refused", extra={"exam_id": exam_id})
        _put_aside(path, REFUSED, reason=f"{error}\n")
        return False
    _put_aside(path, "received")
    return True


def _put_aside(path: Path, name: str, *, reason: str | None = None) -> None:
    """Moves a file, its reason first: what was moved is not looked at again."""
    folder = path.parent / name
    folder.mkdir(exist_ok=True)
    if reason:
        write_atomically((folder / path.name).with_suffix(".reason.txt"), reason.encode())
    path.rename(folder / path.name)
