"""How the work goes: what waits longest, what failed, what was done, which runs there were."""

import streamlit as st

from dashboard.core import prefect
from dashboard.data.operations import STAGES, Operations, operations
from dashboard.look import duration, show_empty, show_title
from dashboard.page import Visit
from dashboard.views.runs import show_runs
from dashboard.wording import status_text
from viatique.texts import reason_text

FRESH_EVERY = "30s"
RUNS_SHOWN = 15


def show(visit: Visit) -> None:
    """Counts on the left, runs on the right; both refresh themselves."""
    show_title(visit, "operations")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _show_work(visit)
    with right:
        runs = prefect()
        if runs:
            st.link_button(visit.text("prefect_ui"), runs.ui_url)
        show_runs(visit, limit=RUNS_SHOWN)


@st.fragment(run_every=FRESH_EVERY)
def _show_work(visit: Visit) -> None:
    found = operations()
    st.subheader(visit.text("oldest"), anchor=False)
    _show_oldest(visit, found)
    st.subheader(visit.text("failures"), anchor=False)
    _show_failures(visit, found)
    st.subheader(visit.text("throughput"), anchor=False)
    _show_throughput(visit, found)


def _show_oldest(visit: Visit, found: Operations) -> None:
    stages = list(found.oldest.items())
    for start in range(0, len(stages), 3):
        for column, (stage, seconds) in zip(st.columns(3), stages[start : start + 3], strict=False):
            shown = duration(visit, seconds) if seconds else "–"
            column.metric(visit.text(f"stage_{stage}"), shown, border=True)


def _show_failures(visit: Visit, found: Operations) -> None:
    if not found.failures:
        show_empty(visit, "no_failures")
        return
    st.dataframe(
        [
            {
                visit.text("copies"): failure.copies,
                visit.text("where"): status_text(failure.status, visit.language),
                visit.text("why_failed"): reason_text(failure.error_code, visit.language),
            }
            for failure in found.failures
        ],
        hide_index=True,
        placeholder="",
    )


def _show_throughput(visit: Visit, found: Operations) -> None:
    if not found.throughput:
        show_empty(visit, "nothing_done")
        return
    counted = {(one.hour, one.metric): one.count for one in found.throughput}
    hour = visit.text("hour")
    st.bar_chart(
        {
            hour: [visit.clock(one) for one in found.hours],
            **{
                visit.text(key): [counted.get((one, metric), 0) for one in found.hours]
                for metric, key in STAGES.items()
            },
        },
        x=hour,
        y=[visit.text(key) for key in STAGES.values()],
        y_label=visit.text("number"),
        # none of them a warning's
        color=["#8a94a3", "#7fb0f5", "#1f5fbf"],
        sort=False,
        height=280,
    )
