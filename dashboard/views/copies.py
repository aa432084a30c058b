"""The copies of an exam: filters that stay in the address, one row a copy, ids only."""

import streamlit as st

from dashboard.data.copies import copies_of
from dashboard.data.exams import exams
from dashboard.look import show_empty, show_title
from dashboard.page import Visit, chosen_exam, page_named
from viatique.db.copies import Copy
from viatique.lifecycle import CopyStatus
from viatique.models import IdentityState

ROWS = 100
"""Rows of a page."""


def show(visit: Visit) -> None:
    """Filters, then the table; a row opens its copy."""
    show_title(visit, "copies")
    names = {exam.exam_id: exam.name for exam in exams()}
    if not names:
        show_empty(visit, "no_exam")
        return
    left, middle, right = st.columns(3)
    with left:
        exam_id = chosen_exam(visit, names)
    with middle:
        status = _filter(visit, "status", [str(item) for item in CopyStatus])
    with right:
        identity = _filter(visit, "identity", [str(item) for item in IdentityState])
    found = [
        copy
        for copy in copies_of(exam_id)
        if status in {None, copy.status} and identity in {None, copy.identity}
    ]
    _show_table(visit, found)


def _filter(visit: Visit, name: str, values: list[str]) -> str | None:
    wish = st.query_params.get(name)
    chosen = st.selectbox(
        visit.text(name),
        [None, *values],
        index=values.index(wish) + 1 if wish in values else 0,
        format_func=lambda value: value or visit.text("all"),
    )
    if chosen:
        st.query_params[name] = chosen
    else:
        st.query_params.pop(name, None)
    return chosen


def _show_table(visit: Visit, found: list[Copy]) -> None:
    pages = max(1, -(-len(found) // ROWS))
    page = st.number_input(visit.text("page"), 1, pages, width=150) if pages > 1 else 1
    shown = found[(page - 1) * ROWS : page * ROWS]
    st.caption(f"{len(found)} {visit.text('copies').lower()}")
    table = st.dataframe(
        [_row(visit, copy) for copy in shown],
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(shown), 560),
        column_config={
            visit.text("confidence"): st.column_config.NumberColumn(format="%.4f"),
        },
        on_select="rerun",
        selection_mode="single-row",
    )
    rows: list[int] = table["selection"]["rows"]
    if rows:
        st.switch_page(page_named("copy"), query_params={"copy": shown[rows[0]].copy_id})


def _row(visit: Visit, copy: Copy) -> dict[str, object]:
    return {
        visit.text("copy"): copy.copy_id,
        visit.text("scan_pages"): f"{copy.first_page}–{copy.last_page}",
        visit.text("status"): copy.status,
        visit.text("identity"): copy.identity,
        visit.text("student"): copy.student_id or "",
        visit.text("confidence"): copy.confidence,
    }
