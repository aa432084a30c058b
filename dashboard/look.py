"""What all pages look like: titles with a line of help, chips, empty states, theme."""

from collections.abc import Iterable
from datetime import UTC, datetime

import streamlit as st

from dashboard.page import Visit
from dashboard.texts.states import IDENTITIES, STATUSES
from dashboard.wording import identity_text, status_text
from viatique.lifecycle import CopyStatus
from viatique.models import IdentityState, Language

THEME = {
    "theme.baseRadius": "0.6rem",
    "theme.paddingTop": "1rem",
    "theme.paddingBottom": "3rem",
    "theme.headingFontSizes": ["1.75rem", "1.35rem", "1.1rem", "1rem", "0.9rem", "0.85rem"],
    "theme.headingFontWeights": [650, 600, 600, 600, 600, 600],
    "theme.metricValueFontSize": "1.6rem",
    "theme.light.primaryColor": "#1f5fbf",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f2f5fa",
    "theme.light.textColor": "#0b111b",
    "theme.light.borderColor": "#d5dce6",
    "theme.light.linkColor": "#1a56ad",
    "theme.light.dataframeHeaderBackgroundColor": "#f2f5fa",
    "theme.dark.primaryColor": "#3b74d6",
    "theme.dark.backgroundColor": "#12161d",
    "theme.dark.secondaryBackgroundColor": "#1b212b",
    "theme.dark.textColor": "#e6eaf0",
    "theme.dark.borderColor": "#323b49",
    "theme.dark.linkColor": "#8db4f5",
    "theme.dark.dataframeHeaderBackgroundColor": "#1b212b",
}
"""Follows the browser's light or dark; each visitor may choose the other in Streamlit's menu."""


SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60}


FRENCH_UPLOADS = """<style>
[data-testid=stFileUploaderDropzone] button p,
[data-testid=stFileUploaderDropzoneInstructions] span { font-size: 0 }
[data-testid=stFileUploaderDropzone] button p::after,
[data-testid=stFileUploaderDropzoneInstructions] span::after { font-size: .875rem }
[data-testid=stFileUploaderDropzone] button p::after { content: "Choisir un fichier" }
[data-testid=stFileUploaderDropzoneInstructions] span::after { content: "ou le déposer ici" }
</style>"""
"""Streamlit says what is around a file in English only."""


def speak(visit: Visit) -> None:
    """Puts into French what Streamlit itself says."""
    if visit.language is Language.FR:
        st.html(FRENCH_UPLOADS)


def show_title(visit: Visit, key: str) -> None:
    """The page's title, and below it the line ``KEY_help`` that says what the page is for."""
    st.title(visit.text(key), anchor=False)
    st.caption(visit.text(f"{key}_help"))


def show_empty(visit: Visit, key: str) -> None:
    """Says that there is nothing here, and what to do about it."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f":gray[{visit.text(key)}]", text_alignment="center")


def ago(visit: Visit, at: datetime | None) -> str:
    """How long ago something was, in the largest unit that fits."""
    if at is None:
        return "–"
    seconds = (datetime.now(UTC) - at).total_seconds()
    if seconds < SECONDS["minutes"]:
        return visit.text("ago_now")
    return visit.text("ago", duration=duration(visit, seconds))


def duration(visit: Visit, seconds: float) -> str:
    """A time in the largest unit of which it has at least one."""
    if seconds < 1:
        return f"< {visit.text('lasts_seconds', count=1)}"
    unit = next((unit for unit, length in SECONDS.items() if seconds >= length), "seconds")
    return visit.text(f"lasts_{unit}", count=int(seconds // SECONDS.get(unit, 1)))


def show_downloads(visit: Visit, links: Iterable[tuple[str, str]]) -> None:
    """Links to files, each an address and the key of its text."""
    st.html(
        " &nbsp; ".join(
            f'<a href="{address}" target="_self" download style="color:inherit">'
            f"{visit.text(key)}</a>"
            for address, key in links
        )
    )


def status_chip(visit: Visit, status: CopyStatus) -> str:
    """Markdown of a status, in words on its colour."""
    return f":{STATUSES[status][2]}-badge[{status_text(status, visit.language)}]"


def identity_chip(visit: Visit, identity: IdentityState) -> str:
    """Markdown of an identity state, in words on its colour."""
    return f":{IDENTITIES[identity][2]}-badge[{identity_text(identity, visit.language)}]"
