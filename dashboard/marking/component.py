"""The marking desk as a Streamlit component: files of this folder, served from our own origin.

Streamlit finds the files of a component in the manifest of an installed package of the component's
own. Ours are a part of the dashboard, so the manifest is given to Streamlit's registry here. Inline
scripts would need ``blob:`` in the Content-Security-Policy.
"""

import functools
from collections.abc import Callable, Collection
from pathlib import Path

from streamlit.components.v2 import component
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

from dashboard.marking.texts import texts_in
from viatique.db.exams import Exam
from viatique.marking.scoring import walk, weight
from viatique.models import CopyId, Language

FOLDER = Path(__file__).parent
PROJECT, NAME = "viatique", "marking"
DPI = 120
"""Of a page: about twice the pixels it has on a screen of 1366 x 768."""


@functools.lru_cache(maxsize=1)
def _component(registry: BidiComponentManager) -> Callable[..., object]:
    manifest = ComponentManifest(
        name=PROJECT, version="1", components=[ComponentConfig(name=NAME, asset_dir="static")]
    )
    registry.register_from_manifest(manifest, FOLDER)
    return component(
        f"{PROJECT}.{NAME}",
        html='<div class="host"></div>',
        css="marking.css",
        js="marking.js",
    )


def marking_desk(
    exam: Exam,
    copy_id: CopyId,
    *,
    questions: Collection[str],
    page_count: int,
    token: str | None,
    language: Language,
    on_next: Callable[[], None],
    key: str,
) -> None:
    """Shows a copy to be marked; ``on_next`` is called when the marker goes on to another.

    Args:
        exam: with its marking scheme.
        copy_id: the copy.
        questions: those the marker gives points for.
        page_count: its pages.
        token: of the lock that was taken for it, if any.
        language: of its texts.
        on_next: called with ``st.session_state[key].next`` set: the copy that was left.
        key: of the component.
    """
    _component(get_bidi_component_manager())(
        key=key,
        data={
            "copy": copy_id,
            "exam": exam.exam_id,
            "pages": page_count,
            "token": token,
            "dpi": DPI,
            "step": str(exam.scheme.step),
            "questions": [
                {
                    "id": node.question_id,
                    "label": node.label,
                    "depth": depth,
                    "maximum": str(weight(node)),
                    "takes_points": node.question_id in questions,
                }
                for depth, node in walk(exam.scheme.questions)
            ],
            "texts": texts_in(language),
        },
        on_next_change=on_next,
    )
