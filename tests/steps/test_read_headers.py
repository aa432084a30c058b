"""Headers are read from the top of the page, wherever else they may be included."""

from pathlib import Path

import numpy as np
import pymupdf
import pytest

from tests.steps.benches import import_exam, list_copies
from viatique.db.sources import list_first_copy_files
from viatique.demo.exam import generate_exam
from viatique.demo.plan import NO_TRAPS
from viatique.exam_file import read_exam_file
from viatique.files import Kind
from viatique.models import CopyId, HeaderReading, Sha256
from viatique.ocr import evidence
from viatique.pdf.render import render_page
from viatique.steps.read_headers import (
    READING_DPI,
    TOP_PART,
    LocalCopy,
    ReadJob,
    draw_references,
    read_copy_header,
    top_of_page,
)
from viatique.workbench import Workbench


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up exam of one tidy copy."""
    folder = tmp_path_factory.mktemp("exam")
    generate_exam(folder, copies=1, dpi=150, traps=NO_TRAPS)
    return folder


def first_page(folder: Path, *, turn: int = 0) -> bytes:
    with pymupdf.open(folder / "scan.pdf") as scan:
        scan.select([0])
        scan[0].set_rotation(turn)
        return scan.tobytes()


def read(bench: Workbench, folder: Path, *, turn: int) -> HeaderReading:
    sha256 = bench.store.put(first_page(folder, turn=turn), Kind.COPY)
    with bench.store.local(sha256, Kind.COPY) as path:
        job = ReadJob(
            copy_id=CopyId("E00001-0001"),
            copy=LocalCopy(sha256=sha256, path=path),
            spec=read_exam_file((folder / "exam.toml").read_text("utf-8")).header,
            references=(),
            models_folder=bench.models_folder,
        )
        return evidence.from_bytes(read_copy_header(job).data)


def test_the_top_of_a_page_is_as_in_the_whole_page_and_white_below(folder: Path) -> None:
    copy_pdf = first_page(folder)
    whole, top = render_page(copy_pdf, 0, dpi=READING_DPI), top_of_page(copy_pdf)
    assert abs(len(top) - len(whole)) <= 2
    rows = int(TOP_PART * len(whole)) - 1
    assert np.array_equal(top[:rows], whole[:rows])
    assert (top[rows + 3 :] == 255).all()


def test_a_damaged_copy_spoils_no_form_of_the_exam(folder: Path, tmp_path: Path) -> None:
    for name, data in (("broken", b"%PDF-1.7 and no more"), ("sound", first_page(folder))):
        (tmp_path / name).write_bytes(data)
    copies = [
        LocalCopy(sha256=Sha256(name), path=tmp_path / name) for name in ("broken", "lost", "sound")
    ]
    (drawn,) = draw_references(copies)
    assert drawn.shape == top_of_page(first_page(folder)).shape


def test_forms_are_learned_from_copies_that_can_be_drawn(bench: Workbench, tmp_path: Path) -> None:
    exam_id = import_exam(bench, tmp_path, count=3)
    first, *others = list_copies(bench, exam_id)
    with bench.database.transaction() as connection:
        connection.execute(
            "UPDATE page SET defect = 'page_unreadable' WHERE copy_id = %s AND position = 0",
            (first.copy_id,),
        )
        found = list_first_copy_files(connection, exam_id, limit=4)
    assert found == tuple(copy.file_sha256 for copy in others)


@pytest.mark.slow
def test_an_upside_down_page_is_read_as_an_upright_one(bench: Workbench, folder: Path) -> None:
    upright, turned = read(bench, folder, turn=0), read(bench, folder, turn=180)
    assert (upright.turn, turned.turn) == (0, 180)
    assert [field.state for field in turned.fields] == [field.state for field in upright.fields]
    names = [[field.text.upper() for field in one.fields[:2]] for one in (upright, turned)]
    assert names[0] == names[1]
