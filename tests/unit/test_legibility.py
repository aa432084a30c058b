"""Pages a person cannot read are told from those they can, by what is wrong with them."""

from collections.abc import Callable

import cv2
import numpy as np
import pymupdf
import pytest

from tests.conftest import SHARED
from tests.unit.pdf_factories import Picture, jpeg, paper, ruled_page, squared_page
from viatique.models import Half
from viatique.pdf.glance import GLANCE_DPI, glance, glimpse, half_of
from viatique.pdf.render import grey
from viatique.scans.legibility import defect_of, is_plainly_fine, measure
from viatique.scans.page_defects import PageDefect, has_illegible, short_sides, starts_blank

SCAN_DPI = 200


def written_page() -> Picture:
    """A ruled page at 150 dpi with words across it, as ``ruled_page`` but wider."""
    page = ruled_page()
    for row in range(420, 1700, 48):
        cv2.putText(page, "et d'autres encore ici", (640, row - 8), 0, 1.1, (70,), 2)
    return page


def seen(page: Picture, *, dpi: float = 150) -> PageDefect | None:
    """The defect of a page drawn at 150 dpi."""
    small = cv2.resize(page, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    return defect_of(measure(np.asarray(small, np.uint8)), dpi=dpi)


def blurred(page: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(page, (0, 0), sigma), np.uint8)


def paled(page: Picture, kept: float) -> Picture:
    return np.asarray(255 - (255 - page.astype(np.float32)) * kept, np.uint8)


def darkened(page: Picture, kept: float) -> Picture:
    return np.asarray(page.astype(np.float32) * kept, np.uint8)


def turned(page: Picture, degrees: float) -> Picture:
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=(245,)), np.uint8)


def cut_left(page: Picture) -> Picture:
    return page[:, page.shape[1] * 16 // 100 :]


@pytest.mark.parametrize(
    ("page", "defect"),
    [
        (written_page(), None),
        (blurred(written_page(), 5), PageDefect.BLURRED),
        (paled(written_page(), 0.1), PageDefect.FAINT),
        (darkened(written_page(), 0.1), PageDefect.DARK),
        (turned(written_page(), 12), PageDefect.SKEWED),
        (turned(written_page(), -12), PageDefect.SKEWED),
        (turned(written_page(), 5), None),
        (np.full((1754, 1240), 245, np.uint8), PageDefect.BLANK),
        (np.zeros((1754, 1240), np.uint8), PageDefect.DARK),
        (paled(written_page(), 0.02), PageDefect.BLANK),
    ],
    ids=["good", "blurred", "pale", "dark", "left", "right", "askew", "white", "black", "trace"],
)
def test_page_has_the_defect_it_was_given(page: Picture, defect: PageDefect | None) -> None:
    assert seen(page) is defect


def test_writing_on_a_coarse_scan_is_lost_but_an_empty_page_stays_empty() -> None:
    assert seen(written_page(), dpi=50) is PageDefect.COARSE
    assert seen(np.full((1754, 1240), 245, np.uint8), dpi=50) is PageDefect.BLANK


@pytest.mark.parametrize("page", [ruled_page, squared_page], ids=["ruled", "squared"])
@pytest.mark.parametrize("kept", [1.0, 0.5, 0.3])
def test_pale_rulings_are_no_faint_writing(page: Callable[[], Picture], kept: float) -> None:
    empty = page()
    empty[empty < 120] = 245
    assert seen(paled(empty, kept)) in (None, PageDefect.BLANK)


def test_writing_that_runs_off_one_edge_is_cut_off() -> None:
    words = written_page()
    for row in range(420, 1700, 48):
        cv2.putText(words, "mots", (150, row - 8), 0, 1.1, (70,), 2)
    assert seen(words) is None
    assert seen(cut_left(words)) is PageDefect.CUT_OFF


def test_paper_without_a_speck_but_for_a_word_is_blank() -> None:
    """Pages drawn by a program are clean: the tone of the darkest strokes is nothing there."""
    page = np.full((585, 413), 255, np.uint8)
    page[50:56, 50:90:2] = 0
    assert defect_of(measure(page), dpi=300) is PageDefect.BLANK


def test_pages_of_test_scans_can_be_read() -> None:
    assert defect_of(measure(paper(413, 585)), dpi=72) is None


def test_blank_pages_are_notes_unless_they_come_first() -> None:
    blank, blurry = PageDefect.BLANK, PageDefect.BLURRED
    assert not has_illegible([None, blank])
    assert has_illegible([None, blurry])
    assert starts_blank([blank, None])
    assert not starts_blank([None, blank])
    assert not starts_blank([])


def test_sides_shorter_than_their_kind_are_found() -> None:
    tall, short, wide, narrow = (595, 842), (595, 700), (1190, 842), (1000, 842)
    assert short_sides([tall, tall, short, wide, tall, wide, narrow, wide]) == {2, 6}
    assert short_sides([]) == frozenset()


DAMAGE: dict[str, tuple[Callable[[Picture], Picture], PageDefect]] = {
    "blurred": (lambda page: blurred(page, 5), PageDefect.BLURRED),
    "pale": (lambda page: paled(page, 0.15), PageDefect.FAINT),
    "dark": (lambda page: darkened(page, 0.1), PageDefect.DARK),
    "askew": (lambda page: turned(page, 12), PageDefect.SKEWED),
}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("exam", "halves"),
    [("handwritten-a4", (Half.WHOLE,)), ("handwritten-a3-boxed", (Half.LEFT, Half.RIGHT))],
)
def test_no_page_of_the_shared_exams_is_suspected_and_each_is_when_spoiled(
    exam: str, halves: tuple[Half, ...]
) -> None:
    path = SHARED / "exams" / exam / "scan.pdf"
    if not path.is_file():
        pytest.skip("the shared exams are not here")
    with pymupdf.open(path) as scan:
        for side in scan:
            parts = [half_of(glance(side), half) for half in halves]
            assert [defect_of(measure(part), dpi=SCAN_DPI) for part in parts] == [None] * len(parts)
        for side in list(scan)[:: 40 * len(halves)]:
            whole = half_of(grey(side, dpi=SCAN_DPI), halves[0])
            for name, (spoil, defect) in DAMAGE.items():
                part = cv2.resize(
                    spoil(np.ascontiguousarray(whole)), None, fx=GLANCE_DPI / SCAN_DPI,
                    fy=GLANCE_DPI / SCAN_DPI, interpolation=cv2.INTER_AREA,
                )  # fmt: skip
                assert defect_of(measure(np.asarray(part, np.uint8)), dpi=SCAN_DPI) is defect, name


def shifted(page: Picture, across: float, down: float) -> Picture:
    """As a sheet that was fed off its place: what goes over an edge is lost."""
    height, width = page.shape
    matrix = np.array([[1, 0, across * width], [0, 1, down * height]], np.float32)
    return np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=(245,)), np.uint8)


SPOILED: dict[str, Callable[[Picture], Picture]] = {
    **{name: spoil for name, (spoil, _) in DAMAGE.items()},
    "lost on the left": lambda page: shifted(page, -0.18, 0),
    "lost at the foot": lambda page: shifted(page, 0, 0.15),
    "white": lambda page: np.full_like(page, 245),
    "dark below": lambda page: np.vstack([page[:900], darkened(page[900:], 0.1)]),
}


@pytest.mark.shared
def test_a_part_of_a_page_is_enough_where_nothing_is_wrong_and_nowhere_else() -> None:
    """What all of a page shows to be wrong is not missed for having looked at a part only."""
    path = SHARED / "exams" / "handwritten-a4" / "scan.pdf"
    if not path.is_file():
        pytest.skip("the shared exams are not here")
    with pymupdf.open(path) as scan:
        assert sum(not _is_plain(side) for side in scan) < scan.page_count / 10
        for side in list(scan)[::20]:
            whole = grey(side, dpi=SCAN_DPI)
            for name, spoil in SPOILED.items():
                with pymupdf.open() as spoiled:
                    page = spoiled.new_page(width=595, height=842)
                    page.insert_image(page.rect, stream=jpeg(spoil(whole)), keep_proportion=False)
                    page = spoiled.reload_page(page)
                    assert not (_is_plain(page) and _is_wrong(page)), name


def _is_plain(page: pymupdf.Page) -> bool:
    seen = glimpse(page)
    return seen is not None and is_plainly_fine(seen.top, seen.feet, dpi=SCAN_DPI)


def _is_wrong(page: pymupdf.Page) -> bool:
    return defect_of(measure(glance(page)), dpi=SCAN_DPI) is not None


def test_light_at_the_foot_is_proven_by_grain_or_by_ink_and_else_not_assumed() -> None:
    """The brightness of a foot is unknown: 128 tones may have been added to it."""
    grain = np.random.default_rng(0).normal(0, 4, (1754, 1240))
    page = np.clip(written_page() + cv2.GaussianBlur(grain, (0, 0), 2) * 4, 0, 255)
    small = cv2.resize(page, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    small = small.astype(np.uint8)
    top, foot, more = small[:240], small[-20:], small[-200:]
    dark, dark_more = darkened(foot, 0.1), darkened(more, 0.1)

    def is_fine(*feet: Picture) -> bool:
        return is_plainly_fine(top, iter(feet), dpi=SCAN_DPI)

    assert is_fine(foot)
    assert is_fine(np.full_like(foot, 255), more)
    assert not is_fine(dark + 100, dark_more + 100)
    assert not is_fine(np.full_like(foot, 255))
    assert not is_fine()
