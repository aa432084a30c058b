"""Reads a copy's header: finds the form, takes the writing of each field, keeps what the OCR saw.

It decides nothing: what the recogniser saw is compared with the roster elsewhere.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from viatique.alphabet import alphabet_of, fold_weights, fold_posteriors
from viatique.models import FieldName, FieldReading, FieldState, HeaderReading, HeaderSpec, Rect
from viatique.ocr.engine import Engine
from viatique.ocr.form import Form, cropped, find_form, find_zones
from viatique.ocr.ink import Grey, find_cells, lay_out_cells, on_white, writing_on_line


def read_header(engine: Engine, page: Grey, spec: HeaderSpec) -> HeaderReading:
    """What is written in the header of a copy.

    Args:
        engine: the OCR.
        page: the whole first page as seen, perhaps upside-down: uint8, (height, width), 0 = black,
            150 to 300 dpi.
        spec: the exam's fields and form.

    Raises:
        EngineFailure: the OCR could not be run.
    """
    form = find_form(page, spec)
    if form is None:
        return HeaderReading(fields=(), engine=engine.version)
    zones = find_zones(engine, form, spec)
    if not zones:
        return HeaderReading(fields=(), turn=form.turn, engine=engine.version)
    fields = tuple(_read_field(engine, form, name, zones.get(name)) for name in spec.fields)
    return HeaderReading(fields=fields, turn=form.turn, engine=engine.version)


def field_strip(form: Form, zone: Rect) -> Grey | None:
    """The writing of one field as one line on white; None when nothing is written."""
    white = on_white(cropped(form.picture, zone))
    cells = find_cells(white)
    return lay_out_cells(white, cells) if cells else writing_on_line(white)


def _read_field(engine: Engine, form: Form, name: FieldName, zone: Rect | None) -> FieldReading:
    alphabet = alphabet_of(name)
    nothing = np.zeros((0, len(alphabet) + 1), np.float32)
    if zone is None:
        return FieldReading(name=name, state=FieldState.MISSING, log_probs=nothing)
    place = _on_page(form, zone)
    strip = field_strip(form, zone)
    if strip is None:
        return FieldReading(name=name, state=FieldState.EMPTY, log_probs=nothing, zone=place)
    seen = engine.read(strip)
    return FieldReading(
        name=name,
        state=FieldState.READ,
        log_probs=fold_posteriors(seen.posteriors, _weights(engine, alphabet)),
        text=seen.text,
        zone=place,
    )


@functools.cache
def _weights(engine: Engine, alphabet: str) -> NDArray[np.float32]:
    return fold_weights(engine.characters, alphabet)


def _on_page(form: Form, zone: Rect) -> Rect:
    width, height = form.place.x1 - form.place.x0, form.place.y1 - form.place.y0
    return Rect(
        x0=form.place.x0 + zone.x0 * width,
        y0=form.place.y0 + zone.y0 * height,
        x1=form.place.x0 + zone.x1 * width,
        y1=form.place.y0 + zone.y1 * height,
    )
