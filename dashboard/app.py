"""The dashboard: which pages there are, and for whom. Served by ``dashboard.server``."""

from collections.abc import Callable

import streamlit as st

from dashboard.gate import SIGN_IN, SIGN_OUT
from dashboard.page import Visit, current_visit, guarded, keep_pages, switch_language
from dashboard.views import audit, copies, copy, identify, todo
from viatique.access import Permission

PAGES = (
    ("todo", todo.show, Permission.VIEW_COPIES),
    ("copies", copies.show, Permission.VIEW_COPIES),
    ("copy", copy.show, Permission.VIEW_COPIES),
    ("identify", identify.show, Permission.VIEW_IDENTITY),
    ("audit", audit.show, Permission.VIEW_AUDIT),
)


def main() -> None:
    """Shows the page that was asked for."""
    st.set_page_config(page_title="Viatique", layout="wide")
    visit = current_visit()
    if visit is None:
        st.html(f'<a href="{SIGN_IN}" target="_self">Viatique</a>')
        return
    pages = {
        name: st.Page(
            guarded(visit, permission, show),
            title=visit.text(name),
            url_path=name,
            default=name == "todo",
        )
        for name, show, permission in PAGES
        if visit.may(permission)
    }
    keep_pages(pages)
    current = st.navigation(list(pages.values()) or [st.Page(_nothing(visit), title="Viatique")])
    with st.sidebar:
        st.caption(f"{visit.account.login} · {visit.account.role}")
        st.button(visit.text("language"), on_click=switch_language, type="tertiary")
        st.html(
            f'<a href="{SIGN_OUT}" target="_self" style="font-size:.9rem;color:inherit">'
            f"{visit.text('sign_out')}</a>"
        )
    current.run()


def _nothing(visit: Visit) -> Callable[[], None]:
    def page() -> None:
        st.info(visit.text("not_allowed"))

    return page


main()
