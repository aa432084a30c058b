"""The identification desk: the handwriting beside those it may be, one key for each answer.

Copies come in the order that helps most; after each answer the rest is decided again.
"""

import streamlit as st

from dashboard import wording
from dashboard.actions.identify import (
    confirm,
    decide_soon,
    failure_of,
    is_deciding,
    look_at,
    merge,
    take_back,
)
from dashboard.data.copies import page_png
from dashboard.data.exams import exam_names
from dashboard.data.identify import Rival, ToIdentify, queue, search_roster, to_identify
from dashboard.look import show_empty, show_title
from dashboard.page import Visit, chosen_exam
from viatique.errors import ViatiqueError
from viatique.models import CopyId, ExamId, Student, StudentId
from viatique.texts import error_text, reason_text

CHOICES = 4
"""Candidates with a key of their own."""
LIKELY = 0.5
"""From this probability on a candidate is the answer that is offered first."""
FOUND = 6
"""Students shown of those whose name was typed."""
LEAST = 0.001
WATCH_EVERY = "2s"
LATER, DONE, WHOLE = "identify_later", "identify_done", "identify_whole"


def show(visit: Visit) -> None:
    """The next copy of the exam, or a copy that was asked for."""
    show_title(visit, "whose")
    names = exam_names()
    if not names:
        show_empty(visit, "no_exam")
        return
    exam_id = chosen_exam(visit, names)
    _show_decision(visit, exam_id)
    following, count = queue(exam_id, st.session_state.setdefault(LATER, []))
    asked = st.query_params.get("copy")
    copy_id = CopyId(asked) if asked else following
    if copy_id is None:
        st.success(visit.text("nothing_waits"))
    else:
        _show_desk(visit, _looked_at(visit, copy_id), count)
    _show_undo(visit)


def _show_decision(visit: Visit, exam_id: ExamId) -> None:
    """Whether the rest is being decided; a failure stays until a decision succeeds."""
    if is_deciding(exam_id):
        st.fragment(_watch, run_every=WATCH_EVERY)(visit, exam_id)
    failure = failure_of(exam_id)
    if failure is not None:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.error(f"{visit.text('decision_failed')} {failure}")
            st.button(visit.text("decide_again"), on_click=decide_soon, args=(exam_id,))


def _watch(visit: Visit, exam_id: ExamId) -> None:
    if is_deciding(exam_id):
        st.caption(visit.text("deciding"))
    else:
        st.rerun()


def _looked_at(visit: Visit, copy_id: CopyId) -> ToIdentify:
    """The copy, read (and audited) once for each time it comes up, not for each rerun."""
    kept = st.session_state.get("looked_at")
    if kept is None or kept.copy.copy_id != copy_id:
        look_at(visit.token, copy_id)
        kept = to_identify(copy_id)
        if kept.rival:
            look_at(visit.token, kept.rival.copy_id)
        st.session_state["looked_at"] = kept
    return kept


def _show_desk(visit: Visit, found: ToIdentify, left: int) -> None:
    reasons = [reason_text(code, visit.language) for code in found.reasons]
    st.caption(
        f"{found.copy.copy_id} · {visit.text('left', count=left)} · {', '.join(reasons)}"
        f"  \n{visit.text('keys')}"
    )
    picture, answers = st.columns(2)
    with picture:
        _show_pictures(visit, found)
    with answers:
        for place, (candidate, student) in enumerate(found.candidates[:CHOICES], start=1):
            codes = ", ".join(wording.why(code, visit.language) for code in candidate.reasons)
            share = _share(visit, candidate.probability)
            st.button(
                f"**{place} · {_name(student)}**  \n{share} · {codes}",
                key=f"choice_{place}",
                shortcut=str(place),
                on_click=_answer,
                args=(visit, found.copy.copy_id, student.student_id),
                width="stretch",
                wrap=True,
                type="primary" if candidate.probability >= LIKELY else "secondary",
            )
        _show_others(visit, found)


def _show_pictures(visit: Visit, found: ToIdentify) -> None:
    copy_id = found.copy.copy_id
    if found.header:
        st.image(found.header, width="stretch", alt=copy_id)
    if found.rival:
        _show_rival(visit, copy_id, found.rival)
    is_whole = st.session_state.get(WHOLE) == copy_id
    st.button(
        visit.text("whole_page"),
        shortcut="w",
        on_click=st.session_state.update,
        args=({WHOLE: None if is_whole else copy_id},),
    )
    page = page_png(found.copy, 0) if is_whole else None
    if page:
        st.image(page, width="stretch", alt=copy_id)


def _show_rival(visit: Visit, copy_id: CopyId, rival: Rival) -> None:
    st.caption(visit.text("rival", copy=rival.copy_id))
    st.image(rival.header, width="stretch", alt=rival.copy_id)
    st.button(
        visit.text("merge", copy=rival.copy_id),
        key="merge",
        shortcut="m",
        on_click=_merge,
        args=(visit, copy_id, rival),
    )
    st.caption(visit.text("merge_refused"))


def _show_others(visit: Visit, found: ToIdentify) -> None:
    copy_id = found.copy.copy_id
    is_one_likely = any(candidate.probability >= LIKELY for candidate, _ in found.candidates)
    st.button(
        visit.text("nobody"),
        shortcut="0",
        on_click=_answer,
        args=(visit, copy_id, None),
        width="stretch",
        type="secondary" if is_one_likely else "primary",
    )
    _show_search(visit, found.copy.exam_id, copy_id)
    st.button(
        visit.text("skip"), shortcut="Right", on_click=_put_off, args=(copy_id,), type="tertiary"
    )


def _show_search(visit: Visit, exam_id: ExamId, copy_id: CopyId) -> None:
    wish = st.text_input(
        visit.text("someone_else"),
        placeholder=visit.text("choose"),
        type="search",
        live=True,
        key=f"search_{copy_id}",
    )
    if not wish:
        return
    found = search_roster(exam_id, wish)
    if not found:
        st.caption(visit.text("no_such_student"))
    for student in found[:FOUND]:
        st.button(
            f"{_name(student)} · {student.student_id}",
            key=f"found_{student.student_id}",
            on_click=_answer,
            args=(visit, copy_id, student.student_id),
            width="stretch",
        )
    if len(found) > FOUND:
        st.caption(visit.text("and_more", count=len(found) - FOUND))


def _show_undo(visit: Visit) -> None:
    done: list[CopyId] = st.session_state.get(DONE, [])
    if done:
        st.button(
            f"↶ {visit.text('take_back', copy=done[-1])}",
            shortcut="u",
            on_click=_undo,
            args=(visit, done[-1]),
            type="tertiary",
        )


def _answer(visit: Visit, copy_id: CopyId, student_id: StudentId | None) -> None:
    try:
        confirm(visit.token, copy_id, student_id)
    except ViatiqueError as error:
        st.toast(error_text(error, visit.language), icon="⚠️")
        return
    st.session_state.pop("looked_at", None)
    st.session_state.setdefault(DONE, []).append(copy_id)
    st.query_params.pop("copy", None)
    st.toast(visit.text("saved", copy=copy_id))


def _merge(visit: Visit, copy_id: CopyId, rival: Rival) -> None:
    try:
        merge(visit.token, copy_id, rival.copy_id, rival.student_id)
    except ViatiqueError as error:
        st.toast(error_text(error, visit.language), icon="⚠️")
        return
    st.session_state.pop("looked_at", None)
    st.query_params.pop("copy", None)
    st.toast(visit.text("merged", copy=min(copy_id, rival.copy_id)))


def _undo(visit: Visit, copy_id: CopyId) -> None:
    st.session_state[DONE].remove(copy_id)
    try:
        take_back(visit.token, copy_id)
    except ViatiqueError as error:
        st.toast(error_text(error, visit.language), icon="⚠️")
        return
    st.session_state.pop("looked_at", None)
    st.query_params["copy"] = copy_id
    st.toast(visit.text("taken_back", copy=copy_id))


def _put_off(copy_id: CopyId) -> None:
    later: list[CopyId] = st.session_state.setdefault(LATER, [])
    st.session_state[LATER] = [*(item for item in later if item != copy_id), copy_id]
    st.query_params.pop("copy", None)


def _share(visit: Visit, probability: float) -> str:
    return visit.share(probability) if probability >= LEAST else f"< {visit.share(LEAST)}"


def _name(student: Student) -> str:
    born = f" · {student.birth_date:%d/%m/%Y}" if student.birth_date else ""
    return f"{student.last_name} {student.first_name}{born}"
