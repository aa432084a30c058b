"""The final PDF of a copy: score page first, then its own pages with what markers drew over them.

The copy's pages are shown as they are, vector over image, never drawn anew; being shown inside new
pages, nothing active of the scan comes along. The same input gives the same bytes.
"""

import hashlib
import re
from collections.abc import Sequence

import pymupdf

from viatique.errors import InvalidFinalPdf
from viatique.models import Annotation, Language, ScoreSheet
from viatique.pdf.canvas import Canvas, FontTable, write_canvas
from viatique.pdf.cut import finished_bytes
from viatique.pdf.document import open_pdf
from viatique.pdf.inert import active_names, make_inert
from viatique.pdf.overlay import PagePlan, draw_plan, note_text, plan_page
from viatique.pdf.score_page import score_pages
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
        InvalidFinalPdf: an annotation is on a page the copy does not have.
        UnreadablePdf: the copy's PDF cannot be worked on.
    """
    with open_pdf(copy_pdf) as copy, pymupdf.open() as final:
        if any(not 0 <= annotation.page < copy.page_count for annotation in annotations):
            raise _invalid(sheet, "an annotation is on a page the copy does not have")
        plans = _page_plans(copy, annotations, language)
        fonts = FontTable(final)
        for canvas in score_pages(sheet, _moved_comments(plans, language), language):
            page = final.new_page(width=canvas.width, height=canvas.height)
            write_canvas(page, canvas, fonts)
        for page_number, plan in enumerate(plans):
            page = _add_page(final, copy, page_number)
            canvas = Canvas(page.rect.width, page.rect.height)
            draw_plan(canvas, plan)
            write_canvas(page, canvas, fonts)
        final.set_metadata({})
        make_inert(final)
        if fonts.has_embedded:
            final.subset_fonts()
        return finished_bytes(final)


def verify_final(
    final: bytes,
    copy_pdf: bytes,
    *,
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
    with open_pdf(final) as document, open_pdf(copy_pdf) as copy:
        extra = document.page_count - copy.page_count
        if extra < 1:
            raise _invalid(sheet, "pages are missing")
        shown = [_letters(str(page.get_text(clip=page.rect))) for page in document]
        _check_head(sheet, str(document[0].get_text()), language)
        _check_remarks(sheet, "".join(shown[:extra]))
        everything = "".join(shown)
        if any(_letters(cleaned(item.text)) not in everything for item in annotations):
            raise _invalid(sheet, "a comment is missing")
        _check_pages(document, sheet, extra)
        for page_number in range(copy.page_count):
            if _pictures(copy, page_number) != _pictures(document, extra + page_number):
                raise _invalid(sheet, f"page {page_number + 1} shows another picture")


def _page_plans(
    copy: pymupdf.Document, annotations: Sequence[Annotation], language: Language
) -> list[PagePlan]:
    plans: list[PagePlan] = []
    marker = 1
    for page in copy:
        here = [annotation for annotation in annotations if annotation.page == page.number]
        size = (page.rect.width, page.rect.height)
        plans.append(plan_page(size, here, language, first_marker=marker))
        marker += len(plans[-1].moved)
    return plans


def _moved_comments(plans: Sequence[PagePlan], language: Language) -> list[tuple[str, str]]:
    """Label and whole text of each comment that found no room in place."""
    return [
        (f"{marker} · {word('page', language)} {page_number}", note_text(annotation, language))
        for page_number, plan in enumerate(plans, start=1)
        for marker, annotation in plan.moved
    ]


def _add_page(final: pymupdf.Document, copy: pymupdf.Document, page_number: int) -> pymupdf.Page:
    """An upright page that shows a page of the copy as people see it."""
    source = copy[page_number]
    seen, turn = source.rect, source.rotation
    page = final.new_page(width=seen.width, height=seen.height)
    # show_pdf_page mixes up a source's own /Rotate with a CropBox, so the turn is given to it
    pictures = len(source.get_images(full=True))
    source.set_rotation(0)
    page.show_pdf_page(page.rect, copy, page_number, rotate=-turn)
    if len(page.get_images(full=True)) != pictures:
        raise InvalidFinalPdf(f"Page {page_number + 1} of a copy does not show all its pictures.")
    return page


def _check_head(sheet: ScoreSheet, first_page: str, language: Language) -> None:
    if sheet.copy_id not in first_page:
        raise _invalid(sheet, "its id is missing from the first page")
    total = [re.escape(number(value, language)) for value in (sheet.total, sheet.maximum)]
    if not re.search(rf"(?<![\d.,]){total[0]}\s*/\s*{total[1]}(?![\d.,])", first_page):
        raise _invalid(sheet, "its total is missing from the first page")


def _check_remarks(sheet: ScoreSheet, score_pages_text: str) -> None:
    texts = [("the appreciation", sheet.appreciation)]
    texts += [("a remark", row.remark) for row in sheet.rows]
    for what, text in texts:
        if _letters(cleaned(text)) not in score_pages_text:
            raise _invalid(sheet, f"{what} is missing")


def _check_pages(document: pymupdf.Document, sheet: ScoreSheet, extra: int) -> None:
    """Each page of the copy is shown, be it blank, and nothing in the PDF is active."""
    for page_number in range(extra, document.page_count):
        if not document.get_page_xobjects(page_number):
            raise _invalid(sheet, f"page {page_number - extra + 1} of the copy is not shown")
    if next(active_names(document), None):
        raise _invalid(sheet, "something active is in it")
    for page in document:
        if page.first_annot or page.first_widget or page.get_links():
            raise _invalid(sheet, "something active is in it")


def _pictures(document: pymupdf.Document, page_number: int) -> list[str]:
    """Digests of the pictures a page shows, as stored: they are never encoded anew."""
    images = document.get_page_images(page_number, full=True)
    streams = [document.xref_stream_raw(image[0]) or b"" for image in images]
    return sorted(hashlib.sha256(stream).hexdigest() for stream in streams)


def _letters(text: str) -> str:
    """Text without white space: lines are broken anywhere."""
    return "".join(text.split())


def _invalid(sheet: ScoreSheet, why: str) -> InvalidFinalPdf:
    return InvalidFinalPdf(
        f"The final PDF of copy {sheet.copy_id} did not pass its check: {why}.",
        next_step="This is a defect: its audit trail and log say which run made it.",
    )
