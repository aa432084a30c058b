"""The quarantine desk: a copy's pages side by side, put right one step at a time."""

from collections.abc import Callable

import streamlit as st

from dashboard.actions import quarantine as actions
from dashboard.data.exams import exam_names
from dashboard.data.quarantine import Quarantined, quarantined, to_rescan, waiting_in
from dashboard.look import show_empty, show_title, status_chip
from dashboard.page import Visit, chosen_exam, tried
from viatique.db.pages import CopyPage
from viatique.lifecycle import CopyStatus
from viatique.models import CopyId, ExamId
from viatique.texts import reason_text

PAGES_A_ROW = 4
LOOKED_AT = "quarantine_thumbnails"


def show(visit: Visit) -> None:
    """The copies in quarantine, one of them open."""
    show_title(visit, "quarantine")
    names = exam_names()
    if not names:
        show_empty(visit, "no_exam")
        return
    left, right = st.columns([3, 2])
    with left:
        exam_id = chosen_exam(visit, names)
    with right:
        copy_id = _chosen_copy(visit, exam_id)
    if copy_id is None:
        show_empty(visit, "nothing_quarantined")
    else:
        _show_copy(visit, quarantined(copy_id))
    _show_rescans(visit, exam_id)


def _chosen_copy(visit: Visit, exam_id: ExamId) -> CopyId | None:
    """The copy in the address, or the first that waits."""
    waiting = [copy.copy_id for copy in waiting_in(exam_id)]
    wish = CopyId(st.query_params.get("copy", ""))
    if wish.startswith(f"{exam_id}-") and wish not in waiting:
        waiting = [wish, *waiting]
    if not waiting:
        return None
    chosen = st.selectbox(
        visit.text("which_quarantined"),
        waiting,
        index=waiting.index(wish) if wish in waiting else 0,
    )
    st.query_params["copy"] = chosen
    return chosen


def _show_copy(visit: Visit, found: Quarantined) -> None:
    copy = found.copy
    st.markdown(
        f"{status_chip(visit, copy.status)} "
        f"{visit.text('expected', expected=found.expected, found=copy.page_count)}"
    )
    if copy.problem:
        missing = ", ".join(map(str, copy.missing_pages))
        told = f" ({visit.text('missing', pages=missing)})" if missing else ""
        st.warning(f"{reason_text(copy.problem, visit.language)}{told}")
    if copy.file_sha256 is None:
        st.info(visit.text("not_cut"))
        return
    _show_pages(visit, found)
    _show_ends(visit, found)


def _show_pages(visit: Visit, found: Quarantined) -> None:
    pictures = _pictures(visit, found)
    for start in range(0, len(found.pages), PAGES_A_ROW):
        row = found.pages[start : start + PAGES_A_ROW]
        for place, (column, page) in enumerate(
            zip(st.columns(PAGES_A_ROW), row, strict=False), start
        ):
            with column.container(border=True):
                _show_page(visit, found, place, pictures[page.key])


def _pictures(visit: Visit, found: Quarantined) -> dict[str, bytes | None]:
    """Drawn, and their viewing audited, when a copy is opened or its pages are others."""
    wanted = (found.copy.copy_id, frozenset(page.key for page in found.pages))
    kept = st.session_state.get(LOOKED_AT)
    if kept is None or kept[0] != wanted:
        kept = (wanted, actions.look_at_pages(visit.token, found.copy.copy_id))
        st.session_state[LOOKED_AT] = kept
    return kept[1]


def _show_page(visit: Visit, found: Quarantined, place: int, picture: bytes | None) -> None:
    page = found.pages[place]
    label = visit.text("page_number", number=place + 1)
    note = f" · {visit.text('page_left_out')}" if page.is_left_out else ""
    st.markdown(f"**{label}**{note}")
    if picture:
        st.image(picture, width="stretch", alt=f"{found.copy.copy_id}, {label}")
    else:
        st.caption(reason_text("page_unreadable", visit.language))
    with st.container(horizontal=True, gap="small"):
        for step, arrow, key in ((-1, "←", "earlier"), (1, "→", "later")):
            _button(
                visit,
                f"{key}_{page.key}",
                arrow,
                _swapped(visit, found, place, step),
                help_key=key,
                is_off=not 0 <= place + step < len(found.pages),
            )
        _show_blank(visit, found, page)
    _show_move(visit, found, page)


def _swapped(visit: Visit, found: Quarantined, place: int, step: int) -> Callable[[], None]:
    def swap() -> None:
        order = [page.key for page in found.pages]
        order[place], order[place + step] = order[place + step], order[place]
        actions.reorder(visit.token, found.copy.copy_id, order)

    return swap


def _show_blank(visit: Visit, found: Quarantined, page: CopyPage) -> None:
    copy_id, is_left_out = found.copy.copy_id, not page.is_left_out

    def change() -> None:
        actions.leave_out(visit.token, copy_id, page.key, is_left_out=is_left_out)

    label = visit.text("blank" if is_left_out else "not_blank")
    _button(visit, f"blank_{page.key}", label, change)


def _show_move(visit: Visit, found: Quarantined, page: CopyPage) -> None:
    copy = found.copy
    with st.popover(visit.text("move"), width="stretch"):
        number = st.number_input(
            visit.text("move_to"), 1, value=max(1, copy.number - 1), key=f"number_{page.key}"
        )
        target = CopyId(f"{copy.exam_id}-{number:04d}")

        def move() -> None:
            actions.move(visit.token, copy.copy_id, page.key, target)
            st.toast(visit.text("moved", copy=target))

        _button(visit, f"move_{page.key}", visit.text("move_here"), move)


def _show_ends(visit: Visit, found: Quarantined) -> None:
    """What ends the work on the copy: it is good, or must be scanned again."""
    copy_id = found.copy.copy_id
    if found.copy.status is not CopyStatus.QUARANTINE:
        return
    is_asked = any(one.copy_id == copy_id for one in to_rescan(found.copy.exam_id))

    def release() -> None:
        actions.release(visit.token, copy_id)
        st.query_params.pop("copy", None)
        st.toast(visit.text("released"))

    def rescan() -> None:
        actions.ask_rescan(visit.token, copy_id, is_asked=not is_asked)

    with st.container(horizontal=True):
        _button(visit, "release", visit.text("release_next"), release, is_main=True)
        _button(visit, "rescan", visit.text("no_rescan" if is_asked else "rescan"), rescan)


def _button(
    visit: Visit,
    key: str,
    label: str,
    act: Callable[[], None],
    *,
    help_key: str | None = None,
    is_off: bool = False,
    is_main: bool = False,
) -> None:
    """A button whose step is tried; what refuses it is told in words."""
    st.button(
        label,
        key=key,
        on_click=tried(act),
        disabled=is_off,
        help=visit.text(help_key) if help_key else None,
        type="primary" if is_main else "secondary",
    )


def _show_rescans(visit: Visit, exam_id: ExamId) -> None:
    found = to_rescan(exam_id)
    if not found:
        return
    st.subheader(visit.text("rescan_list"), anchor=False)
    for one in found:
        line = visit.text("rescan_line", copy=one.copy_id, first=one.first_page, last=one.last_page)
        missing = ", ".join(map(str, one.missing_pages))
        told = f" · {visit.text('missing', pages=missing)}" if missing else ""
        st.markdown(f"- {line}{told}")
