"""What waits for a person, exam by exam: each number leads to the copies it counts."""

import streamlit as st

from dashboard.data.exams import exams
from dashboard.data.todo import report
from dashboard.look import show_empty, show_title
from dashboard.page import Visit, page_named
from viatique.access import Permission
from viatique.lifecycle import CopyStatus
from viatique.models import IdentityState
from viatique.steps.report import ExamReport


def show(visit: Visit) -> None:
    """A card for each exam."""
    show_title(visit, "todo")
    found = exams()
    if not found:
        show_empty(visit, "no_exam")
    for exam in found:
        _show_exam(visit, report(exam.exam_id))


def _show_exam(visit: Visit, found: ExamReport) -> None:
    exam = found.exam
    states, statuses = found.identities, found.statuses
    identified = states[IdentityState.AUTO] + states[IdentityState.CONFIRMED]
    settled = identified + states[IdentityState.UNKNOWN]
    with st.container(border=True):
        st.subheader(exam.name, anchor=False)
        st.caption(f"{exam.exam_id} · {found.pages} {visit.text('pages')}")
        columns = st.columns(6)
        for column, (key, count) in zip(
            columns,
            (
                ("copies", found.copy_count),
                ("identified", settled),
                ("graded", statuses[CopyStatus.GRADED]),
                ("to_confirm", states[IdentityState.REVIEW]),
                ("quarantined", statuses[CopyStatus.QUARANTINE]),
                ("failed", len(found.failed)),
            ),
            strict=True,
        ):
            column.metric(visit.text(key), count)
        links = [
            ("identify", "to_confirm", {}, states[IdentityState.REVIEW]),
            ("copies", "quarantined", {"status": "QUARANTINE"}, statuses[CopyStatus.QUARANTINE]),
            ("copies", "failed", {"status": "GRADING_FAILED"}, len(found.failed)),
        ]
        may_settle = visit.may(Permission.SETTLE)
        waiting = [link for link in links if link[3] and (may_settle or link[0] == "copies")]
        row = st.container(horizontal=True)
        for page, key, query, count in waiting:
            row.page_link(
                page_named(page),
                label=f"{visit.text(key)} ({count})",
                query_params={"exam": exam.exam_id, **query},
            )
        row.page_link(
            page_named("copies"), label=visit.text("copies"), query_params={"exam": exam.exam_id}
        )
        if not waiting:
            st.caption(visit.text("nothing_waits"))
