"""How an exam went, in figures; and the button that lets its results leave."""

from collections.abc import Sequence

import streamlit as st

from dashboard.actions.results import release
from dashboard.data.exams import exam_names
from dashboard.data.results import ExamResults, results_of
from dashboard.files import finals_address, results_address
from dashboard.look import show_downloads, show_empty, show_title
from dashboard.page import Visit, chosen_exam, errors_shown
from viatique.access import Permission
from viatique.marking.results import Figures, Profile
from viatique.models import ExamId
from viatique.run import SYSTEM


def show(visit: Visit) -> None:
    """The exam in the address."""
    show_title(visit, "results")
    names = exam_names()
    if not names:
        show_empty(visit, "no_exam")
        return
    found = results_of(chosen_exam(visit, names))
    if found.figures is None:
        show_empty(visit, "no_results")
    else:
        _show_figures(visit, found, found.figures)
    if visit.may(Permission.DIRECT):
        _show_leaving(visit, found)


def _show_figures(visit: Visit, found: ExamResults, figures: Figures) -> None:
    first, median, third = (visit.number(value) for value in figures.quartiles)
    state = found.state
    total = state.graded + state.ready + state.in_progress + state.waiting
    with st.container(horizontal=True):
        for key, value in (
            ("finalized_of", f"{figures.count} / {total}"),
            ("mean", visit.number(figures.mean)),
            ("deviation", visit.number(figures.deviation)),
            ("quartiles", f"{first} · {median} · {third}"),
        ):
            st.metric(visit.text(key), value, width="content", border=True)
    left, right = st.columns(2)
    with left:
        st.subheader(visit.text("copies_by_score"), anchor=False)
        _show_histogram(visit, found, figures.bins)
    with right:
        _show_questions(visit, found, figures)
        _show_markers(visit, found)


def _show_histogram(visit: Visit, found: ExamResults, bins: Sequence[int]) -> None:
    width = float(found.exam.scheme.total) / len(bins)
    labels = [
        f"{visit.number(place * width, 1)}–{visit.number((place + 1) * width, 1)}"
        for place in range(len(bins))
    ]
    st.bar_chart(
        {visit.text("histogram"): labels, visit.text("copies"): list(bins)},
        x=visit.text("histogram"),
        y=visit.text("copies"),
        sort=False,
        height=300,
    )


def _show_questions(visit: Visit, found: ExamResults, figures: Figures) -> None:
    maximum = found.exam.scheme.maximum()
    st.subheader(visit.text("by_question"), anchor=False, help=visit.text("discrimination_help"))
    st.dataframe(
        [
            {
                visit.text(
                    "question"
                ): f"{one.question} / {visit.number(float(maximum[one.question]))}",
                visit.text("success"): one.success,
                visit.text("discrimination"): None
                if one.discrimination is None
                else visit.number(one.discrimination),
            }
            for one in figures.questions
        ],
        column_config={
            visit.text("success"): st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1
            ),
            visit.text("discrimination"): st.column_config.TextColumn(alignment="right"),
        },
        hide_index=True,
        placeholder="–",
    )


def _show_markers(visit: Visit, found: ExamResults) -> None:
    if not found.markers:
        return
    st.subheader(visit.text("by_marker"), anchor=False)
    st.dataframe(
        [
            {
                visit.text("marker"): _marker(visit, found, one.account_id),
                visit.text("copies"): one.copies,
                visit.text("success"): one.success,
            }
            for one in found.markers
        ],
        column_config={
            visit.text("success"): st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1
            )
        },
        hide_index=True,
    )


def _marker(visit: Visit, found: ExamResults, account_id: str) -> str:
    """A login may be a person's name: only who directs the marking sees it."""
    if account_id == SYSTEM:
        return visit.text("marks_file")
    return found.logins.get(account_id, account_id) if visit.may(Permission.DIRECT) else account_id


def _show_leaving(visit: Visit, found: ExamResults) -> None:
    exam_id, released_at = found.exam.exam_id, found.exam.released_at
    with st.container(border=True):
        st.subheader(visit.text("leaving"), anchor=False)
        left = found.state.ready + found.state.in_progress + found.state.waiting
        if left:
            st.caption(visit.text("still_waiting", count=left))
        if released_at is None:
            st.markdown(visit.text("hidden"))
            _button(visit, exam_id, "release_results", is_released=True)
            return
        st.markdown(visit.text("released_since", when=visit.moment(released_at)))
        show_downloads(
            visit,
            [
                (results_address(exam_id, Profile.PLAIN), "csv_plain"),
                (results_address(exam_id, Profile.PLAIN, has_decimal_comma=True), "csv_comma"),
                (results_address(exam_id, Profile.PRONOTE), "csv_pronote"),
                (finals_address(exam_id), "zip_finals"),
            ],
        )
        _button(visit, exam_id, "withdraw_results", is_released=False)


def _button(visit: Visit, exam_id: ExamId, key: str, *, is_released: bool) -> None:
    st.button(
        visit.text(key),
        type="primary" if is_released else "secondary",
        on_click=_release,
        args=(visit, exam_id),
        kwargs={"is_released": is_released},
    )


def _release(visit: Visit, exam_id: ExamId, *, is_released: bool) -> None:
    with errors_shown():
        release(visit.token, exam_id, is_released=is_released)
