"""An exam's settings are tried on a scan without importing anything."""

import stat
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.steps.benches import count_rows, stored_files
from viatique.demo.exam import generate_exam
from viatique.demo.plan import Traps
from viatique.errors import InvalidScan
from viatique.models import FieldName, FieldReading, FieldState, HeaderReading, Rect
from viatique.steps.check_exam import check_exam, framed
from viatique.steps.create_exam import create_exam
from viatique.workbench import Workbench

GREEN = (60, 150, 40)


@pytest.mark.slow
def test_a_check_says_what_an_import_would_find_and_imports_nothing(
    bench: Workbench, tmp_path: Path
) -> None:
    traps = Traps(swapped=0, off_roster=0, upside_down=0, siblings=0, blank=0)
    demo = generate_exam(tmp_path / "exam", copies=5, dpi=150, traps=traps)
    exam_id = create_exam(bench, demo.exam_toml)
    before = count_rows(bench), stored_files(bench)

    found = check_exam(bench, exam_id, demo.scan_pdf)

    assert (count_rows(bench), stored_files(bench)) == before
    assert (found.pages, found.copies, found.incomplete) == (19, 5, 1)
    assert [copy.first_page for copy in found.first][:1] == [1]
    for copy in found.first:
        assert {field.state for field in copy.reading.fields} == {FieldState.READ}
    assert stat.S_IMODE(found.picture.stat().st_mode) == 0o600
    assert cv2.imread(str(found.picture)) is not None


def test_a_check_refuses_what_an_import_refuses(bench: Workbench, tmp_path: Path) -> None:
    demo = generate_exam(tmp_path / "exam", copies=5, dpi=50, traps=Traps(siblings=0))
    exam_id = create_exam(bench, demo.exam_toml)
    with pytest.raises(InvalidScan):
        check_exam(bench, exam_id, demo.roster_csv)


def test_fields_are_framed_where_they_are_on_the_upright_page() -> None:
    page = np.full((1400, 1000), 255, np.uint8)
    zone = Rect(x0=0.1, y0=0.1, x1=0.5, y1=0.2)
    field = FieldReading(
        name=FieldName.LAST_NAME,
        state=FieldState.READ,
        log_probs=np.zeros((1, 27), np.float32),
        zone=zone,
    )
    picture = framed(page, HeaderReading(fields=(field,)))
    height = round(picture.shape[1] * 1.4)
    assert tuple(picture[round(0.15 * height), round(0.1 * 900)]) == GREEN
    assert tuple(picture[round(0.15 * height), round(0.05 * 900)]) == (255, 255, 255)
