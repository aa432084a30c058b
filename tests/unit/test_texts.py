"""Every code people meet has a text in both languages."""

import pytest

from dashboard import wording
from dashboard.texts import identify
from viatique.models import IdentityReason, Language
from viatique.scans.page_defects import PageDefect
from viatique.scans.segmentation import PlanProblem
from viatique.texts import REASONS, TEXTS, reason_text


@pytest.mark.parametrize("code", [*IdentityReason, *PlanProblem, *PageDefect])
def test_every_reason_has_a_text(code: str) -> None:
    for language in Language:
        assert reason_text(code, language) not in {"", code}


@pytest.mark.parametrize("table", [TEXTS, REASONS, wording.TEXTS, identify.REASONS])
def test_every_text_is_in_both_languages(table: dict[str, tuple[str, str]]) -> None:
    assert all(english and french for english, french in table.values())
