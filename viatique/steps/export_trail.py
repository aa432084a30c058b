"""The audit trail leaves Viatique as a file, for whoever must check it elsewhere."""

import json
from pathlib import Path

from viatique.db.audit import insert_event, iterate_events
from viatique.db.exams import find_exam
from viatique.db.pool import Database
from viatique.lifecycle import Action
from viatique.models import ExamId
from viatique.run import Run
from viatique.steps.export_results import replace_file


def export_trail(database: Database, run: Run, path: Path, *, exam_id: ExamId | None) -> int:
    """Writes the events (of one exam), oldest first, one JSON object a line; returns how many.

    Raises:
        NotFound: there is no such exam.
        InvalidInput: the file cannot be written.
    """
    lines = 0

    def write(part: Path) -> None:
        nonlocal lines
        with database.transaction() as connection, part.open("w", encoding="utf-8") as stream:
            for event in iterate_events(connection, exam_id):
                stream.write(json.dumps(event.to_json(), ensure_ascii=False) + "\n")
                lines += 1
            insert_event(
                connection,
                action=Action.EXPORT,
                exam_id=exam_id,
                copy_id=None,
                run=run,
                details={"what": "trail", "lines": lines},
            )

    if exam_id:
        with database.transaction() as connection:
            find_exam(connection, exam_id)
    replace_file(path, write)
    return lines
