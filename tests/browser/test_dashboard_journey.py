"""An exam from the first sign-in to its final PDFs, in a real browser on real services.

With VIATIQUE_SCREENSHOTS=FOLDER the pages are kept there as pictures: those of the README.
"""

import io
import os
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import grave_faults
from tests.browser.chromium import PATIENCE_MS, idle, sign_in, watched_page
from tests.flows.installation import COMMAND, Installation
from tests.flows.secrets import arguments, open_to_others, secrets_of
from viatique.demo.exam import DemoExam, generate_exam
from viatique.demo.plan import Traps

START_S, FLOW_MS = 120, 120_000
COLOURS = 256
"""Of a picture that is kept: a page in few colours is small, and as readable."""
MARKED = 2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("journey") / "var", VIATIQUE_LANGUAGE="en")


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> DemoExam:
    """Five copies: a blank header, a writer off the roster, a page missing, and two others."""
    return generate_exam(
        tmp_path_factory.mktemp("exam"),
        copies=5,
        dpi=150,
        traps=Traps(swapped=0, upside_down=0, siblings=0),
    )


@pytest.fixture(scope="module")
def up(installation: Installation) -> Iterator[tuple[str, str]]:
    """Address and first password of ``viatique up`` in an empty home."""
    log = installation.home.with_name("up.log")
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
        address = re.search(r"Dashboard: +(\S+)", said)
        password = re.search(r"admin / (\S+)", said)
        assert address
        assert password
        yield address[1], password[1]
        seen = arguments()
        assert any("flows.worker" in one for one in seen.values())
        secrets = [password[1], *secrets_of(installation.home)]
        assert [pid for pid, one in seen.items() for secret in secrets if secret in one] == []
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert installation.run("down") == ""
    assert open_to_others(installation.home) == []


@pytest.fixture
def page(browser: Browser, up: tuple[str, str]) -> Iterator[Page]:
    """A signed-in page; at the end nothing was asked of another machine, and nothing broke."""
    address, password = up
    with watched_page(browser, address, accept_downloads=True) as page:
        sign_in(page, address, "admin", password)
        yield page


class Way:
    """A person's steps through the dashboard."""

    def __init__(self, page: Page, address: str, installation: Installation) -> None:
        self.page, self.address, self.installation = page, address, installation
        self.exam_id = ""

    def go(self, name: str, **query: str) -> None:
        words = "&".join(f"{key}={value}" for key, value in query.items())
        self.page.goto(f"{self.address}/{name}?{words}")
        self.page.get_by_role("heading", level=1).first.wait_for()
        idle(self.page)

    def look(self, name: str) -> None:
        """Nothing serious is wrong for those who do not see or point; the picture is kept."""
        self.page.mouse.move(0, 0)
        expect(self.page.get_by_test_id("stTooltipContent")).to_have_count(0)
        idle(self.page)
        table = "[data-testid=stDataFrame]:visible"
        undrawn = f"[data-testid=stSkeleton]:visible, {table}:not(:has(canvas))"
        expect(self.page.locator(undrawn)).to_have_count(0, timeout=PATIENCE_MS)
        assert grave_faults(self.page) == [], name
        folder = os.environ.get("VIATIQUE_SCREENSHOTS")
        if folder:
            picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
            picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(
                Path(folder) / f"{name}.png", optimize=True
            )

    def choose_files(self, label: str, path: Path) -> None:
        self.page.get_by_label(label).locator("input[type=file]").first.set_input_files(path)
        self.page.get_by_text(path.name).first.wait_for()
        idle(self.page)

    def run(self, button: str, runs: int) -> None:
        """Starts a run and waits until so many are done."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.wait_for_runs(runs)

    def wait_for_runs(self, runs: int) -> None:
        done = self.page.get_by_text("done", exact=True)
        expect(done).to_have_count(runs, timeout=FLOW_MS)

    def copies(self) -> list[dict[str, object]]:
        return self.installation.lines("copies", self.exam_id)

    def in_state(self, **wish: str) -> list[str]:
        return [
            str(row["copy"])
            for row in self.copies()
            if all(row[key] == value for key, value in wish.items())
        ]


def test_an_exam_from_the_first_sign_in_to_its_final_pdfs(
    page: Page, up: tuple[str, str], installation: Installation, exam: DemoExam
) -> None:
    way = Way(page, up[0], installation)
    create_and_import(way, exam)
    say_whose_copies_are(way)
    put_right_what_is_in_quarantine(way)
    mark_by_mouse_and_keyboard(way)
    finalize_and_look(way)
    release_and_download(way)
    page.goto(f"{up[0]}/sign-out")
    page.locator("#password").wait_for()
    page.goto(f"{up[0]}/copies")
    page.locator("#password").wait_for()


def create_and_import(way: Way, exam: DemoExam) -> None:
    page = way.page
    way.go("exams", new="1")
    page.locator("input[type=file]").first.set_input_files(exam.roster_csv)
    page.get_by_text("students; the first ones").wait_for()
    page.get_by_role("tab", name="exam.toml").click()
    page.locator("input[type=file][accept*=toml]").set_input_files(exam.exam_toml)
    page.get_by_role("button", name="Create", exact=False).last.click()
    page.get_by_text("Marking scheme").wait_for()
    way.exam_id = str(way.installation.lines("exam", "list")[0]["exam"])
    page.locator("input[type=file]").first.set_input_files(exam.scan_pdf)
    page.get_by_role("button", name="Import this scan").click()
    way.wait_for_runs(1)
    way.run("Identify", 2)
    way.look("exams")


def say_whose_copies_are(way: Way) -> None:
    page = way.page
    waiting = way.in_state(identity="REVIEW")
    assert waiting
    way.go("todo")
    way.look("todo")
    way.go("identify", exam=way.exam_id)
    page.get_by_text(f"{len(waiting)} left").wait_for()
    way.look("identify")
    for left in range(len(waiting), 0, -1):
        page.get_by_text(f"{left} left").wait_for()
        idle(page)
        page.keyboard.press("0")
    page.get_by_text("Nothing waits for you here.").wait_for()
    assert set(way.in_state(identity="UNKNOWN")) >= set(waiting)


def put_right_what_is_in_quarantine(way: Way) -> None:
    page = way.page
    (copy_id,) = way.in_state(status="QUARANTINE")
    way.go("quarantine", exam=way.exam_id)
    page.get_by_text("missing pages").first.wait_for()
    way.look("quarantine")
    page.get_by_role("button", name="Good to mark").click()
    page.get_by_text("The copy can be marked now.").wait_for()
    assert copy_id in way.in_state(status="READY")


def mark_by_mouse_and_keyboard(way: Way) -> None:
    page = way.page
    way.go("marking", exam=way.exam_id)
    page.get_by_role("button", name="Start marking").click()
    for number in range(MARKED):
        page.locator(".points:not([readonly])").first.wait_for()
        page.locator(".sheet img[src^=blob]").wait_for()
        draw(page)
        if number == 0:
            way.look("marking")
        for points in ("2,5", "4", "9,25"):
            page.keyboard.type(points)
            page.keyboard.press("Enter")
        copy_id = page.get_by_role("heading", level=1).inner_text().split()[0]
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", level=1)).not_to_contain_text(copy_id)


def draw(page: Page) -> None:
    box = page.locator(".sheet-ink").bounding_box()
    assert box
    visible = page.locator(".scroll").bounding_box()
    assert visible
    x, y = visible["x"] + visible["width"] / 3, visible["y"] + visible["height"] / 3
    page.keyboard.press("c")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 220, y + 50, steps=5)
    page.mouse.up()
    page.keyboard.type("À justifier")
    page.keyboard.press("Enter")
    page.keyboard.press("t")
    page.mouse.click(x + 330, y + 110)
    page.keyboard.press("v")
    page.locator(".points").first.click()


def finalize_and_look(way: Way) -> None:
    way.go("exams", exam=way.exam_id)
    way.run("Finalize", 3)
    graded = way.in_state(status="GRADED")
    assert len(graded) == MARKED
    way.go("copies", exam=way.exam_id)
    way.look("copies")
    way.go("copy", copy=graded[0])
    way.look("copy")
    way.go("audit", exam=way.exam_id)
    way.look("audit")
    way.go("operations")
    way.look("operations")
    way.go("users")
    way.look("users")


def release_and_download(way: Way) -> None:
    page = way.page
    way.go("results", exam=way.exam_id)
    page.get_by_role("button", name="Release the results").click()
    page.get_by_text("Released since").wait_for()
    way.look("results")
    with page.expect_download() as sent:
        page.get_by_text("Final PDFs (ZIP)").click()
    with zipfile.ZipFile(sent.value.path()) as archive:
        pdfs = [pymupdf.open(stream=archive.read(name)) for name in archive.namelist()]
    assert len(pdfs) == MARKED
    for pdf in pdfs:
        words = "".join(sheet.get_text() for sheet in pdf)
        assert "15,75" in words
        assert "À justifier" in words
