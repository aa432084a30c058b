"""Flow runs and how far they are, followed while the page is open."""

import logging
from collections.abc import Sequence

import streamlit as st

from dashboard.core import prefect
from dashboard.look import ago, duration
from dashboard.page import Visit
from dashboard.texts.exams import FLOWS
from viatique.errors import ServiceUnavailable
from viatique.models import ExamId
from viatique.services.flow_runs import FlowRun, PrefectRuns

logger = logging.getLogger("viatique")

FOLLOWED_EVERY = "3s"
FOLLOWED = "runs_followed"
COLOURS = {"COMPLETED": "green", "FAILED": "red", "CRASHED": "red", "RUNNING": "blue"}


@st.fragment(run_every=FOLLOWED_EVERY)
def show_runs(visit: Visit, exam_id: ExamId | None = None, *, limit: int = 5) -> None:
    """The latest runs, of one exam or of all."""
    runs = prefect()
    try:
        found = runs.list_runs(exam_id, limit=limit) if runs else None
    except ServiceUnavailable:
        logger.warning("prefect_not_asked", exc_info=True)
        found = None
    if runs is None or found is None:
        st.warning(visit.text("no_prefect"))
        return
    st.markdown(f"**{visit.text('runs')}**")
    if not found:
        st.caption(visit.text("no_runs"))
    for run in found:
        _show_run(visit, runs, run)
    _renew_page_after(found)


def _renew_page_after(found: Sequence[FlowRun]) -> None:
    """Has the page around the runs shown anew once one of them ended: it says what is next."""
    active = {run.run_id for run in found if run.is_active}
    before: set[str] = st.session_state.get(FOLLOWED, set())
    st.session_state[FOLLOWED] = active
    if any(run.run_id in before and not run.is_active for run in found):
        st.rerun()


def _show_run(visit: Visit, runs: PrefectRuns, run: FlowRun) -> None:
    state = visit.text(f"run_state_{run.state}")
    colour = COLOURS.get(run.state, "gray")
    started = (
        f" · {ago(visit, run.started_at)} · {duration(visit, run.duration_s)}"
        if run.started_at
        else ""
    )
    st.markdown(
        f":{colour}-badge[{state}] {run_words(visit, run.name)}{started} · "
        f"[{visit.text('in_prefect')}]({runs.page_of(run.run_id)})"
    )
    if run.is_active and run.percent is not None:
        st.progress(min(1.0, run.percent / 100))


def run_words(visit: Visit, name: str) -> str:
    """A run's name, ``import E7K3M9``, in the visitor's language; an unknown one is itself."""
    flow, _, exam_id = name.partition(" ")
    words = visit.choose(FLOWS[flow]) if flow in FLOWS else flow
    return f"{words} {exam_id}".strip()
