"""What waits for a person, exam by exam: each number leads to the copies it counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from dashboard.data.todo import EXAMS_SHOWN, Overview, overviews_after, waiting
from dashboard.look import ago, show_empty, show_title
from dashboard.page import Visit, has_page, page_named
from viatique.lifecycle import CopyStatus
from viatique.models import ExamId, IdentityState

FRESH_EVERY = "30s"


@dataclass(frozen=True, slots=True)
class Number:
    """A count and the page of what it counts; ``colour`` is of its chip."""

    count: int
    key: str
    colour: str
    page: str
    query: Mapping[str, str]


def show(visit: Visit) -> None:
    """A card for each exam; the page refreshes itself."""
    show_title(visit, "todo")
    _show_all(visit)


@st.fragment(run_every=FRESH_EVERY)
def _show_all(visit: Visit) -> None:
    after = st.query_params.get("after")
    found = overviews_after(ExamId(after) if after else None)
    _show_freshness(visit)
    if not found and not after:
        show_empty(visit, "no_exam")
        if has_page("exams"):
            st.page_link(page_named("exams"), label=visit.text("create_exam"))
    for overview in found:
        _show_exam(visit, overview)
    with st.container(horizontal=True):
        if after:
            st.page_link(page_named("todo"), label=visit.text("newest"))
        if len(found) == EXAMS_SHOWN:
            last = found[-1].exam.exam_id
            st.page_link(
                page_named("todo"), label=visit.text("older"), query_params={"after": last}
            )


def _show_freshness(visit: Visit) -> None:
    total = waiting()
    counts = [
        f"**{count}** {visit.text(key)}"
        for count, key in (
            (total.in_review, "to_confirm"),
            (total.in_quarantine, "quarantined"),
            (total.failed, "failed"),
        )
        if count
    ]
    st.markdown(
        f"{visit.text('in_all')} {' · '.join(counts) or visit.text('nothing_waits')}  \n"
        f":small[:gray[{visit.text('as_of', time=visit.clock(datetime.now(UTC)))}]]"
    )


def _show_exam(visit: Visit, found: Overview) -> None:
    exam, total = found.exam, found.copies
    with st.container(border=True):
        st.subheader(exam.name, anchor=False)
        changed = visit.text("changed", ago=ago(visit, found.changed_at)) if total else ""
        st.caption(
            f"{exam.exam_id} · {total} {visit.text('copies').lower()} · {found.pages}"
            f" {visit.text('pages')}{changed}"
        )
        if not total:
            _show_start(visit, found)
            return
        _show_progress(visit, found)
        _show_numbers(visit, _needing_somebody(found))
        _show_numbers(visit, _others(found))


def _show_start(visit: Visit, found: Overview) -> None:
    """An exam without copies waits for its scans, or for the import of those it has."""
    st.caption(visit.text("cut_first" if found.pages else "import_first"))
    if has_page("exams"):
        label = visit.text("cut_scan" if found.pages else "give_scan")
        query = {"exam": found.exam.exam_id}
        st.page_link(page_named("exams"), label=label, query_params=query)


def _show_progress(visit: Visit, found: Overview) -> None:
    graded = found.statuses[CopyStatus.GRADED]
    st.progress(graded / found.copies, visit.text("progress", done=graded, total=found.copies))


def _needing_somebody(found: Overview) -> list[Number]:
    exam, quarantined = {"exam": found.exam.exam_id}, found.statuses[CopyStatus.QUARANTINE]
    unread = found.identities[IdentityState.PENDING]
    return [
        Number(unread, "unread", "blue", "exams", exam),
        Number(found.identities[IdentityState.REVIEW], "to_confirm", "orange", "identify", exam),
        Number(found.strangers, "strangers", "red", "exams", {**exam, "open": "roster"}),
        Number(quarantined, "quarantined", "orange", "quarantine", exam),
        Number(found.failed, "failed", "red", "copies", {**exam, "failed": "1"}),
        Number(len(found.apart), "apart", "orange", "marking", {"copy": "".join(found.apart[:1])}),
        Number(found.unmarked, "unmarked", "blue", "copies", {**exam, "status": "READY"}),
        Number(found.complete, "to_finalize", "blue", "exams", exam),
    ]


def _others(found: Overview) -> list[Number]:
    exam, states = {"exam": found.exam.exam_id}, found.identities
    return [
        Number(found.copies, "copies_all", "gray", "copies", exam),
        Number(states[IdentityState.AUTO], "found", "gray", "copies", {**exam, "identity": "AUTO"}),
        Number(
            states[IdentityState.CONFIRMED],
            "confirmed", "gray", "copies", {**exam, "identity": "CONFIRMED"},
        ),
        Number(
            states[IdentityState.UNKNOWN],
            "nobodys", "gray", "copies", {**exam, "identity": "UNKNOWN"},
        ),
        Number(
            found.statuses[CopyStatus.GRADED],
            "graded", "green", "copies", {**exam, "status": "GRADED"},
        ),
    ]  # fmt: skip


def _show_numbers(visit: Visit, numbers: list[Number]) -> None:
    """Each number as a link; where the visitor may not go it is a number."""
    shown = [number for number in numbers if number.count]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if not shown:
            st.caption(visit.text("nothing_waits"))
        for number in shown:
            label = f":{number.colour}-badge[**{number.count}**] {visit.text(number.key)}"
            if has_page(number.page):
                st.page_link(page_named(number.page), label=label, query_params=number.query)
            else:
                st.markdown(f":small[{label}]", width="content")
