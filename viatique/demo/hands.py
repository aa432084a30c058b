"""Writes text as a hand would: packaged fonts (Open Font License), no two letters alike.

A style is a font; a hand is a style with a person's size, slant, pressure and unrest.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import fontpkg
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFont

Ink = NDArray[np.uint8]
"""(height, width), 0 = paper, 255 = as dark as the pen gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A font as a way of writing.

    Attributes:
        scale: factor that makes its capitals about as tall as the others'.
        writes_capitals: in headers; the cursive fonts are unreadable in capitals.
    """

    family: str
    weight: int
    scale: float
    writes_capitals: bool = True


STYLES = (
    Style(family="Caveat", weight=400, scale=1.15),
    Style(family="Caveat", weight=700, scale=1.1),
    Style(family="Kalam", weight=300, scale=0.95),
    Style(family="Kalam", weight=400, scale=0.92),
    Style(family="Indie Flower", weight=400, scale=1.0),
    Style(family="Shadows Into Light", weight=400, scale=1.0),
    Style(family="Zeyada", weight=400, scale=1.3),
    Style(family="Dancing Script", weight=400, scale=1.0, writes_capitals=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """One person's writing.

    Attributes:
        size: factor on the height of the line.
        slant: horizontal shift per unit of height, positive leans right.
        unrest: factor on the jitter of each letter; 0 writes like the font.
        spacing: extra space between letters, in heights of the line.
        darkness: of the ink, in [0, 255].
    """

    style: Style
    size: float
    slant: float
    unrest: float
    spacing: float
    darkness: int


def plain_hand(style: Style) -> Hand:
    """The style with an average person's unrest."""
    return Hand(style=style, size=1.0, slant=0.0, unrest=0.8, spacing=0.0, darkness=215)


def draw_hand(rng: np.random.Generator) -> Hand:
    """Somebody's hand."""
    return Hand(
        style=STYLES[int(rng.integers(len(STYLES)))],
        size=float(rng.uniform(0.92, 1.12)),
        slant=float(rng.uniform(-0.1, 0.2)),
        unrest=float(rng.uniform(0.5, 1.2)),
        spacing=float(rng.uniform(0.0, 0.1)),
        darkness=int(rng.integers(165, 240)),
    )


def write(text: str, hand: Hand, height_px: int, rng: np.random.Generator) -> Ink:
    """One line of writing, as wide as it needs; the baseline is at 3/4 of its height.

    ``height_px`` is that of the picture; capitals take a bit more than half of it.
    """
    letters = [_letter(char, hand, height_px, rng) for char in text]
    width = sum(advance for _, advance in letters) + 2 * height_px
    line = Image.new("L", (int(width), height_px))
    x = height_px / 4
    for picture, advance in letters:
        where = (round(x) - height_px // 2, 0)
        area = (*where, where[0] + picture.width, height_px)
        line.paste(ImageChops.lighter(line.crop(area), picture), where)
        x += advance
    return _leaned(np.asarray(line), hand.slant)[:, : int(x + height_px / 4)]


def _letter(
    char: str, hand: Hand, height_px: int, rng: np.random.Generator
) -> tuple[Image.Image, float]:
    """A letter on a picture of its own, half a height in from the left, and how far to move on."""
    grow, turn, dx, dy, gap = rng.normal(0, hand.unrest, 5)
    size = 0.62 * height_px * hand.style.scale * hand.size * (1 + 0.035 * grow)
    font = _font(hand.style.family, hand.style.weight, round(size))
    picture = Image.new("L", (2 * height_px, height_px))
    where = (height_px * (0.5 + 0.008 * dx), height_px * (0.75 + 0.018 * dy))
    ImageDraw.Draw(picture).text(where, char, fill=255, font=font, anchor="ls")
    if char != " ":
        centre = (round(where[0] + size / 4), round(where[1] - size / 4))
        picture = picture.rotate(2.2 * turn, Image.Resampling.BILINEAR, center=centre)
    return picture, font.getlength(char) + height_px * (hand.spacing + 0.012 * gap)


def _leaned(line: Ink, slant: float) -> Ink:
    height, width = line.shape
    matrix = np.array([[1, -slant, 0.75 * height * slant], [0, 1, 0]], dtype=np.float32)
    return np.asarray(cv2.warpAffine(line, matrix, (width, height)), dtype=np.uint8)


@cache
def _font(family: str, weight: int, size: int) -> ImageFont.FreeTypeFont:
    path = str(fontpkg.path(family, weight))
    font = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    if "[wght]" in path:
        font.set_variation_by_axes([weight])
    return font
