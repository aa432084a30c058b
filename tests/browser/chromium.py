"""A real Chromium on the dashboard, which notes whatever should not happen on a page."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
]  # fmt: skip
PATIENCE_MS = 30_000
LAPTOP = {"width": 1366, "height": 768}
HARMLESS = re.compile(r"/\w+/_stcore/(health|host-config)$|/media/\w+\.jpg$")
"""Streamlit's page tries the first two below the page's own path first; the third is the picture of
a copy that was answered before it was loaded. All answer 404."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def watched_page(
    browser: Browser, address: str, *, expected: str = r"(?!)", **context: object
) -> Iterator[Page]:
    """A page of its own; at its end nothing was asked of another machine, and nothing broke.

    Args:
        browser: where.
        address: of the dashboard; requests elsewhere are wrong.
        expected: pattern of answers (``STATUS URL``) that are no fault here.
        context: of the page: ``viewport``, ``locale``, ``color_scheme``...
    """
    wrong: list[str] = []

    def note(what: str, url: str) -> None:
        if not HARMLESS.search(url) and not re.search(expected, f"{what} {url}"):
            wrong.append(f"{what} {url}")

    made = browser.new_context(**{"viewport": LAPTOP, "locale": "en-GB", **context})
    page = made.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: note(str(error), ""))
    page.on(
        "console",
        lambda said: note(said.text, said.location["url"]) if said.type == "error" else None,
    )
    page.on("response", lambda got: note(str(got.status), got.url) if got.status >= 400 else None)
    page.on(
        "request",
        lambda sent: (
            None if sent.url.startswith((address, "data:", "blob:")) else note("asked", sent.url)
        ),
    )
    yield page
    made.close()
    assert wrong == []


def sign_in(page: Page, address: str, login: str, password: str) -> None:
    """Signs in and waits for the first page."""
    page.goto(address)
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("button")
    idle(page)


def idle(page: Page) -> None:
    """Until no script of the page runs."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
