"""Every text is there in both languages, under one key."""

import string
from collections import Counter

from dashboard.contents import GROUPS
from dashboard.texts.states import ACTIONS, IDENTITIES, STATUSES
from dashboard.wording import CATALOGUES, TEXTS
from viatique.access import Role
from viatique.lifecycle import Action, CopyStatus
from viatique.models import IdentityState


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_a_key_belongs_to_one_page() -> None:
    keys = Counter(key for catalogue in CATALOGUES for key in catalogue.TEXTS)
    assert [key for key, count in keys.items() if count > 1] == []


def test_both_languages_say_the_same_values() -> None:
    for key, (english, french) in TEXTS.items():
        assert english, key
        assert french, key
        assert placeholders(english) == placeholders(french), key


def test_every_state_and_action_has_words() -> None:
    assert set(STATUSES) == set(CopyStatus)
    assert set(IDENTITIES) == set(IdentityState)
    assert set(ACTIONS) == set(Action)


def test_every_page_group_and_role_has_a_name() -> None:
    entries = [entry for group in GROUPS.values() for entry in group]
    wanted = {entry.name for entry in entries} | {f"role_{role}" for role in Role}
    assert wanted | {group for group in GROUPS if group} <= TEXTS.keys()
