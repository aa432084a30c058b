"""The identification desk: the handwriting beside those it may be, one key for each answer.

Copies come in the order that helps most; after each answer the rest is decided again.
"""

import streamlit as st

from dashboard import wording
from dashboard.actions.identify import confirm
from dashboard.data.copies import copies_of, note_view, page_png
from dashboard.data.exams import exams, roster
from dashboard.data.identify import ToIdentify, to_identify
from dashboard.look import show_empty, show_title
from dashboard.page import Visit, chosen_exam, page_named
from viatique.errors import ViatiqueError
from viatique.models import CopyId, ExamId, IdentityState, Student, StudentId
from viatique.texts import reason_text

CHOICES = 4
"""Candidates with a key of their own."""
LIKELY = 0.5
"""From this probability on a candidate is the answer that is offered first."""
LATER, DONE = "identify_later", "identify_done"


def show(visit: Visit) -> None:
    """The next copy of the exam, or a copy that was asked for."""
    show_title(visit, "whose")
    names = {exam.exam_id: exam.name for exam in exams()}
    if not names:
        show_empty(visit, "no_exam")
        return
    exam_id = chosen_exam(visit, names)
    queue = _queue(exam_id)
    asked = st.query_params.get("copy")
    if not queue and not asked:
        st.success(visit.text("nothing_waits"))
        _show_last(visit)
        return
    copy_id = CopyId(asked) if asked else queue[0]
    _show_desk(visit, _looked_at(visit, copy_id), len(queue))
    _show_last(visit)


def _queue(exam_id: ExamId) -> list[CopyId]:
    """Copies to confirm: those put off come last; the surest first, they free the others."""
    later: list[CopyId] = st.session_state.setdefault(LATER, [])
    waiting = [copy for copy in copies_of(exam_id) if copy.identity is IdentityState.REVIEW]
    waiting.sort(key=lambda copy: -(copy.confidence or 0))
    ids = [copy.copy_id for copy in waiting]
    return [item for item in ids if item not in later] + [item for item in later if item in ids]


def _looked_at(visit: Visit, copy_id: CopyId) -> ToIdentify:
    """The copy, read (and audited) once for each time it comes up, not for each rerun."""
    kept = st.session_state.get("looked_at")
    if kept is None or kept.copy.copy_id != copy_id:
        note_view(copy_id, visit.account)
        kept = to_identify(copy_id)
        st.session_state["looked_at"] = kept
    return kept


def _show_desk(visit: Visit, found: ToIdentify, left: int) -> None:
    reasons = [reason_text(code, visit.language) for code in found.reasons]
    st.caption(
        f"{found.copy.copy_id} · {visit.text('left', count=left)} · {', '.join(reasons)}"
        f" · {visit.text('keys')}"
    )
    picture, answers = st.columns(2)
    with picture:
        if found.header:
            st.image(found.header, width="stretch", alt=found.copy.copy_id)
        with st.expander(visit.text("whole_page")):
            page = page_png(found.copy, 0)
            if page:
                st.image(page, width="stretch", alt=found.copy.copy_id)
    with answers:
        for place, (candidate, student) in enumerate(found.candidates[:CHOICES], start=1):
            codes = ", ".join(wording.why(code, visit.language) for code in candidate.reasons)
            st.button(
                f"**{place} · {_name(student)}**  \n{candidate.probability:.1%} · {codes}",
                key=f"choice_{place}",
                shortcut=str(place),
                on_click=_answer,
                args=(visit, found, student.student_id),
                width="stretch",
                type="primary" if candidate.probability >= LIKELY else "secondary",
            )
        _show_others(visit, found)


def _is_likely(found: ToIdentify) -> list[bool]:
    return [candidate.probability >= LIKELY for candidate, _ in found.candidates]


def _show_others(visit: Visit, found: ToIdentify) -> None:
    st.button(
        visit.text("nobody"),
        shortcut="0",
        on_click=_answer,
        args=(visit, found, None),
        width="stretch",
        type="secondary" if any(_is_likely(found)) else "primary",
    )
    students = roster(found.copy.exam_id)
    other = st.selectbox(
        visit.text("someone_else"),
        sorted(students, key=lambda item: _name(students[item])),
        index=None,
        placeholder=visit.text("choose"),
        format_func=lambda item: _name(students[item]),
        key=f"other_{found.copy.copy_id}",
    )
    if other:
        st.button(visit.text("confirm"), on_click=_answer, args=(visit, found, other))
    st.button(
        visit.text("skip"),
        shortcut="Right",
        on_click=_put_off,
        args=(found.copy.copy_id,),
        type="tertiary",
    )


def _show_last(visit: Visit) -> None:
    done: list[CopyId] = st.session_state.get(DONE, [])
    if done:
        st.page_link(
            page_named("identify"),
            label=f"↶ {visit.text('second_thoughts')} ({done[-1]})",
            query_params={"exam": done[-1].rpartition("-")[0], "copy": done[-1]},
        )


def _answer(visit: Visit, found: ToIdentify, student_id: StudentId | None) -> None:
    copy_id = found.copy.copy_id
    try:
        confirm(visit.token, copy_id, student_id)
    except ViatiqueError as error:
        st.toast(f"{error.what} {error.next_step}", icon="⚠️")
        return
    st.session_state.pop("looked_at", None)
    st.session_state.setdefault(DONE, []).append(copy_id)
    st.query_params.pop("copy", None)
    st.toast(visit.text("saved", copy=copy_id))


def _put_off(copy_id: CopyId) -> None:
    later: list[CopyId] = st.session_state.setdefault(LATER, [])
    st.session_state[LATER] = [*(item for item in later if item != copy_id), copy_id]
    st.query_params.pop("copy", None)


def _name(student: Student) -> str:
    born = f" · {student.birth_date:%d/%m/%Y}" if student.birth_date else ""
    return f"{student.last_name} {student.first_name}{born}"
