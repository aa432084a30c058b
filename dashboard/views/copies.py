"""The copies of an exam: filters that stay in the address, one row a copy, ids only."""

from collections.abc import Callable, Mapping

import streamlit as st

from dashboard.data.copies import ROWS, copies_after, page_before
from dashboard.data.exams import exam_names
from dashboard.look import show_empty, show_title
from dashboard.page import Visit, chosen_exam, keep_in_address, page_named
from dashboard.wording import identity_text, status_text
from viatique.access import Permission
from viatique.db.listings import CopyFilter, ListedCopy
from viatique.lifecycle import CopyStatus
from viatique.models import ExamId, IdentityState
from viatique.texts import reason_text


def show(visit: Visit) -> None:
    """Filters, then the table; a row opens its copy."""
    show_title(visit, "copies")
    names = exam_names()
    if not names:
        show_empty(visit, "no_exam")
        return
    exam_column, status_column, identity_column, failed_column = st.columns(
        [5, 3, 3, 2], vertical_alignment="bottom"
    )
    with exam_column:
        exam_id = chosen_exam(visit, names, on_change=_from_the_start)
    with status_column:
        status = _filter(visit, "status", [*map(str, CopyStatus)], _status_label(visit))
    with identity_column:
        identity = _filter(visit, "identity", [*map(str, IdentityState)], _identity_label(visit))
    with failed_column:
        has_failed = _failed_filter(visit)
    wanted = CopyFilter(
        status=CopyStatus(status) if status else None,
        identity=IdentityState(identity) if identity else None,
        has_failed=has_failed,
    )
    _show_page(visit, exam_id, wanted)


def _status_label(visit: Visit) -> Callable[[str], str]:
    return lambda value: status_text(CopyStatus(value), visit.language)


def _identity_label(visit: Visit) -> Callable[[str], str]:
    return lambda value: identity_text(IdentityState(value), visit.language)


def _filter(visit: Visit, name: str, values: list[str], label: Callable[[str], str]) -> str | None:
    wish = st.query_params.get(name)
    chosen = st.selectbox(
        visit.text(name),
        [None, *values],
        index=values.index(wish) + 1 if wish in values else 0,
        format_func=lambda value: label(value) if value else visit.text("all"),
        on_change=_from_the_start,
    )
    keep_in_address(name, chosen)
    return chosen


def _failed_filter(visit: Visit) -> bool:
    is_chosen = st.toggle(
        visit.text("only_failed"),
        st.query_params.get("failed") == "1",
        on_change=_from_the_start,
    )
    keep_in_address("failed", "1" if is_chosen else None)
    return is_chosen


def _from_the_start() -> None:
    st.query_params.pop("after", None)


def _show_page(visit: Visit, exam_id: ExamId, wanted: CopyFilter) -> None:
    after = _number(st.query_params)
    found = copies_after(exam_id, after, wanted)
    if not found:
        show_empty(visit, "no_copies")
    else:
        _show_table(visit, found)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"← {visit.text('before')}",
            disabled=after == 0,
            on_click=_turn_back,
            args=(exam_id, after, wanted),
        )
        st.button(
            f"{visit.text('after')} →",
            disabled=len(found) < ROWS,
            on_click=_turn,
            args=(found[-1].number if found else 0,),
        )
        if found:
            st.caption(visit.text("numbers", first=found[0].number, last=found[-1].number))


def _number(query: Mapping[str, str]) -> int:
    wish = query.get("after", "0")
    return int(wish) if wish.isdecimal() and len(wish) < 10 else 0


def _turn(after: int) -> None:
    keep_in_address("after", str(after) if after else None)


def _turn_back(exam_id: ExamId, after: int, wanted: CopyFilter) -> None:
    _turn(page_before(exam_id, after, wanted))


def _show_table(visit: Visit, found: tuple[ListedCopy, ...]) -> None:
    table = st.dataframe(
        [_row(visit, copy) for copy in found],
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(found), 460),
        column_config={
            visit.text("confidence"): st.column_config.NumberColumn(
                format="percent", width="small", help=visit.text("confidence_help")
            ),
        },
        on_select="rerun",
        selection_mode="single-row",
    )
    rows: list[int] = table["selection"]["rows"]
    if rows:
        st.switch_page(page_named("copy"), query_params={"copy": found[rows[0]].copy_id})


def _row(visit: Visit, copy: ListedCopy) -> dict[str, object]:
    waits = copy.problem if copy.status is CopyStatus.QUARANTINE else None
    problem = copy.error_code or waits
    status = status_text(copy.status, visit.language)
    seen = visit.may(Permission.VIEW_IDENTITY)
    return {
        visit.text("copy"): copy.copy_id,
        visit.text("status"): visit.text("held") if copy.is_locked else status,
        visit.text("identity"): identity_text(copy.identity, visit.language),
        visit.text("student"): copy.student_id or "" if seen else "–",
        visit.text("confidence"): copy.confidence,
        visit.text("scan_pages"): f"{copy.first_page}–{copy.last_page}",
        visit.text("problem"): reason_text(problem, visit.language) if problem else "",
    }
