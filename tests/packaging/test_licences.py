"""Everything installed with Viatique may be combined with AGPL-3.0-or-later.

Judged by the licence each package states; a new one fails here until somebody has read it.
"""

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from tests.packaging.test_lock import DEV, RUNTIME, locked

COMPATIBLE = (
    r"0BSD|AGPL|Apache|Artistic|BSD|CNRI-Python|DFSG approved|GNU AFFERO|GPL|ISC|"
    r"GNU (Library|Lesser|General)|LGPL|MIT|Mozilla Public License 2|MPL-2|"
    r"OFL-1|OSI Approved|PSF|Python Software Foundation|TCL|Unlicense"
)
"""Permissive, weak copyleft, or GPL "or later": the FSF's list of licences compatible with GPLv3.

PyMuPDF is AGPL (or commercial), which is why this project is. OFL fonts are data.
"""

INCOMPATIBLE = r"GPL-2\.0-only|GPL-2\.0$|\(GPLv2\)"
"""Version 2 without "or later"."""

READ = {"axe-playwright-python": "MIT AND MPL-2.0"}
"""Packages that state no licence in their metadata: as their files say, read on 2026-11-25."""


def stated_licence(name: str) -> str:
    """What the package says of itself: expression, else classifiers, else the free field."""
    metadata = distribution(name).metadata
    classifiers = [
        item.split(" :: ")[-1]
        for item in metadata.get_all("Classifier") or []
        if item.startswith("License ::")
    ]
    free = (metadata.get("License") or "").strip().splitlines()
    return (
        metadata.get("License-Expression")
        or " AND ".join(classifiers)
        or READ.get(name)
        or " ".join(free[:1])
    )


def is_compatible(licence: str) -> bool:
    """Whether one side of every AND may be combined with the AGPL."""
    parts = [part.strip() for part in re.split(r"\bAND\b|,", licence)]
    return all(
        any(is_allowed(choice.strip()) for choice in re.split(r"\bOR\b", part)) for part in parts
    )


def is_allowed(licence: str) -> bool:
    """A single licence, with no choice and nothing to add."""
    named_elsewhere = licence == "dependency licenses"
    return named_elsewhere or bool(
        re.search(COMPATIBLE, licence) and not re.search(INCOMPATIBLE, licence)
    )


@pytest.mark.parametrize("name", sorted(locked(RUNTIME) | locked(DEV)))
def test_licence_is_compatible_with_agpl(name: str) -> None:
    try:
        licence = stated_licence(name)
    except PackageNotFoundError:
        pytest.skip("for another platform or Python version")
    assert is_compatible(licence), licence


@pytest.mark.parametrize(
    "licence",
    ["", "Proprietary", "MIT AND Proprietary", "SSPL-1.0", "CC-BY-NC-4.0", "GPL-2.0-only"],
)
def test_incompatible_licence_is_refused(licence: str) -> None:
    assert not is_compatible(licence)
