"""Signing in in a browser: at a provider of another site and back, or refused in words."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.accessibility import grave_faults
from tests.browser.chromium import idle, watched_page
from tests.browser.conftest import served
from tests.dashboard.openid_provider import SECRET, serving
from viatique.access import Role
from viatique.db.pool import Database
from viatique.services.processes import free_port
from viatique.steps.sign_in import create_account

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def test_who_the_provider_knows_gets_in_and_out_again_nobody_else(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    create_account(database, "dupont", Role.VIEWER)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with serving() as provider:
        settings = {
            "VIATIQUE_OIDC_ISSUER": provider.issuer,
            "VIATIQUE_OIDC_CLIENT_ID": "viatique",
            "VIATIQUE_OIDC_CLIENT_SECRET": SECRET,
            "VIATIQUE_OIDC_CALLBACK": f"{address}/sign-in/back",
        }
        expected = rf"asked {provider.issuer}/authorize|401|status of 401"
        with (
            served(tmp_path, database.dsn, port, **settings),
            watched_page(browser, address, expected=expected) as page,
        ):
            page.goto(address)
            assert grave_faults(page) == []
            page.get_by_role("link", name="Sign in at your institution").click()
            page.get_by_role("heading", level=1, name="To do").wait_for()
            idle(page)
            assert provider.asked["redirect_uri"] == f"{address}/sign-in/back"
            page.get_by_role("link", name="Sign out").click()
            provider.lies = {"preferred_username": "durand"}
            page.get_by_role("link", name="Sign in at your institution").click()
            page.get_by_role("alert").get_by_text("There is no account for you here.").wait_for()
            page.goto(address)
            assert page.url == f"{address}/sign-in"
