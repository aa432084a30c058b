"""Final PDFs, opened again: where things are as people see them, what is extracted, the size."""

import dataclasses
import hashlib
import os
import random
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viatique.errors import InvalidFinalPdf, UnreadablePdf
from viatique.geometry import Box, overlap
from viatique.models import Annotation, AnnotationKind, CopyId, Language, Rect, ScoreRow, ScoreSheet
from viatique.pdf.finalize import compose_final, verify_final
from viatique.pdf.overlay import plan_page
from viatique.pdf.text import SYMBOL_CODES, cleaned

PLACE = Rect(x0=0.2, y0=0.3, x1=0.4, y1=0.36)
ROW = ScoreRow(
    question="1.a", label="", depth=1, points=Decimal("2.50"), maximum=Decimal(4), remark="Bien."
)
SHEET = ScoreSheet(
    exam_name="Mathématiques",
    exam_date=date(2027, 2, 6),
    copy_id=CopyId("c-7f3a91"),
    rows=(ROW,),
    total=Decimal("14.50"),
    maximum=Decimal(20),
    appreciation="Ensemble sérieux.",
)


def picture(width: int = 120, height: int = 160, *, seed: int = 1) -> bytes:
    """A JPEG of noise: its size does not shrink, as a scan's does not."""
    noise = random.Random(seed).randbytes(width * height)  # noqa: S311  # a picture, not a secret
    pixels = pymupdf.Pixmap(pymupdf.csGRAY, width, height, noise, 0)  # pyright: ignore
    return pixels.tobytes("jpeg", jpg_quality=75)


def image_copy(pages: int = 1, *, rotation: int = 0, is_half: bool = False, seed: int = 1) -> bytes:
    """A copy of image pages; halves are the right part of A3 sides."""
    with pymupdf.open() as document:
        for _ in range(pages):
            page = document.new_page(width=1190 if is_half else 595, height=842)
            page.insert_image(page.rect, stream=picture(seed=seed), keep_proportion=False)
            if is_half:
                page.set_cropbox(pymupdf.Rect(595, 0, 1190, 842))
            page.set_rotation(rotation)
        return document.tobytes(deflate=True)


def annotation(kind: AnnotationKind = AnnotationKind.COMMENT, **changes: object) -> Annotation:
    plain = Annotation(page=0, rect=PLACE, kind=kind)
    return dataclasses.replace(plain, **changes)


def composed(
    *annotations: Annotation,
    copy: bytes | None = None,
    sheet: ScoreSheet = SHEET,
    language: Language = Language.FR,
) -> pymupdf.Document:
    """The final PDF, checked by its own check and opened."""
    source = copy or image_copy()
    final = compose_final(source, sheet, annotations, language=language)
    verify_final(final, source, sheet=sheet, annotations=annotations, language=language)
    return pymupdf.open(stream=final)


def letters(text: str) -> str:
    return "".join(text.split())


def whole_text(document: pymupdf.Document) -> str:
    return letters("".join(page.get_text(clip=page.rect) for page in document))


def streams(pdf: bytes) -> list[str]:
    """Digests of the image streams as stored."""
    with pymupdf.open(stream=pdf) as document:
        images = [
            xref
            for xref in range(1, document.xref_length())
            if document.xref_get_key(xref, "Subtype")[1] == "/Image"
        ]
        return sorted(hashlib.sha256(document.xref_stream_raw(xref)).hexdigest() for xref in images)


class TestScorePage:
    def test_it_comes_first_on_a4_and_shows_exam_day_copy_and_total(self) -> None:
        page = composed()[0]

        assert (page.rect.width, page.rect.height) == (595, 842)
        text = page.get_text()
        for expected in ("Mathématiques", "6 février 2027", "c-7f3a91", "14,5 / 20", "2,5 / 4"):
            assert expected in text

    def test_numbers_and_dates_are_english_when_asked(self) -> None:
        text = composed(language=Language.EN)[0].get_text()

        assert "14.5 / 20" in text
        assert "6 February 2027" in text

    def test_deeper_questions_are_further_right(self) -> None:
        rows = [
            dataclasses.replace(ROW, question=f"q{depth}", depth=depth, remark="")
            for depth in range(4)
        ]
        words = composed(sheet=dataclasses.replace(SHEET, rows=tuple(rows)))[0].get_text("words")
        left = {word[4]: word[0] for word in words}

        assert left["q0"] < left["q1"] < left["q2"] < left["q3"]

    def test_a_question_nobody_scored_shows_a_dash(self) -> None:
        row = dataclasses.replace(ROW, points=None)

        assert "– / 4" in composed(sheet=dataclasses.replace(SHEET, rows=(row,)))[0].get_text()

    def test_a_long_table_goes_on_with_its_head_repeated(self) -> None:
        rows = tuple(dataclasses.replace(ROW, question=f"1.{index}") for index in range(90))
        final = composed(sheet=dataclasses.replace(SHEET, rows=rows))

        assert final.page_count > 3
        assert all("Question" in final[number].get_text() for number in range(3))

    def test_labels_and_exam_names_longer_than_a_page_stay_on_pages(self) -> None:
        row = dataclasses.replace(ROW, label="question " * 900, depth=40)
        sheet = dataclasses.replace(SHEET, exam_name="concours " * 900, rows=(row,))
        text = whole_text(composed(sheet=sheet))

        assert text.count("question") == 900
        assert text.count("concours") == 900


class TestOverlay:
    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    @pytest.mark.parametrize("is_half", [False, True])
    def test_notes_and_marks_are_where_they_were_put_as_seen(
        self, rotation: int, *, is_half: bool
    ) -> None:
        copy = image_copy(rotation=rotation, is_half=is_half)
        page = composed(annotation(text="ici"), annotation(AnnotationKind.HIGHLIGHT), copy=copy)[-1]
        with pymupdf.open(stream=copy) as source:
            assert page.rect == source[0].rect
        word = next(word for word in page.get_text("words") if word[4] == "ici")
        width, height = page.rect.width, page.rect.height

        assert 0 < word[0] - PLACE.x1 * width < 12
        assert 0 <= word[1] - PLACE.y0 * height < 8
        pixel = page.get_pixmap(dpi=72).pixel(int(0.3 * width), int(0.33 * height))
        assert pixel[2] < pixel[0] - 20

    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    @pytest.mark.parametrize("is_half", [False, True])
    def test_pages_look_as_they_did(self, rotation: int, *, is_half: bool) -> None:
        copy = image_copy(rotation=rotation, is_half=is_half)
        seen = composed(copy=copy)[-1].get_pixmap(dpi=36)
        with pymupdf.open(stream=copy) as source:
            before = source[0].get_pixmap(dpi=36)
        differences = [abs(a - b) for a, b in zip(before.samples, seen.samples, strict=True)]

        assert sum(differences) / len(differences) < 3

    def test_signed_points_are_beside_their_remark(self) -> None:
        text = composed(
            annotation(AnnotationKind.ERROR, text="Signe", points=Decimal("-0.50")),
            annotation(AnnotationKind.BONUS, text="Beau", points=Decimal(1)),
        )[-1].get_text()

        assert "Signe (−0,5)" in text
        assert "Beau (+1)" in text

    @pytest.mark.parametrize("kind", [AnnotationKind.TICK, AnnotationKind.CROSS])
    def test_signs_are_drawn_even_for_a_point(self, kind: AnnotationKind) -> None:
        point = Rect(x0=0.5, y0=0.5, x1=0.5, y1=0.5)
        drawn = composed(annotation(kind, rect=point))[-1].get_drawings()

        box = pymupdf.Rect(drawn[0]["rect"])
        assert box.contains(pymupdf.Point(0.5 * 595, 0.5 * 842))

    def test_freehand_strokes_keep_all_their_points(self) -> None:
        stroke = ((0.1, 0.1), (0.2, 0.3), (0.3, 0.1), (0.4, 0.2))
        drawn = composed(annotation(AnnotationKind.FREEHAND, strokes=(stroke, ((0.5, 0.5),))))
        lines = [item for path in drawn[-1].get_drawings() for item in path["items"]]

        ends = [(round(line[2].x / 595, 3), round(line[2].y / 842, 3)) for line in lines]
        assert ends[:3] == [(0.2, 0.3), (0.3, 0.1), (0.4, 0.2)]

    def test_a_long_comment_is_whole_before_the_copy_with_its_marker_in_place(self) -> None:
        text = " ".join(f"mot{index}" for index in range(400))
        final = composed(annotation(text=text), copy=image_copy(2))

        assert "[1]" in final[-2].get_text()
        assert letters(text) not in letters(final[-2].get_text())
        assert "Commentaires" in "".join(page.get_text() for page in final.pages(0, -2))

    def test_crowded_notes_do_not_cover_each_other_and_all_are_whole(self) -> None:
        crowd = [annotation(text=f"remarque {index} " * 6) for index in range(25)]
        plan = plan_page((595, 842), crowd, Language.FR, first_marker=1)
        whole = [note.box for note in plan.notes if not note.lines[0].startswith("[")]

        assert plan.moved
        assert len(whole) > 3
        for index, box in enumerate(whole):
            assert not any(overlap(Box(*box), other) for other in whole[:index])
        composed(*crowd)

    def test_markers_count_on_from_page_to_page(self) -> None:
        comments = [annotation(text="long " * 200, page=page) for page in (1, 0)]
        final = composed(*comments, copy=image_copy(2))

        assert "[1]" in final[-2].get_text()
        assert "[2]" in final[-1].get_text()


class TestText:
    def test_greek_and_mathematics_are_whole_without_any_embedded_font(self) -> None:
        text = "∀ε > 0, ∃η : |x − a| ≤ η ⇒ f(x) → +∞, ∑ α ∈ ΩΔμ"
        final = composed(annotation(text=text))

        assert letters(cleaned(text)) in whole_text(final)
        assert all(font[1] == "n/a" for page in final for font in page.get_fonts(full=True))

    def test_every_sign_of_the_symbol_font_is_extracted_as_itself(self) -> None:
        text = "".join(SYMBOL_CODES)

        assert text in whole_text(composed(annotation(text=text)))

    def test_signs_whose_glyph_is_extracted_as_a_twin_do_not_fail(self) -> None:
        composed(annotation(text="\u203e \u20a9 \u11a8 \ufffd \u03a9 \u2126 \u0394 \u03bc"))

    def test_other_scripts_come_from_a_small_subset(self) -> None:
        text = "Хорошо 很好 ő"
        copy = image_copy()
        final = composed(annotation(text=text), copy=copy)

        assert letters(text) in whole_text(final)
        assert len(final.tobytes()) < len(copy) + 30_000

    def test_what_no_font_has_is_a_visible_box(self) -> None:
        assert "bravo□" in whole_text(composed(annotation(text="bravo \U0001f600")))

    @settings(max_examples=40)
    @given(st.text(st.characters(), max_size=60))
    def test_any_text_survives(self, text: str) -> None:
        sheet = dataclasses.replace(
            SHEET, appreciation=text, exam_name=text, rows=(dataclasses.replace(ROW, remark=text),)
        )
        composed(annotation(text=text), sheet=sheet)

    @settings(max_examples=60)
    @given(st.text(st.characters(max_codepoint=255, exclude_categories=("C",)), max_size=200))
    def test_latin_text_is_extracted_as_written(self, text: str) -> None:
        final = composed(annotation(text=text))

        assert letters(text) in whole_text(final)

    def test_control_characters_are_not_drawn(self) -> None:
        assert cleaned("a\x00b\u202ec\ud800d") == "a b c d"


class TestFile:
    def test_the_same_input_gives_the_same_bytes_in_another_process(self) -> None:
        script = (
            "import hashlib; from tests.unit import test_final_pdf as t;"
            "print(hashlib.sha256(t.compose_final(t.image_copy(), t.SHEET,"
            "[t.annotation(text='很好 α')], language=t.Language.FR)).hexdigest())"
        )
        digests = {
            subprocess.run(
                [sys.executable, "-c", script],
                cwd=Path(__file__).parents[2],
                env=os.environ | {"PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }

        assert len(digests) == 1

    def test_a_small_copy_grows_by_less_than_a_tenth(self) -> None:
        with pymupdf.open() as document:
            for _ in range(4):
                page = document.new_page()
                page.insert_image(page.rect, stream=picture(300, 300))
            noise = document.tobytes(deflate=True)
        rows = tuple(
            dataclasses.replace(ROW, question=f"1.{index}", remark="Justifier davantage.")
            for index in range(16)
        )
        marks = [annotation(text=f"Remarque {page}", page=page) for page in range(4)]
        sheet = dataclasses.replace(SHEET, rows=rows)
        final = compose_final(noise, sheet, marks, language=Language.FR)

        assert 50_000 < len(noise) < 60_000
        assert len(final) <= 1.1 * len(noise)

    def test_images_are_the_same_byte_for_byte(self) -> None:
        copy = image_copy(3, rotation=90, is_half=True)
        final = compose_final(copy, SHEET, [annotation(text="x")], language=Language.FR)

        assert streams(final) == streams(copy)

    def test_nothing_active_of_the_copy_is_left(self) -> None:
        with pymupdf.open(stream=image_copy()) as document:
            page = document[0]
            page.insert_link(
                {"kind": pymupdf.LINK_URI, "from": page.rect, "uri": "https://example.org"}
            )
            page.add_text_annot((50, 50), "note")
            widget = pymupdf.Widget()
            widget.field_name, widget.rect = "field", pymupdf.Rect(10, 10, 90, 30)
            widget.field_type = pymupdf.PDF_WIDGET_TYPE_TEXT  # pyright: ignore
            page.add_widget(widget)
            document.xref_set_key(
                document.pdf_catalog(), "OpenAction", "<</S/JavaScript/JS(app.alert\\(1\\))>>"
            )
            copy = document.tobytes()
        final = composed(copy=copy)

        assert not list(final[-1].annots())
        assert not list(final[-1].widgets())
        assert not final[-1].get_links()
        assert b"JavaScript" not in final.tobytes(expand=255)

    def test_pages_without_images_and_blank_pages_are_accepted(self) -> None:
        with pymupdf.open() as document:
            document.new_page().insert_text((50, 50), "tapuscrit")
            document.new_page()
            copy = document.tobytes()

        assert "tapuscrit" in composed(copy=copy)[1].get_text()


class TestCheck:
    COPY = image_copy(2)
    FINAL = compose_final(COPY, SHEET, [annotation(text="Vu")], language=Language.FR)

    def refused(self, final: bytes | None = None, **changes: object) -> str:
        expected = {
            "copy_pdf": self.COPY,
            "sheet": SHEET,
            "annotations": [annotation(text="Vu")],
            "language": Language.FR,
        } | changes
        with pytest.raises(InvalidFinalPdf) as caught:
            verify_final(final or self.FINAL, **expected)  # pyright: ignore
        assert caught.value.next_step
        return str(caught.value)

    def test_missing_pages_are_named(self) -> None:
        assert "pages" in self.refused(copy_pdf=image_copy(3))

    def test_a_missing_text_is_named_without_being_repeated(self) -> None:
        message = self.refused(annotations=[annotation(text="absent")])
        assert "comment" in message
        assert "absent" not in message
        row = dataclasses.replace(ROW, remark="absent")
        assert "remark" in self.refused(sheet=dataclasses.replace(SHEET, rows=(row,)))
        assert "appreciation" in self.refused(
            sheet=dataclasses.replace(SHEET, appreciation="absent")
        )

    def test_another_total_or_copy_is_refused(self) -> None:
        assert "total" in self.refused(sheet=dataclasses.replace(SHEET, total=Decimal(3)))
        units = SHEET.total % 10
        assert units != SHEET.total, "the end of the right total is another total"
        assert "total" in self.refused(sheet=dataclasses.replace(SHEET, total=units))
        assert "id" in self.refused(sheet=dataclasses.replace(SHEET, copy_id=CopyId("c-000000")))

    def test_something_active_or_a_page_not_shown_is_refused(self) -> None:
        with pymupdf.open(stream=self.FINAL) as document:
            document[0].add_text_annot((50, 50), "note")
            assert "active" in self.refused(document.tobytes())
        with pymupdf.open(stream=self.FINAL) as document:
            document.delete_page(-1)
            document.new_page()
            assert "page 2" in self.refused(document.tobytes())

    def test_a_page_that_shows_another_picture_is_refused(self) -> None:
        assert "page 1" in self.refused(copy_pdf=image_copy(2, seed=5))

    def test_an_annotation_without_its_page_is_refused_not_lost(self) -> None:
        stroke = annotation(AnnotationKind.FREEHAND, page=7, strokes=(((0.1, 0.1), (0.2, 0.2)),))
        with pytest.raises(InvalidFinalPdf, match="page the copy does not have"):
            compose_final(image_copy(), SHEET, [stroke], language=Language.FR)

    def test_a_copy_that_is_no_pdf_is_refused_by_its_type_of_error_only(self) -> None:
        with pytest.raises(UnreadablePdf) as caught:
            compose_final(b"%PDF-1.4 nothing", SHEET, [], language=Language.FR)
        assert caught.value.__cause__ is None
