"""Pages that show names log none and store none elsewhere, also when they fail."""

from pathlib import Path

import pytest
import streamlit

from dashboard.contents import GROUPS
from tests.dashboard.conftest import Visiting
from tests.privacy.searches import columns_with, files_beside, files_with
from tests.steps.benches import complete_marks, give_marks, list_copies, write_exam, write_scan
from tests.steps.readings import identify_as
from viatique.access import Role
from viatique.inline import run_import
from viatique.steps.create_exam import create_exam
from viatique.steps.import_scan import receive_scan
from viatique.workbench import Workbench

LAST, FIRST = "Zorglubien", "Quibolinette"
NAMES = (LAST, FIRST)
ROSTER = f"INE;NOM;PRENOM\nS1;{LAST};{FIRST}\nS2;{LAST};Bruno\n"
BELONG = {
    ("student", "last_name"),
    ("student", "first_name"),
    ("mark", "remark"),
    ("source_file", "file_name"),
}
ENTRIES = [entry for group in GROUPS.values() for entry in group]


@pytest.fixture
def exam_of_names(bench: Workbench, tmp_path: Path) -> str:
    exam_id = create_exam(bench, write_exam(tmp_path, roster=ROSTER))
    receive_scan(bench, exam_id, write_scan(tmp_path, pages=4, name=f"{LAST}.pdf"))
    run_import(bench, exam_id)
    copy_ids = [copy.copy_id for copy in list_copies(bench, exam_id)]
    identify_as(bench, dict(zip(copy_ids, [(LAST, FIRST), (LAST, "")], strict=True)))
    marks = [{**one, "remarks": {"1": LAST}} for one in complete_marks(copy_ids[:1])]
    give_marks(bench, exam_id, tmp_path, marks)
    return exam_id


def test_pages_show_names_and_log_none_even_when_they_fail(
    bench: Workbench, visiting: Visiting, exam_of_names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = ""
    for entry in ENTRIES:
        query = {"exam": exam_of_names, "copy": f"{exam_of_names}-0001", "q": LAST}
        app = visiting(entry.name, Role.ADMIN, **query)
        assert not app.exception, entry.name
        shown += repr(app)
    assert LAST in shown, "no page shows a name: the test sees nothing"

    def fail(*_arguments: object, **_more: object) -> None:
        raise ValueError(f"{FIRST} {LAST}")

    monkeypatch.setattr(streamlit, "title", fail)
    for entry in ENTRIES:
        assert visiting(entry.name, Role.ADMIN, exam=exam_of_names).exception, entry.name
    assert columns_with(bench.database, NAMES) == BELONG
    assert files_with(files_beside(bench.settings.home_path, "store"), NAMES) == set()
