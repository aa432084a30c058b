"""A new exam: its roster, tried line by line, and its description by a form or an exam.toml."""

import logging
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import streamlit as st

from dashboard.actions.exams import change_students, create
from dashboard.page import Visit
from dashboard.texts.exams import FIELDS, LANGUAGES, LAYOUTS, SEGMENTATIONS
from dashboard.views.problems import show_problems
from viatique.errors import InvalidInput, InvalidTable
from viatique.exam_file import ExamFile, exam_from
from viatique.models import ExamId, FieldName, Language, Layout, Student
from viatique.settings import load_settings
from viatique.steps.create_exam import receive_exam_file, receive_roster
from viatique.texts import error_text
from viatique.texts import text as core_text

logger = logging.getLogger("viatique")

PREVIEWED = 10
ROSTER_MIB, EXAM_FILE_MIB = 10, 1
FIRST_QUESTIONS = [
    {"id": "1", "label": "Exercice 1", "points": 10.0},
    {"id": "2", "label": "Exercice 2", "points": 10.0},
]


def show_form(visit: Visit) -> None:
    """Roster first, then the exam."""
    students = _roster(visit)
    by_form, by_file = st.tabs([visit.text("by_form"), visit.text("by_file")])
    with by_form:
        _show_fields(visit, students)
    with by_file:
        _show_file(visit, students)


def show_roster_change(visit: Visit, exam_id: ExamId) -> None:
    """Students are added to the roster, or their lines corrected."""
    st.caption(visit.text("roster_change_help"))
    students = _roster(visit)
    if st.button(visit.text("change_roster"), disabled=not students):
        change = change_students(visit.token, exam_id, students)
        st.toast(core_text("roster_changed", visit.language, **change.counts))
        if change.erased:
            erased = ", ".join(change.erased)
            st.warning(core_text("roster_erased", visit.language, students=erased))


def _roster(visit: Visit) -> tuple[Student, ...]:
    upload = st.file_uploader(
        visit.text("roster_file"), type=["csv", "txt", "tsv"], max_upload_size=ROSTER_MIB
    )
    if upload is None:
        return ()
    try:
        students = receive_roster(load_settings().clamd, upload.getvalue())
    except InvalidTable as error:
        logger.info("roster_refused", exc_info=error)
        st.error(visit.text("roster_bad", count=len(error.problems)))
        show_problems(visit, error.problems)
        return ()
    except InvalidInput as error:
        logger.info("roster_refused", exc_info=error)
        st.error(error_text(error, visit.language))
        return ()
    st.success(visit.text("roster_fine", count=len(students)))
    st.dataframe(
        [_student_row(visit, student) for student in students[:PREVIEWED]], hide_index=True
    )
    return students


def _student_row(visit: Visit, student: Student) -> dict[str, object]:
    return {
        visit.text("student_id"): student.student_id,
        visit.text("last_name"): student.last_name,
        visit.text("first_name"): student.first_name,
        visit.text("birth_date"): student.birth_date,
    }


def _show_fields(visit: Visit, students: tuple[Student, ...]) -> None:
    with st.form("exam", border=False):
        name, day = st.columns([3, 1])
        left, middle, right = st.columns(3)
        total, step = left, middle
        data: dict[str, Any] = {
            "roster": "roster.csv",
            "name": name.text_input(visit.text("exam_name")),
            "date": day.date_input(visit.text("exam_date"), None, format="DD/MM/YYYY"),
            "layout": left.selectbox(
                visit.text("exam_layout"), list(Layout)[::-1], format_func=_words(visit, LAYOUTS)
            ),
            "pages_per_copy": middle.number_input(visit.text("pages_per_copy"), 1, 200, 4),
            "segmentation": right.selectbox(
                visit.text("exam_segmentation"),
                list(SEGMENTATIONS),
                format_func=_words(visit, SEGMENTATIONS),
            ),
            "language": right.selectbox(
                visit.text("pdf_language"), list(Language), format_func=_words(visit, LANGUAGES)
            ),
        }
        fields = st.multiselect(
            visit.text("header_fields"),
            list(FieldName),
            [FieldName.LAST_NAME, FieldName.FIRST_NAME],
            format_func=_words(visit, FIELDS),
        )
        marking = {
            "total": _decimal(
                total.number_input(visit.text("total_points"), 1.0, 1000.0, 20.0, format="%g")
            ),
            "step": _decimal(
                step.selectbox(
                    visit.text("point_step"),
                    ["0.25", "0.5", "1"],
                    format_func=lambda value: visit.number(float(value)),
                )
            ),
            "questions": _questions(visit),
        }
        is_sent = st.form_submit_button(visit.text("create"), type="primary")
    if is_sent:
        wish = {**data, "header": {"fields": fields}, "marking": marking}
        _create(visit, students, lambda: exam_from(wish))


def _questions(visit: Visit) -> list[dict[str, object]]:
    st.markdown(visit.text("questions"))
    rows = st.data_editor(
        FIRST_QUESTIONS,
        num_rows="dynamic",
        hide_index=True,
        column_config={
            "id": st.column_config.TextColumn(visit.text("question_id"), required=True),
            "label": st.column_config.TextColumn(visit.text("question_label")),
            "points": st.column_config.NumberColumn(visit.text("points"), min_value=0.0),
        },
    )
    return [
        {
            "id": str(row.get("id") or ""),
            "label": str(row.get("label") or ""),
            "points": _decimal(row.get("points")),
        }
        for row in rows
    ]


def _show_file(visit: Visit, students: tuple[Student, ...]) -> None:
    upload = st.file_uploader(visit.text("exam_file"), type="toml", max_upload_size=EXAM_FILE_MIB)
    if st.button(visit.text("create"), key="create_by_file", type="primary", disabled=not upload):
        data = upload.getvalue() if upload else b""
        _create(visit, students, lambda: receive_exam_file(load_settings().clamd, data))


def _create(visit: Visit, students: tuple[Student, ...], read: Callable[[], ExamFile]) -> None:
    if not students:
        st.warning(visit.text("roster_first"))
        return
    try:
        exam = read()
    except InvalidTable as error:
        logger.info("exam_refused", exc_info=error)
        st.error(visit.text("exam_bad"))
        show_problems(visit, error.problems)
        return
    exam_id = create(visit.token, exam, students)
    st.query_params.from_dict({"exam": exam_id})
    st.toast(visit.text("created", exam=exam_id))
    st.rerun()


def _words(visit: Visit, words: Mapping[Any, tuple[str, str]]) -> Callable[[Any], str]:
    return lambda value: visit.choose(words[value])


def _decimal(value: object) -> Decimal | None:
    """The number as typed, None where there is none: the exam's own check says what is lacking."""
    return None if value is None else Decimal(f"{float(str(value)):g}")
