"""Who marks what: the copies that are ready are shared out to markers, evenly."""

from decimal import Decimal

import streamlit as st

from dashboard.actions.marking import dispatch
from dashboard.data.marking import Sharing, sharing_of
from dashboard.page import Visit, has_page, page_named
from viatique.access import Role
from viatique.db.dispatch import Mode
from viatique.models import ExamId
from viatique.texts import text as core_text


def show_dispatch(visit: Visit, exam_id: ExamId) -> None:
    """How the exam is shared out, and the form by which it is."""
    found = sharing_of(exam_id)
    st.caption(visit.text("dispatch_help"))
    _show_loads(visit, found)
    logins = {one.account_id: one.login for one in found.markers}
    markers = st.multiselect(
        visit.text("markers"),
        list(logins),
        [one.account_id for one in found.markers if one.role is Role.MARKER],
        format_func=logins.__getitem__,
        key=f"markers_{exam_id}",
    )
    if not markers and has_page("users"):
        st.page_link(page_named("users"), label=visit.text("add_account"))
    mode = _mode(visit, exam_id, found.mode or Mode())
    is_rebalanced = st.checkbox(
        visit.text("rebalance"), help=visit.text("rebalance_help"), key=f"rebalance_{exam_id}"
    )
    if st.button(visit.text("dispatch"), disabled=not markers):
        done = dispatch(visit.token, exam_id, mode, markers, is_rebalanced=is_rebalanced)
        st.toast(core_text("dispatched", visit.language, count=done.changed))
        st.rerun()


def _show_loads(visit: Visit, found: Sharing) -> None:
    logins = {one.account_id: one.login for one in found.markers}
    rows = [
        {visit.text("marker"): logins.get(account, account), visit.text("copies"): count}
        for account, count in found.loads.items()
    ]
    if rows:
        st.dataframe(rows, hide_index=True, width="content")
    else:
        st.markdown(visit.text("not_dispatched"))


def _mode(visit: Visit, exam_id: ExamId, present: Mode) -> Mode:
    """How it is to be shared out, as it is now until it is changed."""
    is_by_question = st.checkbox(
        visit.text("by_exercise"), present.is_by_question, key=f"by_question_{exam_id}"
    )
    is_double = st.checkbox(
        visit.text("double"),
        present.readings > 1,
        help=visit.text("double_help"),
        key=f"double_{exam_id}",
    )
    tolerance = st.number_input(
        visit.text("tolerance"),
        0.0,
        value=float(present.tolerance),
        step=0.25,
        format="%g",
        disabled=not is_double,
        width=260,
        key=f"tolerance_{exam_id}",
    )
    return Mode(
        is_by_question=is_by_question,
        readings=2 if is_double else 1,
        tolerance=Decimal(f"{tolerance:g}") if is_double else Decimal(0),
    )
