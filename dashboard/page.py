"""What every page needs to know: who looks, in which language, and how to say an error."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from dashboard import wording
from dashboard.core import open_database
from viatique.access import Permission, may
from viatique.db.accounts import Account
from viatique.errors import ViatiqueError
from viatique.models import ExamId, Language
from viatique.steps.sign_in import SESSION_COOKIE, account_of
from viatique.texts import error_text

logger = logging.getLogger("viatique")

LANGUAGE, PAGES = "language", "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who looks at a page, read from the database at each run of it."""

    account: Account
    token: str
    language: Language
    zone: tzinfo

    def moment(self, at: datetime, *, has_seconds: bool = False) -> str:
        """A date and time as the visitor's clock and language have it."""
        day = "%d/%m/%Y" if self.language is Language.FR else "%Y-%m-%d"
        return f"{at.astimezone(self.zone):{day} %H:%M{':%S' if has_seconds else ''}}"

    def clock(self, at: datetime) -> str:
        """The time of a moment of today, on the visitor's clock."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def number(self, value: float, places: int = 2) -> str:
        """A number with as many decimals as it has, ``places`` at most, and the language's mark."""
        text = f"{value:.{places}f}"
        text = text.rstrip("0").rstrip(".") if places else text
        return text.replace(".", ",") if self.language is Language.FR else text

    def share(self, value: float) -> str:
        """A part of one as percents."""
        space = "\N{NO-BREAK SPACE}" if self.language is Language.FR else ""
        return f"{self.number(100 * value, 1)}{space}%"

    def text(self, key: str, **values: object) -> str:
        """A text in the visitor's language."""
        return wording.text(key, self.language, **values)

    def choose(self, words: tuple[str, str]) -> str:
        """The words of the visitor's language, of (English, French)."""
        return words[self.language is Language.FR]

    def may(self, permission: Permission) -> bool:
        """Whether the visitor has a permission."""
        return may(self.account.role, permission)


def keep_pages(pages: dict[str, StreamlitPage]) -> None:
    """Tells the views which pages there are in this run, so that they can lead to them."""
    st.session_state[PAGES] = pages


def page_named(name: str) -> StreamlitPage:
    """A page to lead to; only pages the visitor may see are there."""
    found: StreamlitPage = st.session_state[PAGES][name]
    return found


def has_page(name: str) -> bool:
    """Whether the visitor may see a page of that name."""
    return name in st.session_state[PAGES]


def current_visit() -> Visit | None:
    """The visit of this run; None when the session ended since the page was opened."""
    token = session_cookie()
    account = account_of(open_database(), token) if token else None
    if account is None:
        return None
    return Visit(account=account, token=token, language=_language(), zone=_zone())


def session_cookie() -> str:
    """The token of the visitor's session; empty without one."""
    return st.context.cookies.get(SESSION_COOKIE, "")


def _language() -> Language:
    if LANGUAGE not in st.session_state:
        is_french = (st.context.locale or "").lower().startswith("fr")
        st.session_state[LANGUAGE] = Language.FR if is_french else Language.EN
    return Language(st.session_state[LANGUAGE])


def _zone() -> tzinfo:
    """Of the browser; UTC when it tells none there is."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (LookupError, OSError, ValueError):
        return UTC


def switch_language() -> None:
    """French after English and the other way round."""
    is_french = st.session_state[LANGUAGE] is Language.FR
    st.session_state[LANGUAGE] = Language.EN if is_french else Language.FR


def guarded(
    visit: Visit, permission: Permission, view: Callable[[Visit], None]
) -> Callable[[], None]:
    """The view as a page that only shows itself to those who may see it."""

    def page() -> None:
        if visit.may(permission):
            with errors_shown():
                view(visit)
        else:
            st.error(visit.text("not_allowed"))

    page.__name__ = view.__module__.rpartition(".")[2]
    return page


def tried(act: Callable[..., None]) -> Callable[..., None]:
    """The act as a callback of a button; what refuses it is told in words."""

    def trying(*arguments: object) -> None:
        try:
            act(*arguments)
        except ViatiqueError as error:
            logger.info("refused", exc_info=error)
            st.toast(error_text(error, _language()), icon="⚠️")

    return trying


@contextmanager
def errors_shown() -> Iterator[None]:
    """Shows an error of ours in words; anything else is left to Streamlit, which hides it."""
    try:
        yield
    except ViatiqueError as error:
        st.error(error_text(error, _language()))


def keep_in_address(name: str, value: str | None) -> None:
    """Keeps a choice in the page's address, or leaves it out of it."""
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def chosen_exam(
    visit: Visit, exams: dict[ExamId, str], *, on_change: Callable[[], None] | None = None
) -> ExamId:
    """The exam in the address, or chosen; kept in the address so that it can be sent to others."""
    ids = list(exams)
    wish = st.query_params.get("exam")
    exam_id = st.selectbox(
        visit.text("exam"),
        ids,
        index=ids.index(ExamId(wish)) if wish and wish in exams else 0,
        format_func=lambda item: f"{item} · {exams[item]}",
        on_change=on_change,
    )
    st.query_params["exam"] = exam_id
    return exam_id
