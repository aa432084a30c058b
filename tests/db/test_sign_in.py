"""Who may sign in: passwords, lock-out, sessions that end."""

from pathlib import Path

import pytest

from tests.db.stored import RUN
from viatique.access import Role
from viatique.db.accounts import list_accounts
from viatique.db.pool import Database
from viatique.errors import Conflict, NotFound
from viatique.seal_files import SealFiles
from viatique.steps import sign_in as step
from viatique.steps.sign_in import (
    Refusal,
    account_of,
    create_account,
    create_first_account,
    renew_password,
    sign_in,
    sign_out,
)
from viatique.steps.verify_audit import verify_audit


def test_the_right_password_opens_a_session_that_signing_out_ends(database: Database) -> None:
    password = create_account(database, " Dupont ", Role.COORDINATOR)
    token = sign_in(database, "DUPONT", password)
    account = account_of(database, token)
    assert account is not None
    assert account.role is Role.COORDINATOR
    sign_out(database, token)
    assert account_of(database, token) is None


def test_a_wrong_password_and_an_unknown_login_are_refused_alike(database: Database) -> None:
    create_account(database, "dupont", Role.VIEWER)
    assert sign_in(database, "dupont", "x") is Refusal.WRONG
    assert sign_in(database, "durand", "x") is Refusal.WRONG


def test_too_many_wrong_passwords_lock_the_account_even_for_the_right_one(
    database: Database,
) -> None:
    password = create_account(database, "dupont", Role.VIEWER)
    answers = [sign_in(database, "dupont", "x") for _ in range(step.MAX_FAILURES)]
    assert answers[-1] is Refusal.LOCKED
    assert set(answers[:-1]) == {Refusal.WRONG}
    assert sign_in(database, "dupont", password) is Refusal.LOCKED


def test_a_right_password_forgets_the_wrong_ones_before_it(database: Database) -> None:
    password = create_account(database, "dupont", Role.VIEWER)
    for _ in range(2):
        for _ in range(step.MAX_FAILURES - 1):
            assert sign_in(database, "dupont", "x") is Refusal.WRONG
        assert not isinstance(sign_in(database, "dupont", password), Refusal)


def test_a_new_password_ends_every_session_and_the_old_password(database: Database) -> None:
    old = create_account(database, "dupont", Role.VIEWER)
    token = sign_in(database, "dupont", old)
    new = renew_password(database, "dupont")
    assert account_of(database, token) is None
    assert sign_in(database, "dupont", old) is Refusal.WRONG
    assert not isinstance(sign_in(database, "dupont", new), Refusal)
    with pytest.raises(NotFound):
        renew_password(database, "durand")


def test_a_session_expires(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    password = create_account(database, "dupont", Role.VIEWER)
    monkeypatch.setattr(step, "SESSION_LASTS", -step.SESSION_LASTS)
    token = sign_in(database, "dupont", password)
    assert account_of(database, token) is None


def test_a_login_is_taken_once_and_the_first_account_made_once(database: Database) -> None:
    assert create_first_account(database)
    assert create_first_account(database) is None
    with pytest.raises(Conflict):
        create_account(database, step.FIRST_LOGIN, Role.VIEWER)


def test_a_disabled_account_gets_in_by_no_way_until_it_is_enabled(
    database: Database, tmp_path: Path
) -> None:
    password = create_account(database, "dupont", Role.MARKER)
    token, program = (
        sign_in(database, "dupont", password),
        step.create_service_token(database, "dupont", "program"),
    )
    assert step.disable(database, "dupont", run=RUN)
    assert not step.disable(database, "dupont", run=RUN)
    assert sign_in(database, "dupont", "x") is Refusal.WRONG
    assert sign_in(database, "dupont", password) is Refusal.UNKNOWN
    assert step.begin_session(database, "dupont") is None
    assert step.begin_session(database, "dupont", Role.ADMIN) is None
    assert account_of(database, token) is None
    assert step.account_of_service(database, program) is None
    assert step.disable(database, "dupont", is_disabled=False, run=RUN)
    assert account_of(database, token) is None, "its session ended"
    assert step.account_of_service(database, program) is not None
    assert not isinstance(sign_in(database, "dupont", password), Refusal)
    assert verify_audit(database, SealFiles(folder=tmp_path)).findings == ()


def test_an_account_disabled_behind_the_trails_back_is_found(
    database: Database, tmp_path: Path
) -> None:
    create_account(database, "dupont", Role.MARKER)
    with database.transaction() as connection:
        connection.execute("UPDATE account SET disabled_at = now()")
        (account,) = list_accounts(connection)
    (finding,) = verify_audit(database, SealFiles(folder=tmp_path)).findings
    expected = f"the state of account {account.account_id} is not the one its events end in"
    assert finding.message == expected
