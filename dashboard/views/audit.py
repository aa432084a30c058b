"""The audit trail, newest first: filters in the address, seals, the check, an export."""

from datetime import date, datetime, time, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.data.audit import (
    UNSEALED_COUNTED,
    EventFilter,
    check_trail,
    events,
    seal_status,
)
from dashboard.files import trail_address
from dashboard.look import ago, show_downloads, show_empty, show_title
from dashboard.page import Visit, keep_in_address
from dashboard.wording import action_text
from viatique.access import Permission, shown_to_all
from viatique.db.audit import AuditEvent
from viatique.lifecycle import Action
from viatique.models import CopyId, ExamId

ACTIONS = [str(action) for action in Action]


def show(visit: Visit) -> None:
    """Seals, filters, a page of events."""
    show_title(visit, "audit")
    _show_seals(visit)
    wanted = _filters(visit)
    _show_events(visit, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_checked = st.button(visit.text("verify"), help=visit.text("verify_help"))
        if visit.may(Permission.VIEW_IDENTITY):
            _show_export(visit, wanted)
    if is_checked:
        with st.spinner(visit.text("verifying")):
            _show_check(visit)


def _show_seals(visit: Visit) -> None:
    last, unsealed = seal_status()
    if last is None:
        st.markdown(f":orange-badge[{visit.text('no_seal')}]")
        return
    more = "+" if unsealed == UNSEALED_COUNTED else ""
    told = visit.text(
        "sealed", seal=last.seal_id, ago=ago(visit, last.sealed_at), unsealed=f"{unsealed}{more}"
    )
    st.markdown(f":green-badge[{visit.text('seal')}] {told}")


def _filters(visit: Visit) -> EventFilter:
    first, second = st.columns(4), st.columns(4)
    exam = _typed(first[0], visit, "exam").upper()
    copy = _typed(first[1], visit, "copy").upper()
    actor = _typed(first[2], visit, "who")
    correlation = _typed(first[3], visit, "correlation")
    with second[0]:
        action = _action(visit)
    with second[1]:
        since = _day(visit, "since")
    with second[2]:
        until = _day(visit, "until")
    return EventFilter(
        exam_id=ExamId(exam) if exam else None,
        copy_id=CopyId(copy) if copy else None,
        action=action,
        actor=actor or None,
        correlation_id=correlation or None,
        since=_midnight(visit, since) if since else None,
        until=_midnight(visit, until + timedelta(days=1)) if until else None,
    )


def _typed(column: DeltaGenerator, visit: Visit, name: str) -> str:
    wish = st.query_params.get(name, "")
    typed = column.text_input(visit.text(name), wish, on_change=_from_the_newest).strip()
    keep_in_address(name, typed)
    return typed


def _action(visit: Visit) -> Action | None:
    wish = st.query_params.get("action", "")
    chosen = st.selectbox(
        visit.text("action"),
        ["", *ACTIONS],
        index=ACTIONS.index(wish) + 1 if wish in ACTIONS else 0,
        format_func=lambda value: (
            f"{action_text(Action(value), visit.language)} ({value})"
            if value
            else visit.text("all")
        ),
        on_change=_from_the_newest,
    )
    keep_in_address("action", chosen)
    return Action(chosen) if chosen else None


def _day(visit: Visit, name: str) -> date | None:
    try:
        wish = date.fromisoformat(st.query_params.get(name, ""))
    except ValueError:  # an address somebody typed: no day, no filter
        wish = None
    chosen = st.date_input(visit.text(name), wish, on_change=_from_the_newest, format="DD/MM/YYYY")
    keep_in_address(name, chosen.isoformat() if chosen else "")
    return chosen


def _midnight(visit: Visit, day: date) -> datetime:
    return datetime.combine(day, time.min, visit.zone)


def _from_the_newest() -> None:
    st.query_params.pop("before", None)


def _show_events(visit: Visit, wanted: EventFilter) -> None:
    wish = st.query_params.get("before", "")
    before = int(wish) if wish.isdecimal() and len(wish) < 19 else None
    found = events(wanted, before)
    if not found:
        show_empty(visit, "no_events")
    else:
        st.dataframe(
            [_row(visit, event) for event in found],
            column_config={
                visit.text("when"): st.column_config.DatetimeColumn(
                    format=visit.choose(("YYYY-MM-DD HH:mm:ss", "DD/MM/YYYY HH:mm:ss")),
                    timezone=str(visit.zone),
                    help=visit.text("when_help", zone=visit.zone),
                ),
                visit.text("copy"): st.column_config.TextColumn(width=110),
            },
            hide_index=True,
            height=400,
            placeholder="",
        )
    with st.container(horizontal=True):
        st.button(visit.text("newest"), disabled=before is None, on_click=_from_the_newest)
        st.button(
            visit.text("older"),
            disabled=not found,
            on_click=keep_in_address,
            args=("before", str(found[-1].event_id) if found else ""),
        )


def _row(visit: Visit, event: AuditEvent) -> dict[str, object]:
    details = event.details
    if event.action is Action.IDENTIFY and not visit.may(Permission.VIEW_IDENTITY):
        details = shown_to_all(details)
    return {
        "#": event.event_id,
        visit.text("when"): event.at,
        visit.text("action"): action_text(event.action, visit.language),
        visit.text("exam"): event.exam_id,
        visit.text("copy"): event.copy_id,
        visit.text("who"): event.actor,
        visit.text("details"): ", ".join(f"{k}={v}" for k, v in details.items()),
        visit.text("correlation"): event.correlation_id,
    }


def _show_export(visit: Visit, wanted: EventFilter) -> None:
    key = "export_exam" if wanted.exam_id else "export_all"
    show_downloads(visit, [(trail_address(wanted.exam_id), key)])


def _show_check(visit: Visit) -> None:
    count, problems = check_trail()
    if problems:
        st.error(visit.text("trail_bad", count=len(problems)))
        st.write(problems[:20])
    else:
        st.success(visit.text("trail_fine", count=count))
