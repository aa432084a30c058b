"""One copy: its pages, what happened to it, and what a person may do about it."""

import streamlit as st

from dashboard.actions.quarantine import release
from dashboard.data.copies import final_pdf, find_copy, history, note_view, page_png
from dashboard.look import show_title
from dashboard.page import Visit
from viatique.access import Permission
from viatique.db.copies import Copy
from viatique.errors import NotFound
from viatique.lifecycle import CopyStatus
from viatique.models import CopyId
from viatique.texts import reason_text


def show(visit: Visit) -> None:
    """The copy in the address."""
    show_title(visit, "copy")
    wish = st.text_input(visit.text("which_copy"), st.query_params.get("copy", ""))
    if not wish:
        return
    st.query_params["copy"] = wish
    try:
        copy = find_copy(CopyId(wish.strip().upper()))
    except NotFound:
        st.warning(visit.text("no_such_copy"))
        return
    left, right = st.columns([3, 2])
    with left:
        if visit.may(Permission.VIEW_IDENTITY):
            _note_view(visit, copy)
            _show_page(visit, copy)
        else:
            st.info(visit.text("no_pages"))
    with right:
        _show_state(visit, copy)
        _show_history(visit, copy)


def _note_view(visit: Visit, copy: Copy) -> None:
    """Once for each copy a person opens, not for each click on its page."""
    if st.session_state.get("viewed") != copy.copy_id:
        note_view(copy.copy_id, visit.account)
        st.session_state["viewed"] = copy.copy_id


def _show_page(visit: Visit, copy: Copy) -> None:
    numbers = list(range(1, copy.page_count + 1))
    number = st.segmented_control(visit.text("page"), numbers, default=1) or 1
    png = page_png(copy, number - 1)
    if png is None:
        st.info(visit.text("not_cut"))
    else:
        st.image(png, width="stretch", alt=f"{copy.copy_id}, {number}")


def _show_state(visit: Visit, copy: Copy) -> None:
    st.subheader(copy.copy_id, anchor=False)
    st.table(
        {
            visit.text("status"): copy.status,
            visit.text("identity"): copy.identity,
            visit.text("student"): copy.student_id or "–",
            visit.text("scan_pages"): f"{copy.first_page}–{copy.last_page}",
        }
    )
    if copy.problem:
        pages = ", ".join(map(str, copy.missing_pages))
        missing = f" ({visit.text('missing', pages=pages)})" if pages else ""
        st.warning(f"{reason_text(copy.problem, visit.language)}{missing}")
    if copy.status is CopyStatus.QUARANTINE and visit.may(Permission.SETTLE):
        st.button(visit.text("release"), on_click=_release, args=(visit, copy), type="primary")
    final = final_pdf(copy.copy_id, copy.exam_id)
    if final:
        st.download_button(visit.text("download"), final, f"{copy.copy_id}.pdf", "application/pdf")


def _release(visit: Visit, copy: Copy) -> None:
    release(visit.token, copy.copy_id)
    st.toast(visit.text("released"))


def _show_history(visit: Visit, copy: Copy) -> None:
    st.subheader(visit.text("history"), anchor=False)
    st.dataframe(
        [
            {
                visit.text("when"): event.at,
                visit.text("action"): event.action,
                visit.text("who"): event.actor,
                visit.text("details"): ", ".join(f"{k}={v}" for k, v in event.details.items()),
                visit.text("correlation"): event.correlation_id,
            }
            for event in history(copy.copy_id)
        ],
        hide_index=True,
        width="stretch",
    )
