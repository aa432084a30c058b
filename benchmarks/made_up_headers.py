"""Exams made of real handwriting for the benchmarks: other names, rosters and hands each seed.

Pastes crops of ../shared/handwriting-names and digits cut from the boxed shared exam on forms drawn
here. Nothing is kept: the pictures live in memory only. Never used by the application.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from viatique.identity.name_variants import fold_letters
from viatique.models import CopyId, Student, StudentId

Picture = NDArray[np.uint8]
"""uint8, (height, width), 0 = black."""
Rng = np.random.Generator

DPI = 200
PX_PER_PT = DPI / 72
A4_PT = (595, 842)
LABELS = ("Nom de famille :", "Prénom(s) :", "Né(e) le :")
BOXES = (20, 20, 10)
BOX_PT = 20.0
INK = 150
"""Grey level below which a crop's pixel is ink."""
FIRST_BIRTH, BIRTH_DAYS = date(2008, 1, 1), 900
TINY = 12
"""Pixels of a digit's smallest acceptable height."""


@dataclass(frozen=True)
class Hands:
    """Handwriting to compose from: whole names, their letters, and digits."""

    names: Sequence[tuple[str, Picture]]
    letters: Mapping[str, Sequence[tuple[Picture, ...]]]
    digits: Mapping[str, Sequence[Picture]]


@dataclass(frozen=True)
class MadeUpExam:
    """Pages of copies with their right answers."""

    pages: Mapping[CopyId, Picture]
    truth: Mapping[CopyId, StudentId | None]
    roster: Sequence[Student]


def load_hands(shared: Path, digits: Mapping[str, Sequence[Picture]]) -> Hands:
    """Loads the name crops that hold nothing but the name."""
    folder = shared / "handwriting-names"
    with (folder / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["file"], row["text"]) for row in csv.DictReader(file)]
    names = []
    for file_name, text in rows:
        crop = cv2.imread(str(folder / "crops" / file_name), cv2.IMREAD_GRAYSCALE)
        name = None if crop is None else _name_alone(np.asarray(crop, np.uint8))
        if name is not None and len(fold_letters(text)) > 1:
            names.append((text, name))
    letters = {text: [parts] for text, crop in names if (parts := _letters(text, crop))}
    return Hands(names, letters, digits)


def compose(hands: Hands, *, boxed: bool, copies: int, seed: int) -> MadeUpExam:
    """Makes an exam with siblings, absentees, swapped fields, blanks, strangers, turned pages."""
    rng = np.random.default_rng(seed)
    roster, pages, truth = _roster(hands, copies, rng, boxed=boxed), {}, {}
    strangers = _roster(hands, 4, rng, boxed=boxed)
    writers: list[Student | None] = [*roster[:copies], None, *strangers[:2]]
    form = _draw_form(boxed=boxed)
    for number, writer in enumerate(writers, start=1):
        copy = CopyId(f"{number:03}")
        page = form.copy()
        if writer:
            is_swapped = rng.random() < 0.03
            _write_header(page, writer, hands, rng, boxed=boxed, swapped=is_swapped)
        pages[copy] = _scanned(page, rng)
        is_known = writer is not None and number <= copies
        truth[copy] = writer.student_id if writer and is_known else None
    return MadeUpExam(pages, truth, roster)


def digits_of(cells: Sequence[tuple[str, Picture]]) -> dict[str, list[Picture]]:
    """Digits by what they are, trimmed; those cut badly are left out."""
    found: dict[str, list[Picture]] = defaultdict(list)
    for digit, cell in cells:
        trimmed = _trimmed(cell)
        if trimmed is not None and trimmed.shape[0] >= TINY:
            found[digit].append(trimmed)
    return dict(found)


def _name_alone(crop: Picture) -> Picture | None:
    """The writing of a crop; None when print or another row is in it."""
    ink = crop < INK
    if ink[:2].any() or ink[-2:].any() or ink[:, :4].any() or ink[:, -4:].any():
        return None
    rows = np.flatnonzero(ink.any(axis=1))
    if not len(rows) or np.diff(rows).max(initial=1) > 4 or rows[-1] - rows[0] < TINY:
        return None
    return _trimmed(crop)


def _trimmed(crop: Picture) -> Picture | None:
    ink = crop < INK
    if not ink.any():
        return None
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    top, left = max(0, rows[0] - 1), max(0, columns[0] - 1)
    return crop[top : rows[-1] + 2, left : columns[-1] + 2]


def _letters(text: str, crop: Picture) -> tuple[Picture, ...] | None:
    """The letters of a name written with white between them; None when they do not count out."""
    inked = (crop < INK + 60).any(axis=0).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked, [0]])))
    parts = [crop[:, start:end] for start, end in edges.reshape(-1, 2)]
    return tuple(parts) if len(parts) == len(text) and " " not in text else None


def _roster(hands: Hands, copies: int, rng: Rng, *, boxed: bool) -> list[Student]:
    """Students who write, then as many absentees as a fifth; one in ten has a sibling."""
    texts = list(hands.letters) if boxed else [text for text, _ in hands.names]
    texts = [text for text in texts if len(fold_letters(text)) > 2]
    students: list[Student] = []
    for number in range(round(1.2 * copies)):
        last, first = (texts[index] for index in rng.choice(len(texts), 2, replace=False))
        if students and rng.random() < 0.1:
            last = students[rng.integers(len(students))].last_name
        birth = FIRST_BIRTH + timedelta(int(rng.integers(BIRTH_DAYS)))
        id_ = StudentId(f"M{number:03}")
        students.append(Student(student_id=id_, last_name=last, first_name=first, birth_date=birth))
    return students


def _draw_form(*, boxed: bool) -> Picture:
    with pymupdf.open() as document:
        page = document.new_page(width=A4_PT[0], height=A4_PT[1])
        page.draw_rect(pymupdf.Rect(28, 40, 567, 205), width=1)
        page.insert_text((38, 55), "MODELE CCYC", fontsize=9)
        page.insert_text((405, 55), "BAC BLANC", fontsize=9)
        page.insert_text((38, 190), "Epreuve :  Histoire     Session : 2027", fontsize=9)
        for row, label in enumerate(LABELS):
            base = 84 + 34 * row
            page.insert_text((38, base), label, fontsize=10)
            if boxed:
                for box in range(BOXES[row]):
                    x = 142 + BOX_PT * box
                    rect = pymupdf.Rect(x, base - 16, x + BOX_PT - 2, base + 7)
                    page.draw_rect(rect, width=0.7, color=(0.4, 0.4, 0.4))
            else:
                page.draw_line((142, base + 5), (545, base + 5), width=0.7, color=(0.3,) * 3)
        pixmap = page.get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY)
        flat = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
        return flat[:, : pixmap.width].copy()


def _write_header(
    page: Picture, writer: Student, hands: Hands, rng: Rng, *, boxed: bool, swapped: bool
) -> None:
    names = (writer.first_name, writer.last_name) if swapped else (
        writer.last_name, writer.first_name,
    )  # fmt: skip
    day = writer.birth_date or FIRST_BIRTH
    for row, text in enumerate((*names, f"{day:%d/%m/%Y}")):
        base = round((84 + 34 * row) * PX_PER_PT)
        parts = _date_parts(text, hands, rng) if row == len(names) else None
        if boxed:
            parts = parts or hands.letters[text][0]
            for box, part in enumerate(parts):
                x = (142 + BOX_PT * box) * PX_PER_PT
                _paste_in_box(page, part, x, base, rng)
        elif parts:
            _paste_row(page, parts, base, rng)
        else:
            crop = next(crop for one, crop in hands.names if one == text)
            x = round(rng.uniform(146, 170) * PX_PER_PT)
            _paste(page, _scaled(crop, rng.uniform(34, 46)), x, base + round(rng.uniform(0, 8)))


def _date_parts(text: str, hands: Hands, rng: Rng) -> list[Picture]:
    slash = np.full((30, 16), 255, np.uint8)
    cv2.line(slash, (13, 2), (3, 28), (60,), 2, cv2.LINE_AA)
    return [
        slash if one == "/" else hands.digits[one][int(rng.integers(len(hands.digits[one])))]
        for one in text
    ]


def _paste_in_box(page: Picture, part: Picture, x: float, base: int, rng: Rng) -> None:
    box = (BOX_PT - 2) * PX_PER_PT
    scale = min(38 / part.shape[0], 0.75 * box / part.shape[1])
    picture = _scaled(part, part.shape[0] * scale)
    left = round(x + (box - picture.shape[1]) / 2 + rng.uniform(-3, 3))
    _paste(page, picture, left, base + 6 + round(rng.uniform(-4, 2)))


def _paste_row(page: Picture, parts: Sequence[Picture], base: int, rng: Rng) -> None:
    x = round(rng.uniform(146, 170) * PX_PER_PT)
    for part in parts:
        picture = _scaled(part, rng.uniform(32, 38))
        _paste(page, picture, x, base + round(rng.uniform(0, 6)))
        x += picture.shape[1] + round(rng.uniform(4, 10))


def _scaled(picture: Picture, height: float) -> Picture:
    factor = height / picture.shape[0]
    size = (max(2, round(picture.shape[1] * factor)), max(2, round(height)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _paste(page: Picture, picture: Picture, left: int, bottom: int) -> None:
    top = bottom - picture.shape[0]
    part = page[top:bottom, left : left + picture.shape[1]]
    np.minimum(part, picture[:, : part.shape[1]], out=part)


def _scanned(page: Picture, rng: Rng) -> Picture:
    """The page as a scanner gives it: a little askew, grey, grainy, a JPEG; perhaps turned."""
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-1, 1), 1.0)
    page = np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=(255,)), np.uint8)
    grain = page * rng.uniform(0.92, 1.0) + rng.normal(0, 2, page.shape)
    _, packed = cv2.imencode(".jpg", np.clip(grain, 0, 255), [cv2.IMWRITE_JPEG_QUALITY, 75])
    page = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return np.ascontiguousarray(page[::-1, ::-1]) if rng.random() < 0.05 else page
