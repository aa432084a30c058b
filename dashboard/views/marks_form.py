"""Marks people wrote elsewhere: a file is recorded whole, or refused with every problem."""

import logging

import streamlit as st

from dashboard.actions.exams import record
from dashboard.page import Visit
from dashboard.views.problems import show_problems
from viatique.errors import InvalidTable
from viatique.models import ExamId

logger = logging.getLogger("viatique")

MARKS_MIB = 50


def show_marks_form(visit: Visit, exam_id: ExamId) -> None:
    """Where a marks file is given, and what came of it."""
    st.caption(visit.text("marks_file_help"))
    upload = st.file_uploader(
        visit.text("marks_upload"),
        type=["csv", "txt", "tsv", "json"],
        key=f"marks_{exam_id}",
        max_upload_size=MARKS_MIB,
    )
    if not st.button(visit.text("record_marks"), disabled=upload is None) or upload is None:
        return
    try:
        count = record(visit.token, exam_id, upload.name, upload)
    except InvalidTable as error:
        logger.info("marks_refused", exc_info=error)
        st.error(visit.text("marks_bad", count=len(error.problems)))
        show_problems(visit, error.problems)
    else:
        st.success(visit.text("marks_recorded", count=count))
