"""The audit trail, newest first, and whether it fits the tables."""

import streamlit as st

from dashboard.data.audit import check_trail, events
from dashboard.look import show_title
from dashboard.page import Visit
from viatique.lifecycle import Action

FILTERS = ("exam", "copy", "action", "correlation")


def show(visit: Visit) -> None:
    """Filters, a page of events, and the check."""
    show_title(visit, "audit")
    exam, copy, action, correlation = st.columns(4)
    wishes = {name: st.query_params.get(name, "") for name in FILTERS}
    actions = [str(item) for item in Action]
    chosen = {
        "exam": exam.text_input(visit.text("exam"), wishes["exam"]),
        "copy": copy.text_input(visit.text("copy"), wishes["copy"]),
        "action": action.selectbox(
            visit.text("action"),
            ["", *actions],
            index=actions.index(wishes["action"]) + 1 if wishes["action"] in actions else 0,
            format_func=lambda value: value or visit.text("all"),
        ),
        "correlation": correlation.text_input(visit.text("correlation"), wishes["correlation"]),
    }
    st.query_params.from_dict({name: value for name, value in chosen.items() if value})
    _show_events(visit, chosen)
    if st.button(visit.text("verify")):
        _show_check(visit)


def _show_events(visit: Visit, chosen: dict[str, str]) -> None:
    place = "before " + " ".join(chosen.values())
    before: int | None = st.session_state.get(place)
    found = events(
        exam_id=chosen["exam"].strip().upper(),
        copy_id=chosen["copy"].strip().upper(),
        action=Action(chosen["action"]) if chosen["action"] else None,
        correlation_id=chosen["correlation"].strip(),
        before=before,
    )
    st.dataframe(
        [
            {
                "#": event.event_id,
                visit.text("when"): event.at,
                visit.text("action"): event.action,
                visit.text("exam"): event.exam_id,
                visit.text("copy"): event.copy_id,
                visit.text("who"): event.actor,
                visit.text("details"): ", ".join(f"{k}={v}" for k, v in event.details.items()),
                visit.text("correlation"): event.correlation_id,
            }
            for event in found
        ],
        hide_index=True,
        width="stretch",
    )
    row = st.container(horizontal=True)
    if before is not None and row.button(visit.text("newest")):
        st.session_state.pop(place)
        st.rerun()
    if found and row.button(visit.text("older")):
        st.session_state[place] = found[-1].event_id
        st.rerun()


def _show_check(visit: Visit) -> None:
    count, problems = check_trail()
    if problems:
        st.error(visit.text("trail_bad", count=len(problems)))
        st.write(problems[:20])
    else:
        st.success(visit.text("trail_fine", count=count))
