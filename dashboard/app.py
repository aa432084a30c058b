"""The dashboard around its pages. Served by ``dashboard.server``."""

import streamlit as st

from dashboard.contents import GROUPS, Entry
from dashboard.gate import SIGN_IN, SIGN_OUT
from dashboard.look import speak
from dashboard.page import PAGES, Visit, current_visit, guarded, keep_pages, switch_language


def main() -> None:
    """Shows the page that was asked for."""
    st.set_page_config(page_title="Viatique", layout="wide")
    visit = current_visit()
    if visit is None:
        st.html(f'<a href="{SIGN_IN}" target="_self">Viatique</a>')
        return
    groups = _pages(visit)
    keep_pages({page.url_path: page for pages in groups.values() for page in pages})
    current = st.navigation({"": [_home(visit), *groups.pop("", [])], **groups})
    with st.sidebar:
        _show_visitor(visit)
    speak(visit)
    current.run()


def _pages(visit: Visit) -> dict[str, list[st.Page]]:
    seen: dict[str, list[st.Page]] = {}
    for group, entries in GROUPS.items():
        for entry in entries:
            if visit.may(entry.permission):
                pages = seen.setdefault(visit.text(group) if group else "", [])
                pages.append(_page(visit, entry))
    return seen


def _page(visit: Visit, entry: Entry) -> st.Page:
    return st.Page(
        guarded(visit, entry.permission, entry.show),
        title=visit.text(entry.name),
        url_path=entry.name,
        visibility="visible" if entry.is_listed else "hidden",
    )


def _show_visitor(visit: Visit) -> None:
    st.caption(f"{visit.account.login} · {visit.text(f'role_{visit.account.role}')}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(visit.text("language"), on_click=switch_language, type="tertiary")
        st.html(
            f'<a href="{SIGN_OUT}" target="_self" style="font-size:.9rem;color:inherit">'
            f"{visit.text('sign_out')}</a>",
            width="content",
        )


def _home(visit: Visit) -> st.Page:
    """The address without a name leads to the visitor's first page: each page has its own."""

    def home() -> None:
        first = next(iter(st.session_state[PAGES].values()), None)
        if first is None:
            st.info(visit.text("not_allowed"))
        else:
            st.switch_page(first)

    return st.Page(home, title="Viatique", default=True, visibility="hidden")


main()
