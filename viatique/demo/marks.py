"""Makes up what markers would have given: points, remarks, an appreciation, annotations.

In the form of the marks JSON that people import, so that the demo goes through the same door.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from viatique.marking.scoring import Question, Scheme
from viatique.models import AnnotationKind, CopyId

MARGIN = ("Bien", "À justifier", "Oui", "Unités ?", "Revoir le cours", "Très bonne méthode")
REMARKS = (
    "Raisonnement clair et complet.",
    "Le résultat est juste, mais l'hérédité n'est pas rédigée.",
    "Erreur de signe dans la dérivée ; la suite du calcul est cohérente.",
    "La formule des probabilités totales est citée sans être appliquée.",
)
APPRECIATIONS = (
    "Très bon travail, continuez ainsi.",
    "Ensemble solide. Soignez la rédaction des récurrences.",
    "Des connaissances, mais trop de questions restent sans justification.",
    "Il faut reprendre les dérivées et les suites avant l'épreuve.",
)
KINDS = (
    AnnotationKind.TICK,
    AnnotationKind.COMMENT,
    AnnotationKind.ERROR,
    AnnotationKind.HIGHLIGHT,
)


def demo_marks(
    copy_ids: Sequence[CopyId], scheme: Scheme, *, seed: int = 1
) -> list[dict[str, Any]]:
    """Complete marks for every copy, ready for ``json.dumps`` and the marks import.

    Annotations are on the first two pages only, which every copy that can be marked has.
    """
    rng = np.random.default_rng([seed, 13])
    return [_copy_marks(copy_id, scheme, rng) for copy_id in copy_ids]


def _copy_marks(copy_id: CopyId, scheme: Scheme, rng: np.random.Generator) -> dict[str, Any]:
    level = float(rng.beta(5, 2.5))
    leaves = list(scheme.leaves())
    remarked = leaves[int(rng.integers(len(leaves)))]
    return {
        "copy": copy_id,
        "scores": {leaf.question_id: _points(leaf, scheme.step, level, rng) for leaf in leaves},
        "remarks": {remarked.question_id: _one_of(REMARKS, rng)},
        "appreciation": APPRECIATIONS[min(3, int((1 - level) * 5))],
        "annotations": [_annotation(page, rng) for page in (0, 0, 1)],
    }


def _points(leaf: Question, step: Decimal, level: float, rng: np.random.Generator) -> float:
    maximum = leaf.points or Decimal(0)
    steps = float(maximum / step) * float(np.clip(level + rng.normal(0, 0.15), 0, 1))
    return float(min(maximum, round(steps) * step))


def _annotation(page: int, rng: np.random.Generator) -> dict[str, Any]:
    kind = KINDS[int(rng.integers(len(KINDS)))]
    has_text = kind in {AnnotationKind.COMMENT, AnnotationKind.ERROR}
    annotation = {
        "page": page,
        "x": round(float(rng.uniform(0.15, 0.6)), 4),
        "y": round(float(rng.uniform(0.3, 0.85)), 4),
        "w": 0.04 if kind is AnnotationKind.TICK else 0.25,
        "h": 0.03,
        "kind": str(kind),
        "text": _one_of(MARGIN, rng) if has_text else "",
    }
    if kind is AnnotationKind.ERROR:
        annotation["points"] = -0.5
    return annotation


def _one_of(texts: tuple[str, ...], rng: np.random.Generator) -> str:
    return texts[int(rng.integers(len(texts)))]
