"""One copy: its pages, where it stands, and all that happened to it."""

import streamlit as st

from dashboard.actions.copies import look_at_page
from dashboard.actions.quarantine import release
from dashboard.data.copies import exam_of, find_copy, has_final, history
from dashboard.data.runs import known_runs
from dashboard.files import copy_address, final_address
from dashboard.look import identity_chip, show_downloads, show_title, status_chip
from dashboard.page import Visit, page_named
from dashboard.wording import action_text
from viatique.access import Permission, shown_to_all
from viatique.db.audit import AuditEvent
from viatique.db.copies import Copy
from viatique.errors import NotFound
from viatique.lifecycle import Action, CopyStatus
from viatique.models import CopyId, IdentityState
from viatique.run import SYSTEM
from viatique.texts import reason_text

LOOKED_AT = "looked_at_page"


def show(visit: Visit) -> None:
    """The copy in the address."""
    show_title(visit, "copy")
    wish = st.text_input(visit.text("which_copy"), st.query_params.get("copy", ""), width=260)
    if not wish:
        return
    st.query_params["copy"] = wish
    try:
        copy = find_copy(CopyId(wish.strip().upper()))
    except NotFound:
        st.warning(visit.text("no_such_copy"))
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if not visit.may(Permission.VIEW_IDENTITY):
            st.info(visit.text("no_pages"))
        elif copy.file_sha256 is None:
            st.info(visit.text("not_cut"))
        else:
            _show_pages(visit, copy)
    with right:
        _show_state(visit, copy)
        _show_history(visit, copy)


def _show_pages(visit: Visit, copy: Copy) -> None:
    numbers = list(range(1, copy.page_count + 1))
    chosen = st.segmented_control(
        visit.text("page"), numbers, default=1, key=f"page_{copy.copy_id}"
    )
    number = chosen or 1
    png = _page_png(visit, copy, number - 1)
    st.image(png, width="stretch", alt=visit.text("page_of", page=number, copy=copy.copy_id))


def _page_png(visit: Visit, copy: Copy, page: int) -> bytes:
    """Drawn, and its viewing audited, once for each page opened, not for each rerun."""
    wanted = (copy.copy_id, copy.file_sha256, page)
    kept = st.session_state.get(LOOKED_AT)
    if kept is None or kept[0] != wanted:
        kept = (wanted, look_at_page(visit.token, copy.copy_id, page))
        st.session_state[LOOKED_AT] = kept
    return kept[1]


def _show_state(visit: Visit, copy: Copy) -> None:
    st.subheader(copy.copy_id, anchor=False)
    chips = f"{status_chip(visit, copy.status)} {identity_chip(visit, copy.identity)}"
    st.markdown(f"{chips} {_student(visit, copy)}")
    exam = exam_of(copy.exam_id)
    st.caption(
        f"{visit.text('expected', expected=exam.pages_per_copy, found=copy.page_count)}"
        f" · {visit.text('scan_pages')} {copy.first_page}–{copy.last_page}"
    )
    _show_problems(visit, copy)
    _show_ways_on(visit, copy)
    if visit.may(Permission.VIEW_IDENTITY):
        _show_files(visit, copy, is_released=exam.released_at is not None)


def _student(visit: Visit, copy: Copy) -> str:
    return copy.student_id or "" if visit.may(Permission.VIEW_IDENTITY) else ""


def _show_problems(visit: Visit, copy: Copy) -> None:
    if copy.problem:
        pages = ", ".join(map(str, copy.missing_pages))
        missing = f" ({visit.text('missing', pages=pages)})" if pages else ""
        st.warning(f"{reason_text(copy.problem, visit.language)}{missing}")
    if copy.error_code:
        st.error(reason_text(copy.error_code, visit.language))


def _show_ways_on(visit: Visit, copy: Copy) -> None:
    if not visit.may(Permission.SETTLE):
        return
    query = {"exam": copy.exam_id, "copy": copy.copy_id}
    with st.container(horizontal=True):
        if copy.status is CopyStatus.QUARANTINE:
            st.page_link(page_named("quarantine"), label=visit.text("to_desk"), query_params=query)
            st.button(visit.text("release"), on_click=_release, args=(visit, copy))
        if copy.identity is not IdentityState.PENDING:
            label = visit.text("say_whose")
            st.page_link(page_named("identify"), label=label, query_params=query)


def _show_files(visit: Visit, copy: Copy, *, is_released: bool) -> None:
    links = []
    if copy.file_sha256:
        links.append((copy_address(copy.copy_id), "as_scanned"))
    is_final = has_final(copy)
    if is_final and is_released:
        links.append((final_address(copy.copy_id), "download"))
    show_downloads(visit, links)
    if is_final and not is_released:
        st.caption(visit.text("not_released"))


def _release(visit: Visit, copy: Copy) -> None:
    release(visit.token, copy.copy_id)
    st.toast(visit.text("released"))


def _show_history(visit: Visit, copy: Copy) -> None:
    st.subheader(visit.text("history"), anchor=False)
    events = history(copy.copy_id)
    runs = known_runs(frozenset(event.correlation_id for event in events if event.actor == SYSTEM))
    with st.container(height=380, border=True):
        if visit.may(Permission.VIEW_AUDIT):
            # what scrolls needs something the keyboard can reach
            query = {"copy": copy.copy_id}
            st.page_link(page_named("audit"), label=visit.text("audit"), query_params=query)
        for event in events:
            st.markdown(_event(visit, event, runs.get(event.correlation_id)))


def _event(visit: Visit, event: AuditEvent, run_page: str | None) -> str:
    who = visit.text("by_itself") if event.actor == SYSTEM else event.actor
    run = f" · [{visit.text('flow_run')}]({run_page})" if run_page else ""
    shown = event.details
    if event.action is Action.IDENTIFY and not visit.may(Permission.VIEW_IDENTITY):
        shown = shown_to_all(shown)
    details = ", ".join(f"{name} {_words(value)}" for name, value in shown.items() if value)
    at = visit.moment(event.at, has_seconds=True)
    return (
        f"**{action_text(event.action, visit.language)}** · {at} · {who}{run}"
        f"  \n:small[:gray[`{event.action}` {_escaped(details)}]]"
    )


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _escaped(text: str) -> str:
    """Codes and ids as they are, whatever Markdown would make of them."""
    for mark in "\\`*_[]<>$:":
        text = text.replace(mark, f"\\{mark}")
    return text
