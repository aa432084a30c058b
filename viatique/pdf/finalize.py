"""The final PDF of a copy: score page first, then its own pages with what markers drew over them.

The copy's pages are shown as they are, vector over image, never drawn anew; being shown inside new
pages, nothing active of the scan comes along. The same input gives the same bytes.
"""

from collections.abc import Sequence

import pymupdf

from viatique.errors import InvalidFinalPdf
from viatique.models import Annotation, Language, ScoreSheet
from viatique.pdf.cut import finished_bytes
from viatique.pdf.document import open_pdf
from viatique.pdf.overlay import draw_annotations, is_long, note_text
from viatique.pdf.score_page import add_score_pages
from viatique.pdf.text import cleaned
from viatique.pdf.wording import number, word


def compose_final(
    copy_pdf: bytes, sheet: ScoreSheet, annotations: Sequence[Annotation], *, language: Language
) -> bytes:
    """The final PDF.

    Args:
        copy_pdf: the copy's own PDF, pages of any /Rotate and CropBox.
        sheet: the scores.
        annotations: what markers drew; rectangles are fractions of pages as seen.
        language: of dates, numbers and words.

    Raises:
        UnreadablePdf: the copy's PDF cannot be worked on.
    """
    comments = _long_comments(annotations, language)
    with open_pdf(copy_pdf) as copy, pymupdf.open() as final:
        listed = [
            (f"{mark} · {word('page', language)} {annotation.page + 1}", annotation)
            for annotation, mark in comments
        ]
        texts = [(label, note_text(annotation, language)) for label, annotation in listed]
        add_score_pages(final, sheet, texts, language)
        marks = {id(annotation): mark for annotation, mark in comments}
        for number_ in range(copy.page_count):
            shown = [
                (item, marks.get(id(item)) or note_text(item, language))
                for item in annotations
                if item.page == number_
            ]
            draw_annotations(_add_page(final, copy, number_), shown)
        final.set_metadata({})
        final.subset_fonts()
        return finished_bytes(final)


def verify_final(
    final: bytes,
    *,
    copy_page_count: int,
    sheet: ScoreSheet,
    annotations: Sequence[Annotation],
    language: Language,
) -> None:
    """Nothing, when the PDF opens and shows all it must.

    Raises:
        InvalidFinalPdf: pages, the copy's id, its total or a text is missing, or something active
            is in it; the message says which.
        UnreadablePdf: it cannot be opened.
    """
    with open_pdf(final) as document:
        extra = document.page_count - copy_page_count
        if extra < 1:
            raise _invalid(sheet, "pages are missing")
        scores = _letters("".join(page.get_text() for page in document.pages(0, extra)))
        pages = _letters("".join(page.get_text() for page in document.pages(extra)))
        _check_scores(sheet, scores, language)
        for annotation in annotations:
            text = _letters(cleaned(annotation.text))
            if text not in pages and text not in scores:
                raise _invalid(sheet, "a comment is missing")
        _check_pages(document, sheet, extra)


def _long_comments(
    annotations: Sequence[Annotation], language: Language
) -> list[tuple[Annotation, str]]:
    """Comments without room in place, each with its marker: [1], [2]... in page order."""
    long = [annotation for annotation in annotations if is_long(annotation, language)]
    ordered = sorted(long, key=lambda item: (item.page, item.rect.y0, item.rect.x0))
    return [(annotation, f"[{index}]") for index, annotation in enumerate(ordered, start=1)]


def _add_page(final: pymupdf.Document, copy: pymupdf.Document, page_number: int) -> pymupdf.Page:
    """An upright page that shows a page of the copy as people see it."""
    source = copy[page_number]
    seen, turn = source.rect, source.rotation
    page = final.new_page(width=seen.width, height=seen.height)
    # show_pdf_page mixes up a source's own /Rotate with a CropBox, so the turn is given to it
    source.set_rotation(0)
    page.show_pdf_page(page.rect, copy, page_number, rotate=-turn)
    return page


def _check_scores(sheet: ScoreSheet, shown: str, language: Language) -> None:
    for what, text in (
        ("its id", sheet.copy_id),
        ("its total", f"{number(sheet.total, language)}/{number(sheet.maximum, language)}"),
        ("the appreciation", cleaned(sheet.appreciation)),
        *(("a remark", cleaned(row.remark)) for row in sheet.rows),
    ):
        if _letters(text) not in shown:
            raise _invalid(sheet, f"{what} is missing")


def _check_pages(document: pymupdf.Document, sheet: ScoreSheet, extra: int) -> None:
    for page in document.pages(extra):
        if not page.get_images(full=True) and not page.get_drawings():
            raise _invalid(sheet, f"page {page.number - extra + 1} of the copy is empty")
    for page in document:
        if page.first_annot or page.first_widget or page.get_links():
            raise _invalid(sheet, "something active is in it")


def _letters(text: str) -> str:
    """Text without white space: lines are broken anywhere."""
    return "".join(text.split())


def _invalid(sheet: ScoreSheet, why: str) -> InvalidFinalPdf:
    return InvalidFinalPdf(
        f"The final PDF of copy {sheet.copy_id} did not pass its check: {why}.",
        next_step="This is a defect: its audit trail and log say which run made it.",
    )
