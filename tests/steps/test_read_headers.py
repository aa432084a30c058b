"""Headers are read from the top of the page, wherever else they may be included."""

from pathlib import Path

import numpy as np
import pymupdf
import pytest

from viatique.demo.exam import generate_exam
from viatique.demo.plan import NO_TRAPS
from viatique.exam_file import read_exam_file
from viatique.files import Kind, Store
from viatique.models import CopyId, HeaderReading
from viatique.ocr import evidence
from viatique.pdf.render import render_page
from viatique.steps.read_headers import (
    READING_DPI,
    TOP_PART,
    ReadJob,
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
    store = Store(bench.store.url)
    job = ReadJob(
        copy_id=CopyId("E00001-0001"),
        store_url=bench.store.url,
        file_sha256=store.put(first_page(folder, turn=turn), Kind.COPY),
        spec=read_exam_file((folder / "exam.toml").read_text("utf-8")).header,
        references=(),
        models_folder=bench.models_folder,
        is_drawable=True,
    )
    return evidence.from_bytes(store.get(read_copy_header(job).sha256, Kind.READING))


def test_the_top_of_a_page_is_as_in_the_whole_page_and_white_below(folder: Path) -> None:
    copy_pdf = first_page(folder)
    whole, top = render_page(copy_pdf, 0, dpi=READING_DPI), top_of_page(copy_pdf)
    assert abs(len(top) - len(whole)) <= 2
    rows = int(TOP_PART * len(whole)) - 1
    assert np.array_equal(top[:rows], whole[:rows])
    assert (top[rows + 3 :] == 255).all()


@pytest.mark.slow
def test_an_upside_down_page_is_read_as_an_upright_one(bench: Workbench, folder: Path) -> None:
    upright, turned = read(bench, folder, turn=0), read(bench, folder, turn=180)
    assert (upright.turn, turned.turn) == (0, 180)
    assert [field.state for field in turned.fields] == [field.state for field in upright.fields]
    names = [[field.text.upper() for field in one.fields[:2]] for one in (upright, turned)]
    assert names[0] == names[1]
