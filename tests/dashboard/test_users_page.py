"""Accounts are made, changed and given tokens by administrators only, and the trail tells it."""

from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import Visiting
from viatique.access import Role
from viatique.db.accounts import Account, list_accounts, list_service_tokens
from viatique.db.audit import list_events
from viatique.lifecycle import Action
from viatique.steps.sign_in import account_of_service, sign_in
from viatique.workbench import Workbench


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def account(bench: Workbench, login: str) -> Account:
    with bench.database.transaction() as connection:
        return next(one for one in list_accounts(connection) if one.login == login)


def choose(app: AppTest, login: str) -> AppTest:
    app.selectbox[0].set_value(login).run()
    return app


def test_an_account_is_added_and_its_password_shown_once(
    bench: Workbench, visiting: Visiting
) -> None:
    app = visiting("users")
    app.text_input(key="new_login").set_value("Dupond")
    press(app, "Add")
    password = app.code[0].value
    assert isinstance(sign_in(bench.database, "dupond", password), str)
    assert account(bench, "dupond").role is Role.MARKER
    assert not app.run().code


def test_a_role_is_changed_but_never_ones_own(bench: Workbench, visiting: Visiting) -> None:
    visiting("todo", Role.VIEWER)
    app = choose(visiting("users"), "somebody-viewer")
    other = account(bench, "somebody-viewer")
    app.selectbox(key=f"role_{other.account_id}").set_value(Role.COORDINATOR).run()
    press(app, "Change the role")
    assert account(bench, "somebody-viewer").role is Role.COORDINATOR
    own = choose(app, "somebody-admin")
    assert next(one for one in own.button if one.label == "Change the role").disabled
    with bench.database.transaction() as connection:
        event = list_events(connection, action=Action.ACCOUNT)[0]
    assert event.details["account"] == other.account_id
    assert event.actor == account(bench, "somebody-admin").account_id


def test_an_account_is_disabled_and_enabled_but_never_ones_own(
    bench: Workbench, visiting: Visiting
) -> None:
    visiting("todo", Role.VIEWER)
    app = choose(visiting("users"), "somebody-viewer")
    press(app, "Disable")
    assert account(bench, "somebody-viewer").is_disabled
    press(app, "Enable")
    assert not account(bench, "somebody-viewer").is_disabled
    own = choose(app, "somebody-admin")
    assert next(one for one in own.button if one.label == "Disable").disabled


def test_a_token_works_until_it_is_revoked(bench: Workbench, visiting: Visiting) -> None:
    app = visiting("users")
    app.text_input[0].set_value("Pronote").run()
    press(app, "Make a token")
    token, admin = app.code[0].value, account(bench, "somebody-admin")
    assert account_of_service(bench.database, token) == admin
    press(app, "Revoke Pronote")
    assert account_of_service(bench.database, token) is None
    with bench.database.transaction() as connection:
        assert list_service_tokens(connection, admin.account_id) == ()
        changes = [e.details["change"] for e in list_events(connection, actor=admin.account_id)]
    assert changes[:2] == ["token_revoked", "token"]


def test_who_is_no_administrator_any_more_changes_nothing(
    bench: Workbench, visiting: Visiting
) -> None:
    app = visiting("users")
    before = account(bench, "somebody-admin").password_hash
    with bench.database.transaction() as connection:
        connection.execute("UPDATE account SET role = 'coordinator'")
    press(app, "New password")
    assert account(bench, "somebody-admin").password_hash == before
    assert not app.code
