"""Where on a form each field is written: beside or below its printed label.

Labels are read by the OCR on an exam's first copies; other copies of the same form are recognised
by the look of their labels, which costs a tenth. What is written is not read here, and what is
found on a copy does not depend on which others were read before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from viatique.models import FieldName, HeaderForm, HeaderSpec, Rect
from viatique.ocr.engine import Engine, Strip
from viatique.ocr.form import Form, Grey, cropped, possible_forms
from viatique.ocr.ink import longest_run
from viatique.ocr.known_forms import KnownForms
from viatique.ocr.labels import is_other_label, label_of

GAP = 0.006
"""White between a label and its field, in form widths."""
EDGE = 0.985
"""Where the writing ends when no other label stands in its way."""
ROW, BELOW = 1.2, 3.0
"""Half the height of a row on its own, and height of the writing below a label, in label heights
(forms of CCYC, CMEN and schools seen 2026-11)."""
MIN_ROOM = 0.12
"""A field narrower than this, in form widths, is not beside its label."""
MIN_RULE = 0.25
"""Part of a field's width that its rule or the edge of a box takes at least."""

Zones = dict[FieldName, Rect]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A printed label found on a form, in fractions of it; ``field`` is None for other labels."""

    field: FieldName | None
    box: Rect
    likeness: float

    @property
    def middle(self) -> float:
        return (self.box.y0 + self.box.y1) / 2

    @property
    def height(self) -> float:
        return self.box.y1 - self.box.y0


def learn_forms(engine: Engine, pages: Iterable[Grey], spec: HeaderSpec) -> KnownForms:
    """The kinds of form among some first pages, with all fields of the exam.

    Raises:
        EngineFailure: the OCR could not be run.
    """
    known = KnownForms()
    for page in pages:
        for form in possible_forms(page, spec):
            if known.recognise(form.picture) or _learn(engine, form, spec, known):
                break
    return known


def find_zones(
    engine: Engine, form: Form, spec: HeaderSpec, known: KnownForms | None = None
) -> Zones:
    """Where on the form each field of the exam is written; fields not found are absent.

    Raises:
        EngineFailure: the OCR could not be run.
    """
    if spec.form is HeaderForm.ZONES:
        return {name: zone for name, zone in spec.zones if name in spec.fields}
    zones = known.recognise(form.picture) if known else None
    if zones is None:
        zones = zones_of(form.picture, list(_labels(engine, form.picture)), spec.fields)
    return zones


def zones_of(picture: Grey, labels: Sequence[Label], fields: Sequence[FieldName]) -> Zones:
    """The zone of each field that has a label, the most alike one where there are several."""
    best: dict[FieldName, Label] = {}
    for label in sorted(labels, key=lambda one: (one.likeness, -one.box.y0)):
        if label.field is not None and label.field in fields:
            best[label.field] = label
    kept = [one for one in labels if one.field is None or best.get(one.field) is one]
    return {field: _zone(picture, label, kept) for field, label in best.items()}


def _learn(engine: Engine, form: Form, spec: HeaderSpec, known: KnownForms) -> bool:
    """Whether the form has all fields of the exam, and is known from now on."""
    labels = list(_labels(engine, form.picture))
    zones = zones_of(form.picture, labels, spec.fields)
    is_whole = set(zones) == set(spec.fields)
    if is_whole:
        known.remember(form.picture, [one.box for one in labels if one.field], zones)
    return is_whole


def _labels(engine: Engine, picture: Grey) -> Iterator[Label]:
    """The labels among the texts of a form."""
    for box in engine.find_text(picture):
        label = _label(engine.read(cropped(picture, box)), box)
        if label:
            yield label


def _label(strip: Strip, box: Rect) -> Label | None:
    """The label a text is, or begins with when the writing was found with it."""
    match = label_of(strip.text)
    if match:
        return Label(field=match[0], box=box, likeness=match[1])
    colon = max(strip.text.find(":"), strip.text.find("："))
    head = label_of(strip.text[:colon]) if colon > 0 else None
    if head:
        end = box.x0 + strip.ends[colon] * (box.x1 - box.x0)
        cut = Rect(x0=box.x0, y0=box.y0, x1=end, y1=box.y1)
        return Label(field=head[0], box=cut, likeness=head[1])
    if is_other_label(strip.text):
        return Label(field=None, box=box, likeness=0.0)
    return None


def _zone(picture: Grey, label: Label, labels: Sequence[Label]) -> Rect:
    right, below = _beside(label, labels), _below(label, labels)
    if right.x1 - right.x0 < MIN_ROOM:
        return below
    if _rule_length(picture, right) >= MIN_RULE:
        return right
    return below if _rule_length(picture, below) >= MIN_RULE else right


def _rule_length(picture: Grey, zone: Rect) -> float:
    return longest_run(cropped(picture, zone)) if zone.y1 > zone.y0 and zone.x1 > zone.x0 else 0.0


def _beside(label: Label, labels: Sequence[Label]) -> Rect:
    """Right of the label as far as the next label of its row or the form's edge, a row high."""
    half = _half_row(label, labels)
    same_row = [
        other.box.x0 - GAP
        for other in labels
        if abs(other.middle - label.middle) < half and other.box.x0 > label.box.x1
    ]
    return Rect(
        x0=min(EDGE, label.box.x1 + GAP),
        y0=max(0.0, label.middle - half),
        x1=min([*same_row, EDGE]),
        y1=min(1.0, label.middle + half),
    )


def _half_row(label: Label, labels: Sequence[Label]) -> float:
    rows = sorted({one.middle for one in labels})
    steps = [after - before for before, after in pairwise(rows) if after - before > label.height]
    return min([*steps, 3 * label.height]) / 2 if steps else ROW * label.height


def _below(label: Label, labels: Sequence[Label]) -> Rect:
    """Below the label, as far as the next label below it and beside it."""
    lower = [
        one.box.y0
        for one in labels
        if one.box.y0 > label.box.y1 and one.box.x0 < label.box.x1 + MIN_ROOM
    ]
    beside = [
        one.box.x0 - GAP
        for one in labels
        if abs(one.middle - label.middle) < label.height and one.box.x0 > label.box.x1
    ]
    return Rect(
        x0=max(0.0, label.box.x0 - GAP),
        y0=label.box.y1,
        x1=min([*beside, EDGE]),
        y1=float(np.min([*lower, label.box.y1 + BELOW * label.height, 1.0])),
    )
