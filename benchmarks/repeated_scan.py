"""A long scan made of a short one: its pages again and again, no two files alike."""

from collections.abc import Iterable
from pathlib import Path

import pymupdf


def repeat_pages(once: Path, path: Path, pages: Iterable[int], *, number: int = 0) -> Path:
    """Writes the pages (0-based, in that order) of a scan as another.

    Args:
        once: the scan.
        path: where to write.
        pages: which of its pages.
        number: of the first page written; white space in each page says its own.
    """
    with pymupdf.open(once) as sheets, pymupdf.open() as scan:
        for page in pages:
            scan.insert_pdf(sheets, from_page=page, to_page=page)
        for place, page in enumerate(scan.pages(), number):
            (xref,) = page.get_contents()
            mark = f"{place:020b}".replace("0", " ").replace("1", "\n").encode()
            scan.update_stream(xref, (scan.xref_stream(xref) or b"") + mark)
        scan.save(path)
    return path
