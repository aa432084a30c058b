"""Marking: the next copy on the desk, one after the other, without knowing whose it is."""

import streamlit as st

from dashboard.actions.marking import take_next_copy
from dashboard.data.marking import ToMark, exams_to_mark, to_mark
from dashboard.look import show_empty, show_title
from dashboard.marking.component import marking_desk
from dashboard.page import Visit, chosen_exam, errors_shown
from viatique.access import Permission
from viatique.models import CopyId, ExamId

TOKEN, DONE, DESK = "marking_token", "marking_done", "marking_desk"
"""In the session: the lock that was taken for the copy in the address; whether none was left."""
WIDE = """<style>
.stMainBlockContainer { padding: .6rem 1.2rem 0 }
.stAppHeader { background: transparent; pointer-events: none }
.stAppHeader button { pointer-events: auto }
.st-key-marking-head { padding-left: 2.6rem; min-height: 2.5rem }
.st-key-marking-head h1 { font-size: 1.1rem; padding: 0 }
</style>"""
"""The desk takes all the room there is."""


def show(visit: Visit) -> None:
    """The copy in the address, or the way to the next one."""
    asked = st.query_params.get("copy")
    if asked:
        _show_desk(visit, CopyId(asked.strip().upper()))
        return
    show_title(visit, "marking")
    names = exams_to_mark(visit.account.account_id)
    if not names:
        show_empty(visit, "no_exam")
        return
    exam_id = chosen_exam(visit, names)
    if st.session_state.pop(DONE, False):
        show_empty(visit, "nothing_to_mark")
    st.button(
        visit.text("start_marking"), type="primary", on_click=_go_on, args=(visit, exam_id, None)
    )


def _show_desk(visit: Visit, copy_id: CopyId) -> None:
    st.set_page_config(initial_sidebar_state="collapsed")
    st.html(WIDE)
    found = to_mark(copy_id, visit.account.account_id)
    exam = found.exam
    with st.container(horizontal=True, vertical_alignment="center", key="marking-head"):
        st.title(f"{copy_id} · {exam.name}", anchor=False, width="content")
        st.caption(visit.text("marking_keys"))
        if visit.may(Permission.DIRECT):
            _show_apart(visit, found)
    marking_desk(
        exam,
        copy_id,
        questions=found.questions,
        page_count=found.page_count,
        token=st.session_state.get(TOKEN, {}).get(copy_id),
        language=visit.language,
        on_next=lambda: _go_on(visit, exam.exam_id, copy_id),
        key=DESK,
    )


def _show_apart(visit: Visit, found: ToMark) -> None:
    """What both readers gave where somebody must settle it."""
    told = " · ".join(
        f"**{one.question}** {' / '.join(visit.number(float(given)) for given in one.points)}"
        for one in found.apart
    )
    if told:
        st.markdown(f":orange-badge[{visit.text('to_settle')}] :small[{told}]", width="content")


def _go_on(visit: Visit, exam_id: ExamId, after: CopyId | None) -> None:
    with errors_shown():
        lock = take_next_copy(visit.token, exam_id, after)
        st.query_params["exam"] = exam_id
        if lock is None:
            st.query_params.pop("copy", None)
            st.session_state[DONE] = True
            return
        st.session_state[TOKEN] = {lock.copy_id: str(lock.token)}
        st.query_params["copy"] = lock.copy_id
