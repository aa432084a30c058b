"""Reads a copy's header: finds the form, takes the writing of each field, keeps what the OCR saw.

It decides nothing: what the recogniser saw is compared with the roster elsewhere.
"""

import functools
from typing import TYPE_CHECKING

import cv2
import numpy as np

from viatique.identity.alphabet import alphabet_of, fold_posteriors, fold_weights
from viatique.models import FieldName, FieldReading, FieldState, HeaderReading, HeaderSpec, Rect
from viatique.ocr.engine import Engine
from viatique.ocr.form import Form, Grey, cropped, on_page, possible_forms
from viatique.ocr.ink import find_cells, lay_out_cells, on_white, writing_on_line
from viatique.ocr.known_forms import KnownForms
from viatique.ocr.zones import find_zones

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NARROWER = 0.7
"""Strips are read best somewhat narrow: capitals stand wide apart on forms. Mean cost of the right
word 0.66 nats instead of 0.83 (97 headers of both shared exams, 2026-11-24)."""
MIN_WIDTH = 128
"""Pixels a strip is padded to at height 48: shorter ones would be too short for the recogniser, and
its own 320 take time for nothing (the same words fit as well on 577 headers, 2026-11-24)."""


def read_header(
    engine: Engine, page: Grey, spec: HeaderSpec, known: KnownForms | None = None
) -> HeaderReading:
    """What is written in the header of a copy.

    Args:
        engine: the OCR.
        page: the whole first page as seen, perhaps upside-down: uint8, (height, width), 0 = black,
            150 to 300 dpi.
        spec: the exam's fields and form.
        known: what ``learn_forms`` found on the exam's first copies.

    Raises:
        EngineFailure: the OCR could not be run.
    """
    for form in possible_forms(page, spec):
        zones = find_zones(engine, form, spec, known)
        if zones:
            fields = tuple(_read_field(engine, form, name, zones.get(name)) for name in spec.fields)
            return HeaderReading(fields=fields, turn=form.turn, engine=engine.version)
    return HeaderReading(fields=(), engine=engine.version)


def field_strip(picture: Grey, zone: Rect) -> Grey | None:
    """The writing of one field as one line on white; None when nothing is written."""
    white = on_white(cropped(picture, zone))
    cells = find_cells(white)
    strip = lay_out_cells(white, cells) if cells else writing_on_line(white)
    if strip is None:
        return None
    size = (max(2, round(NARROWER * strip.shape[1])), strip.shape[0])
    return np.asarray(cv2.resize(strip, size, interpolation=cv2.INTER_AREA), np.uint8)


def _read_field(engine: Engine, form: Form, name: FieldName, zone: Rect | None) -> FieldReading:
    alphabet = alphabet_of(name)
    nothing = np.zeros((0, len(alphabet) + 1), np.float32)
    if zone is None:
        return FieldReading(name=name, state=FieldState.MISSING, log_probs=nothing)
    place = on_page(form, zone)
    strip = field_strip(form.picture, zone)
    if strip is None:
        return FieldReading(name=name, state=FieldState.EMPTY, log_probs=nothing, zone=place)
    seen = engine.read(strip, min_width=MIN_WIDTH)
    return FieldReading(
        name=name,
        state=FieldState.READ,
        log_probs=fold_posteriors(seen.posteriors, _weights(engine, alphabet)),
        text=seen.text,
        zone=place,
    )


@functools.cache
def _weights(engine: Engine, alphabet: str) -> "csr_array":
    return fold_weights(engine.characters, alphabet)
