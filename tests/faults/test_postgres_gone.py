"""Postgres goes away in the middle of each flow and comes back: nothing lost, nothing twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults import readers
from tests.faults.lines import Cut, Line
from tests.faults.outcomes import assert_nothing_is_left, outcome_of
from tests.steps.benches import complete_marks, list_copies, write_exam, write_scan
from viatique import inline
from viatique.db.claims import Stage, claim_subjects
from viatique.errors import DatabaseUnavailable
from viatique.inline import run_finalize, run_identify, run_import, run_marks
from viatique.lifecycle import CopyStatus
from viatique.models import ExamId
from viatique.run import new_run
from viatique.steps import read_headers
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.steps.record_marks import receive_marks
from viatique.workbench import Workbench

COPIES = 3

Flow = Callable[[Workbench, ExamId], object]


@pytest.fixture(autouse=True)
def _no_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_headers, "read_copy_header", readers.read)


def run_all_marks(bench: Workbench, exam_id: ExamId) -> None:
    path = bench.settings.home_path / "marks.json"
    copy_ids = [copy.copy_id for copy in list_copies(bench, exam_id)]
    path.write_text(json.dumps(complete_marks(copy_ids)), "utf-8")
    run_marks(bench, exam_id, receive_marks(bench, exam_id, path))


FLOWS: dict[str, Flow] = {
    "import": run_import,
    "identify": run_identify,
    "marks": run_all_marks,
    "finalize": run_finalize,
}


def again(flow: Flow, bench: Workbench, exam_id: ExamId) -> None:
    """As people do: what says that the database is away is run once more."""
    try:
        flow(bench, exam_id)
    except DatabaseUnavailable:
        flow(bench, exam_id)


def begun(bench: Workbench, folder: Path, last: str) -> ExamId:
    """An exam for which nothing is left to do before the last flow."""
    exam_id = create_exam(bench, write_exam(folder))
    receive_scan(bench, exam_id, write_scan(folder, pages=2 * COPIES))
    for flow in list(FLOWS.values())[: list(FLOWS).index(last)]:
        flow(bench, exam_id)
    return exam_id


@pytest.mark.parametrize("is_after", [False, True], ids=["unheard", "unanswered"])
@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_goes_on_whenever_the_line_is_cut(
    far_bench: Workbench, line: Line, tmp_path: Path, name: str, *, is_after: bool
) -> None:
    flow, nth = FLOWS[name], 0
    exam_id = begun(far_bench, tmp_path, name)
    flow(far_bench, exam_id)
    undisturbed = outcome_of(far_bench, exam_id)
    was_cut = True
    while was_cut:
        nth += 1
        exam_id = begun(far_bench, tmp_path, name)
        line.plan_cut(Cut(word=b"COMMIT", nth=nth, is_after=is_after))
        again(flow, far_bench, exam_id)
        was_cut = line.was_cut
        line.plan_cut(None)
        assert outcome_of(far_bench, exam_id) == undisturbed, nth
        assert_nothing_is_left(far_bench)
    assert nth > 2, "there are more moments to be cut at"


@pytest.mark.parametrize("name", FLOWS)
def test_a_database_that_stays_away_is_told_and_the_next_run_completes(
    far_bench: Workbench,
    line: Line,
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inline, "DATABASE_TRIES", 1)
    exam_id = begun(far_bench, tmp_path, name)
    line.is_down = True
    line.cut()
    with pytest.raises(DatabaseUnavailable, match="Run the command again"):
        FLOWS[name](far_bench, exam_id)
    line.is_down = False
    FLOWS[name](far_bench, exam_id)
    other = begun(far_bench, tmp_path, name)
    FLOWS[name](far_bench, other)
    assert outcome_of(far_bench, exam_id) == outcome_of(far_bench, other)
    assert_nothing_is_left(far_bench)


def test_a_database_that_comes_back_in_time_is_waited_for(
    far_bench: Workbench, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool waits for a connection while the work of the processes goes on."""
    exam_id = begun(far_bench, tmp_path, "import")
    run = far_bench.pool.run

    def run_while_it_is_away(*arguments: Any, **named: Any) -> list[Any]:  # noqa: ANN401
        monkeypatch.setattr(far_bench.pool, "run", run)
        line.hang_ups = 2
        line.cut()
        return run(*arguments, **named)

    monkeypatch.setattr(far_bench.pool, "run", run_while_it_is_away)
    run_import(far_bench, exam_id)
    assert line.hang_ups == 0
    assert [copy.status for copy in list_copies(far_bench, exam_id)] == [CopyStatus.READY] * COPIES
    assert_nothing_is_left(far_bench)


def test_claims_are_believed_in_again_after_the_database_was_away(
    far_bench: Workbench, line: Line, tmp_path: Path
) -> None:
    """Else two threads of one process would do the same copies."""
    exam_id = begun(far_bench, tmp_path, "identify")
    copy_ids = [copy.copy_id for copy in list_copies(far_bench, exam_id)]

    def claim() -> list[str]:
        with far_bench.database.transaction() as connection:
            return claim_subjects(
                connection,
                stage=Stage.READ,
                subjects=copy_ids,
                holder=far_bench.holder,
                run=new_run(),
            )

    assert claim() == copy_ids
    line.cut()
    assert claim() == []
