"""A coordinator's way through the dashboard in a real browser, on real services."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.flows.installation import COMMAND, Installation
from viatique.demo.exam import generate_exam
from viatique.demo.plan import Traps

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
]  # fmt: skip
PATIENCE_MS, START_S = 30_000, 90
HARMLESS = re.compile(r"/\w+/_stcore/(health|host-config)$|/media/\w+\.jpg$")
"""Streamlit's page tries the first two below the page's own path first; the third is the picture of
a copy that was answered before it was loaded. All answer 404."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("dashboard") / "var", VIATIQUE_LANGUAGE="en")


@pytest.fixture(scope="module")
def exam_id(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An exam with a blank header and a writer who is not on the roster."""
    exam = generate_exam(
        tmp_path_factory.mktemp("exam"),
        copies=6,
        dpi=150,
        traps=Traps(swapped=0, upside_down=0, siblings=0),
    )
    exam_id = installation.run("exam", "create", exam.exam_toml).strip()
    installation.run("import", exam_id, exam.scan_pdf, "--inline")
    installation.run("identify", exam_id, "--inline")
    return exam_id


@pytest.fixture(scope="module")
def up(installation: Installation, exam_id: str) -> Iterator[tuple[str, str]]:
    """Address and first password of ``viatique up``."""
    log = installation.home / "up.log"
    with (
        log.open("w") as stderr,
        subprocess.Popen([*COMMAND, "up"], env=installation.environment, stderr=stderr) as process,
    ):
        deadline = time.monotonic() + START_S
        while "Ready" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        said = log.read_text()
        address = re.search(r"Dashboard: (\S+)", said)
        password = re.search(r"admin / (\S+)", said)
        assert address
        assert password
        yield address[1], password[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert installation.run("down") == ""


@pytest.fixture
def page(up: tuple[str, str]) -> Iterator[Page]:
    """A signed-in page; at the end nothing was asked of another machine, and nothing broke."""
    address, password = up
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768}, locale="en-GB")
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "response",
            lambda answer: (
                wrong.append(f"{answer.status} {answer.url}")
                if answer.status >= 400 and not HARMLESS.search(answer.url)
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                wrong.append(request.url)
                if not request.url.startswith((address, "data:", "blob:"))
                else None
            ),
        )
        page.goto(address)
        page.fill("#login", "admin")
        page.fill("#password", password)
        page.click("button")
        idle(page)
        yield page
        browser.close()
    assert wrong == []


def idle(page: Page) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def test_identities_are_confirmed_by_keyboard_and_the_trail_fits(
    page: Page, up: tuple[str, str], installation: Installation, exam_id: str
) -> None:
    waiting = [
        row["copy"] for row in installation.lines("copies", exam_id) if row["identity"] == "REVIEW"
    ]
    assert waiting
    page.get_by_text("Identity to confirm (").click()
    page.get_by_text("Whose is this copy?").wait_for()
    for left in range(len(waiting), 0, -1):
        page.get_by_text(f"{left} left").wait_for()
        idle(page)
        page.keyboard.press("0")
    page.get_by_text("Nothing waits for you here.").wait_for()
    rows = {row["copy"]: row for row in installation.lines("copies", exam_id)}
    assert {rows[copy]["identity"] for copy in waiting} == {"UNKNOWN"}

    page.goto(f"{up[0]}/audit?exam={exam_id}")
    page.get_by_text("Check the trail").click()
    page.get_by_text("tell the same story").wait_for()


def test_a_quarantined_copy_is_looked_at_and_released(
    page: Page, up: tuple[str, str], installation: Installation, exam_id: str
) -> None:
    (copy,) = [
        row["copy"]
        for row in installation.lines("copies", exam_id)
        if row["status"] == "QUARANTINE"
    ]
    page.goto(f"{up[0]}/copy?copy={copy}")
    page.get_by_text("missing pages").wait_for()
    page.get_by_alt_text(f"{copy}, 1").wait_for()
    page.get_by_text("Let it be marked as it is").click()
    page.get_by_text("VALIDATE").first.wait_for(state="attached")
    events = installation.lines("audit", "show", copy)
    assert "VIEW_IDENTITY" in {event["action"] for event in events}
    (row,) = [row for row in installation.lines("copies", exam_id) if row["copy"] == copy]
    assert row["status"] == "READY"


def test_signing_out_ends_what_the_page_may_see(page: Page, up: tuple[str, str]) -> None:
    page.goto(f"{up[0]}/sign-out")
    page.locator("#password").wait_for()
    page.goto(f"{up[0]}/copies")
    page.locator("#password").wait_for()
