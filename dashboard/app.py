"""The dashboard around its pages. Served by ``dashboard.server``."""

from collections.abc import Callable

import streamlit as st

from dashboard.contents import GROUPS, Entry
from dashboard.gate import SIGN_IN, SIGN_OUT
from dashboard.page import Visit, current_visit, guarded, keep_pages, switch_language


def main() -> None:
    """Shows the page that was asked for."""
    st.set_page_config(page_title="Viatique", layout="wide")
    visit = current_visit()
    if visit is None:
        st.html(f'<a href="{SIGN_IN}" target="_self">Viatique</a>')
        return
    groups = _pages(visit)
    keep_pages({page.url_path or "todo": page for pages in groups.values() for page in pages})
    current = st.navigation(groups or [st.Page(_nothing(visit), title="Viatique")])
    with st.sidebar:
        _show_visitor(visit)
    current.run()


def _pages(visit: Visit) -> dict[str, list[st.Page]]:
    seen: dict[str, list[st.Page]] = {}
    for group, entries in GROUPS.items():
        for entry in entries:
            if visit.may(entry.permission):
                pages = seen.setdefault(visit.text(group) if group else "", [])
                pages.append(_page(visit, entry, is_home=not any(seen.values())))
    return seen


def _page(visit: Visit, entry: Entry, *, is_home: bool) -> st.Page:
    return st.Page(
        guarded(visit, entry.permission, entry.show),
        title=visit.text(entry.name),
        url_path=entry.name,
        default=is_home,
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


def _nothing(visit: Visit) -> Callable[[], None]:
    def page() -> None:
        st.info(visit.text("not_allowed"))

    return page


main()
