"""Accounts: who may sign in, in which role, with which tokens."""

from datetime import UTC, datetime

import streamlit as st

from dashboard.actions import users as actions
from dashboard.data.users import all_accounts, tokens_of
from dashboard.look import show_title
from dashboard.page import Visit, tried
from viatique.access import Role
from viatique.db.accounts import Account

SECRET = "secret_once"  # noqa: S105  # a name, no secret


def show(visit: Visit) -> None:
    """All accounts, one of them to be changed, and a form for a new one."""
    show_title(visit, "users")
    _show_secret(visit)
    found = all_accounts()
    st.dataframe([_row(visit, account) for account in found], hide_index=True, width="stretch")
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        _show_account(visit, {account.login: account for account in found})
    with right, st.container(border=True):
        _show_form(visit)


def _show_secret(visit: Visit) -> None:
    """What the last action made, once: the next run does not have it any more."""
    made: tuple[str, str] | None = st.session_state.pop(SECRET, None)
    if made:
        st.success(visit.text("shown_once", what=made[0]))
        st.code(made[1], language=None)


def _row(visit: Visit, account: Account) -> dict[str, object]:
    return {
        visit.text("login"): account.login,
        visit.text("role"): visit.text(f"role_{account.role}"),
        visit.text("account_state"): _state(visit, account),
        visit.text("account_id"): account.account_id,
    }


def _state(visit: Visit, account: Account) -> str:
    until = account.locked_until
    if account.is_disabled:
        return visit.text("account_disabled")
    if until is not None and until > datetime.now(UTC):
        return visit.text("account_locked", time=visit.clock(until))
    return visit.text("account_open")


def _show_account(visit: Visit, accounts: dict[str, Account]) -> None:
    st.subheader(visit.text("one_account"), anchor=False)
    account = accounts[st.selectbox(visit.text("login"), list(accounts))]
    role = st.selectbox(
        visit.text("role"),
        list(Role),
        index=list(Role).index(account.role),
        format_func=lambda value: visit.text(f"role_{value}"),
        key=f"role_{account.account_id}",
    )

    def change() -> None:
        actions.change_role(visit.token, account, role)
        st.toast(visit.text("role_changed"))

    def renew() -> None:
        st.session_state[SECRET] = (account.login, actions.renew_password(visit.token, account))

    def disable() -> None:
        actions.disable(visit.token, account, is_disabled=not account.is_disabled)

    is_own = account.account_id == visit.account.account_id
    with st.container(horizontal=True):
        st.button(
            visit.text("change_role"),
            on_click=tried(change),
            disabled=role is account.role or is_own,
        )
        st.button(
            visit.text("new_password"), on_click=tried(renew), help=visit.text("new_password_help")
        )
        st.button(
            visit.text("enable_account" if account.is_disabled else "disable_account"),
            on_click=tried(disable),
            help=visit.text("disable_help"),
            disabled=is_own,
        )
    _show_tokens(visit, account)


def _show_tokens(visit: Visit, account: Account) -> None:
    st.markdown(f"**{visit.text('tokens')}**")
    for token in tokens_of(account.account_id):
        label = visit.text("revoke", name=token.name)
        arguments = (visit.token, account, token.token_sha256)
        key = f"revoke_{token.token_sha256.hex()}"
        st.button(label, key=key, on_click=tried(actions.revoke_token), args=arguments)
    name = st.text_input(visit.text("token_name"), max_chars=80)

    def make() -> None:
        st.session_state[SECRET] = (name, actions.make_token(visit.token, account, name))

    st.button(visit.text("make_token"), on_click=tried(make), disabled=not name.strip())


def _show_form(visit: Visit) -> None:
    st.subheader(visit.text("add_account"), anchor=False)
    with st.form("account", border=False, clear_on_submit=True):
        login = st.text_input(visit.text("login"), max_chars=120, key="new_login")
        role = st.selectbox(
            visit.text("role"),
            list(Role),
            index=list(Role).index(Role.MARKER),
            format_func=lambda value: visit.text(f"role_{value}"),
            key="new_role",
        )
        is_sent = st.form_submit_button(visit.text("add"), type="primary")
    if is_sent and not login.strip():
        st.warning(visit.text("login_needed"))
    elif is_sent:
        st.session_state[SECRET] = (login, actions.add(visit.token, login, role))
        st.rerun()
