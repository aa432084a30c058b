"""Fills sheets in by hand: header, worked answers, a curve now and then.

Lines of text are written once per style and reused on many pages, which is what makes hundreds of
pages affordable; headers are written letter by letter for each copy.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from viatique.demo.forms import (
    BOX_WIDTH,
    ENTRIES,
    ENTRY_END,
    ENTRY_X,
    FIRST_LINE,
    FIRST_LINE_NEXT,
    HEIGHT_PT,
    LINE_STEP,
    MARGIN_X,
    WIDTH_PT,
    Entry,
    Form,
    Picture,
    print_first_page,
    print_next_page,
)
from viatique.demo.hands import STYLES, Hand, Ink, Style, plain_hand, write
from viatique.demo.people import written_date
from viatique.demo.plan import CopyPlan, Trap
from viatique.models import FieldName, Student

ANSWERS = (
    "On pose f(x) = x3 - 3x + 2, définie et dérivable sur R.",
    "Alors f'(x) = 3x2 - 3 = 3(x - 1)(x + 1).",
    "Donc f est croissante sur [1 ; +oo[.",
    "Le signe de f' donne les variations de f.",
    "On en déduit que f admet un minimum en x = 1.",
    "Or f(1) = 1 - 3 + 2 = 0, donc f(x) > 0.",
    "La tangente en 0 a pour équation y = -3x + 2.",
    "Soit (un) la suite définie par u0 = 5",
    "et pour tout n, u(n+1) = 0,8 un + 4.",
    "Montrons par récurrence que un < 20.",
    "Initialisation : u0 = 5 < 20, vrai.",
    "Hérédité : si un < 20 alors 0,8 un + 4 < 20.",
    "La suite est croissante et majorée, elle converge.",
    "Sa limite L vérifie L = 0,8 L + 4, soit L = 20.",
    "P(A) = 0,35 et P(B sachant A) = 0,6.",
    "D'après la formule des probabilités totales,",
    "P(B) = 0,35 x 0,6 + 0,65 x 0,2 = 0,34.",
    "X suit une loi binomiale de paramètres 10 et 0,34.",
    "Le vecteur AB a pour coordonnées (2 ; -1 ; 3).",
    "Les droites ne sont donc pas coplanaires.",
)
TITLES = ("Exercice 1", "Exercice 2", "1.a)", "1.b)", "2.")
PAGE_SIGNS = tuple(f"{number}/4" for number in range(1, 5))


class Desk:
    """Empty sheets and ready-made lines for one resolution and form."""

    def __init__(self, form: Form, dpi: int, seed: int) -> None:
        self.form = form
        self.dpi = dpi
        self._first = print_first_page(form, dpi)
        self._next = print_next_page(dpi)
        self._seed = seed
        self._lines: dict[Style, dict[str, Ink]] = {}

    def fill_page(self, copy: CopyPlan, page: int, hand: Hand, rng: np.random.Generator) -> Picture:
        """Page ``page`` (0-based) of a copy as the pupil handed it in, upright and clean."""
        picture = (self._next if page else self._first).copy()
        if page == 0 and copy.trap is not Trap.BLANK:
            self._fill_header(picture, copy, hand, rng)
        self._fill_body(picture, page, hand, rng)
        if page and rng.random() < 0.3:
            self._draw_curve(picture, hand, rng)
        return picture

    def _fill_header(
        self, picture: Picture, copy: CopyPlan, hand: Hand, rng: np.random.Generator
    ) -> None:
        texts = _header_texts(copy.writer, is_swapped=copy.trap is Trap.SWAPPED)
        for entry in ENTRIES:
            if self.form is Form.BOXED:
                self._fill_boxes(picture, entry, texts[entry.name].upper(), hand, rng)
            else:
                text = texts[entry.name]
                text = text.upper() if hand.style.writes_capitals else text
                self._fill_line(picture, entry, text, hand, rng)

    def _fill_line(
        self, picture: Picture, entry: Entry, text: str, hand: Hand, rng: np.random.Generator
    ) -> None:
        ink = write(text, hand, self._px(34), rng)
        widest = self._px(ENTRY_END - ENTRY_X)
        if ink.shape[1] > widest:
            ink = np.asarray(cv2.resize(ink, (widest, ink.shape[0])), dtype=np.uint8)
        x = self._px(ENTRY_X + rng.uniform(0, 20))
        _put(picture, ink, x, self._px(entry.baseline - 3 + rng.normal(0, 0.7)), hand.darkness)

    def _fill_boxes(
        self, picture: Picture, entry: Entry, text: str, hand: Hand, rng: np.random.Generator
    ) -> None:
        for index, char in enumerate(text[: entry.boxes]):
            ink = _trimmed(write(char, hand, self._px(26), rng))
            middle = ENTRY_X + (index + 0.5) * BOX_WIDTH - 1 + rng.normal(0, 0.8)
            x = self._px(middle) - ink.shape[1] // 2
            _put(picture, ink, x, self._px(entry.baseline - 0.5), hand.darkness)

    def _fill_body(self, picture: Picture, page: int, hand: Hand, rng: np.random.Generator) -> None:
        first_line = FIRST_LINE_NEXT if page else FIRST_LINE
        for text, line in zip(_answers(rng), range(int(rng.integers(9, 21))), strict=False):
            ink = self._written(text, hand.style)
            left = MARGIN_X + (6 if text in TITLES else 16) + rng.normal(0, 2)
            baseline = first_line + (line + 1) * LINE_STEP - 2 + rng.normal(0, 0.8)
            _put(picture, ink, self._px(left), self._px(baseline), hand.darkness)
        sign = self._written(PAGE_SIGNS[page % 4], hand.style)
        _put(picture, sign, self._px(WIDTH_PT - 70), self._px(HEIGHT_PT - 24), hand.darkness)

    def _written(self, text: str, style: Style) -> Ink:
        lines = self._lines.setdefault(style, {})
        if text not in lines:
            rng = np.random.default_rng([self._seed, STYLES.index(style), len(text)])
            lines[text] = write(text, plain_hand(style), self._px(28), rng)
        return lines[text]

    def _draw_curve(self, picture: Picture, hand: Hand, rng: np.random.Generator) -> None:
        x = np.linspace(-1, 1, 60)
        y = rng.uniform(0.4, 1) * x**3 - rng.uniform(0.2, 0.8) * x + 0.02 * rng.normal(0, 1)
        left, top, size = self._px(400), self._px(rng.uniform(640, 700)), self._px(110)
        points = np.stack([left + (x + 1) / 2 * size, top + (1 - y) / 2 * size], axis=1)
        shade = (255.0 - hand.darkness,)
        axes = [[(left, top + size // 2), (left + size, top + size // 2)]]
        axes.append([(left + size // 2, top), (left + size // 2, top + size)])
        for stroke in (points, *axes):
            curve = np.asarray(stroke).round().astype(np.int32)
            cv2.polylines(picture, [curve], isClosed=False, color=shade, thickness=2)

    def _px(self, points: float) -> int:
        return round(points * self.dpi / 72)


def _header_texts(writer: Student, *, is_swapped: bool) -> dict[FieldName, str]:
    last_name, first_name = writer.last_name, writer.first_name
    if is_swapped:
        last_name, first_name = first_name, last_name
    return {
        FieldName.LAST_NAME: last_name,
        FieldName.FIRST_NAME: first_name,
        FieldName.BIRTH_DATE: written_date(writer),
    }


def _answers(rng: np.random.Generator) -> Iterator[str]:
    while True:
        yield TITLES[int(rng.integers(len(TITLES)))]
        start, count = int(rng.integers(len(ANSWERS))), int(rng.integers(3, 9))
        yield from (ANSWERS[(start + index) % len(ANSWERS)] for index in range(count))


def _trimmed(ink: Ink) -> Ink:
    """Without the empty columns on both sides."""
    columns = np.flatnonzero(ink.max(axis=0) > 32)
    return ink[:, columns[0] : columns[-1] + 1] if columns.size else ink


def _put(picture: Picture, ink: Ink, x: int, baseline: int, darkness: int) -> None:
    """Darken the picture where there is ink; what lies outside it is cut off."""
    top = baseline - ink.shape[0] * 3 // 4
    area = picture[top : top + ink.shape[0], x : x + ink.shape[1]]
    dark = cv2.convertScaleAbs(ink[: area.shape[0], : area.shape[1]], alpha=darkness / 255)
    cv2.subtract(area, dark, dst=area)
