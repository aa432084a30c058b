"""Texts by key in the visitor's language: one catalogue made of every page's own."""

from dashboard.texts import (
    audit,
    copies,
    exams,
    identify,
    marking,
    operations,
    quarantine,
    results,
    shell,
    states,
    todo,
    users,
)
from viatique.lifecycle import Action, CopyStatus
from viatique.models import IdentityState, Language

CATALOGUES = (
    shell,
    todo,
    exams,
    copies,
    identify,
    quarantine,
    marking,
    results,
    audit,
    operations,
    users,
)
TEXTS: dict[str, tuple[str, str]] = {
    key: pair for catalogue in CATALOGUES for key, pair in catalogue.TEXTS.items()
}


def text(key: str, language: Language, **values: object) -> str:
    """The text of a key with its values filled in."""
    return _in(language, *TEXTS[key]).format(**values)


def why(code: str, language: Language) -> str:
    """Why a candidate fits, for people."""
    return _in(language, *identify.REASONS.get(code, (code, code)))


def status_text(status: CopyStatus, language: Language) -> str:
    """A copy's status in words."""
    english, french, _ = states.STATUSES[status]
    return _in(language, english, french)


def identity_text(identity: IdentityState, language: Language) -> str:
    """What is known of a copy's identity, in words."""
    english, french, _ = states.IDENTITIES[identity]
    return _in(language, english, french)


def action_text(action: Action, language: Language) -> str:
    """What an audit event says was done, in words; an action too new for that stands for itself."""
    return _in(language, *states.ACTIONS.get(action, (action, action)))


def _in(language: Language, english: str, french: str) -> str:
    return french if language is Language.FR else english
