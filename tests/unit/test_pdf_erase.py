"""Pages that are taken out of a scan: white where they were, the others as they were."""

from pathlib import Path

import pymupdf

from tests.steps.benches import write_scan
from viatique.models import Half
from viatique.pdf.erase import without_pages


def blanked(folder: Path, scan: bytes, erased: dict[int, frozenset[Half]]) -> bytes:
    before, after = folder / "before.pdf", folder / "after.pdf"
    before.write_bytes(scan)
    without_pages(before, erased, after)
    return after.read_bytes()


def test_one_half_of_a_side_can_go_alone(tmp_path: Path) -> None:
    with pymupdf.open() as document:
        page = document.new_page(width=800, height=400)
        page.insert_text((50, 100), "left", fontsize=40)
        page.insert_text((450, 100), "right", fontsize=40)
        scan = document.tobytes()
    erased = blanked(tmp_path, scan, {0: frozenset({Half.LEFT})})
    with pymupdf.open(stream=erased) as document:
        page = document[0]
        assert page.get_text().strip() == ""
        picture = page.get_pixmap(dpi=72, colorspace=pymupdf.csGRAY)
        assert (picture.width, picture.height) == (800, 400)
        dark = [
            sum(picture.pixel(x, y)[0] < 128 for x in range(*part) for y in range(60, 110))
            for part in ((0, 400), (400, 800))
        ]
    assert dark[0] == 0
    assert dark[1] > 100
    both = blanked(tmp_path, scan, {0: frozenset({Half.LEFT, Half.RIGHT})})
    with pymupdf.open(stream=both) as document:
        assert document[0].get_pixmap().is_unicolor


def test_pages_that_stay_keep_their_bytes(tmp_path: Path) -> None:
    scan = write_scan(tmp_path, pages=4).read_bytes()
    erased = blanked(tmp_path, scan, {1: frozenset({Half.WHOLE})})

    def images(pdf: bytes) -> list[bytes | None]:
        with pymupdf.open(stream=pdf) as document:
            return [
                document.extract_image(page.get_images()[0][0])["image"]
                if page.get_images()
                else None
                for page in document
            ]

    before = images(scan)
    assert images(erased) == [before[0], None, before[2], before[3]]
    assert len(erased) < len(scan)
