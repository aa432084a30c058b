"""The exams: their scans, the work on them and how far it is. Closing the page stops nothing."""

import logging

import streamlit as st

from dashboard.actions.exams import Checked, check, receive, start
from dashboard.data.exams import ExamPage, exam_names, exam_page
from dashboard.look import show_empty, show_title
from dashboard.page import Visit, chosen_exam, page_named
from dashboard.texts.exams import LAYOUTS, SEGMENTATIONS
from dashboard.views.dispatch_form import show_dispatch
from dashboard.views.exam_form import show_form, show_roster_change
from dashboard.views.marks_form import show_marks_form
from dashboard.views.runs import show_runs
from viatique.errors import ServiceUnavailable
from viatique.models import ExamId
from viatique.services.flow_runs import FlowName
from viatique.settings import load_settings
from viatique.texts import error_text, sentence_text

logger = logging.getLogger("viatique")

NEW, CHECKED, UPLOADS = "new", "checked_scan", "uploads"


def show(visit: Visit) -> None:
    """An exam and its work, or the form of a new one."""
    show_title(visit, "exams")
    names = exam_names()
    if st.query_params.get(NEW):
        st.page_link(page_named("exams"), label=f"← {visit.text('back_to_exams')}")
        show_form(visit)
        return
    if not names:
        show_empty(visit, "no_exam")
    choice, creation = st.columns([4, 1], vertical_alignment="bottom")
    with creation:
        st.button(visit.text("new_exam"), on_click=_open_form, width="stretch")
    if names:
        with choice:
            exam_id = chosen_exam(visit, names)
        _show_exam(visit, exam_page(exam_id))


def _open_form() -> None:
    st.query_params[NEW] = "1"


def _show_exam(visit: Visit, found: ExamPage) -> None:
    exam = found.exam
    st.caption(
        visit.text(
            "facts",
            students=found.students,
            pages=exam.pages_per_copy,
            layout=visit.choose(LAYOUTS[exam.layout]),
            segmentation=visit.choose(SEGMENTATIONS[exam.segmentation]),
            total=exam.scheme.total,
        )
    )
    scans, work = st.columns(2, gap="medium")
    with scans:
        st.subheader(visit.text("scans"), anchor=False)
        _show_upload(visit, exam.exam_id)
        _show_scans(visit, found)
    with work:
        st.subheader(visit.text("work"), anchor=False)
        _show_starts(visit, found)
        show_runs(visit, exam.exam_id)
    with st.expander(visit.text("roster"), expanded=st.query_params.get("open") == "roster"):
        show_roster_change(visit, exam.exam_id)
    with st.expander(visit.text("dispatching")):
        show_dispatch(visit, exam.exam_id)
    with st.expander(visit.text("marks_from_file")):
        show_marks_form(visit, exam.exam_id)
    with st.expander(visit.text("marking_scheme")):
        st.table(
            [
                {
                    visit.text("question_id"): leaf.question_id,
                    visit.text("question_label"): leaf.label,
                    visit.text("points"): str(leaf.points),
                }
                for leaf in exam.scheme.leaves()
            ]
        )


def _show_upload(visit: Visit, exam_id: ExamId) -> None:
    scan = st.file_uploader(
        visit.text("scan_file"),
        type="pdf",
        key=f"scan_{exam_id}_{st.session_state.get(UPLOADS, 0)}",
        max_upload_size=load_settings().max_scan_mib,
    )
    with st.container(horizontal=True):
        is_tried = st.button(
            visit.text("check_scan"), help=visit.text("check_help"), disabled=scan is None
        )
        is_imported = st.button(visit.text("import_scan"), type="primary", disabled=scan is None)
    if scan and is_imported:
        is_new = receive(visit.token, exam_id, scan.name, scan)
        st.session_state[UPLOADS] = st.session_state.get(UPLOADS, 0) + 1
        st.session_state.pop(CHECKED, None)
        st.toast(_import(visit, exam_id) if is_new else visit.text("same_file"))
        st.rerun()
    if scan and is_tried:
        with st.spinner(visit.text("checking_scan")):
            st.session_state[CHECKED] = (exam_id, check(visit.token, exam_id, scan.name, scan))
    _show_check(visit, exam_id)


def _import(visit: Visit, exam_id: ExamId) -> str:
    """Starts the import of a scan that was received; a scan kept is no failure without Prefect."""
    try:
        start(visit.token, FlowName.IMPORT, exam_id)
    except ServiceUnavailable as error:
        logger.warning("run_not_started", exc_info=True)
        return visit.text("scan_kept", why=sentence_text(error.what, visit.language))
    return visit.text("scan_received")


def _show_check(visit: Visit, exam_id: ExamId) -> None:
    kept: tuple[ExamId, Checked] | None = st.session_state.get(CHECKED)
    if kept is None or kept[0] != exam_id:
        return
    found = kept[1]
    st.success(
        visit.text(
            "check_done", copies=found.copies, pages=found.pages, incomplete=found.incomplete
        )
    )
    st.caption(visit.text("check_colours"))
    with st.container(height=420):
        st.image(found.picture, width="stretch", alt=visit.text("check_help"))


def _show_scans(visit: Visit, found: ExamPage) -> None:
    if not found.scans:
        st.caption(visit.text("no_scans"))
        return
    st.dataframe(
        [
            {
                visit.text("scan"): scan.file_name,
                visit.text("pages").capitalize(): scan.page_count,
                visit.text("scan_state"): visit.text(
                    "scan_cut" if scan.is_planned else "scan_waits"
                ),
            }
            for scan in found.scans
        ],
        hide_index=True,
    )


def _show_starts(visit: Visit, found: ExamPage) -> None:
    """A button for each flow; the one that has work to do stands out."""
    with st.container(horizontal=True):
        for name in FlowName:
            st.button(
                visit.text(f"run_{name}"),
                help=visit.text(f"run_{name}_help"),
                on_click=_start,
                args=(visit, name, found.exam.exam_id),
                key=f"run_{name}",
                type="primary" if name is found.following else "secondary",
            )


def _start(visit: Visit, name: FlowName, exam_id: ExamId) -> None:
    try:
        start(visit.token, name, exam_id)
    except ServiceUnavailable as error:
        logger.warning("run_not_started", exc_info=True)
        st.toast(error_text(error, visit.language), icon="⚠️")
    else:
        st.toast(visit.text("run_started", name=visit.text(f"run_{name}")))
