"""The marking desk by mouse, finger and keyboard: what is seen is stored, nothing is lost."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.chromium import sign_in, watched_page
from tests.browser.conftest import Site
from tests.db.marking import expire, store_account, store_ready
from tests.db.stored import RUN
from tests.unit.pdf_factories import scan
from viatique.access import Role
from viatique.db.locks import Hold, Lock
from viatique.db.marking import Scored
from viatique.files import Kind
from viatique.lifecycle import UnlockReason
from viatique.models import Annotation, AnnotationKind, CopyId
from viatique.run import Run
from viatique.steps import locks as locking
from viatique.steps.mark_copy import StoredMarks, load_draft, marks_of, put_score
from viatique.steps.sign_in import create_account

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

REFUSED = r"^(409|403|404) .*/api/v1/|(status of (409|403|404)|ERR_FAILED) .*/api/v1/"
ANNOTATIONS = "**/annotations"
TABLET = {"viewport": {"width": 810, "height": 1080}, "has_touch": True}
LEAST_PX = 44


@pytest.fixture(scope="module")
def password(site: Site) -> str:
    return create_account(site.database, "correcteur", Role.MARKER)


@pytest.fixture
def copy_ids(site: Site) -> list[CopyId]:
    """Two copies of two pages, of an exam of their own."""
    return store_ready(site.database, 2, file=site.store.put(scan(2), Kind.COPY))


@pytest.fixture
def copy_id(copy_ids: list[CopyId]) -> CopyId:
    return copy_ids[0]


@pytest.fixture(scope="module")
def page(browser: Browser, site: Site, password: str) -> Iterator[Page]:
    """A marker's page, signed in."""
    with watched_page(browser, site.address, expected=REFUSED) as page:
        page.on("dialog", lambda question: question.accept())
        sign_in(page, site.address, "correcteur", password)
        yield page


def put_on_desk(page: Page, site: Site, copy_id: CopyId) -> None:
    """The copy on the desk, ready to be written on."""
    page.goto(f"{site.address}/marking?copy={copy_id}")
    shown(page)


def shown(page: Page) -> None:
    page.locator(".sheet img[src^=blob]").wait_for()
    page.locator(".points:not([readonly])").first.wait_for()


def on_page(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a fraction of the copy's page is on the screen."""
    box = page.locator(".sheet-ink").bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*on_page(page, *start))
    page.mouse.down()
    page.mouse.move(*on_page(page, *end), steps=6)
    page.mouse.up()


def saved(page: Page) -> None:
    expect(page.locator(".state")).to_have_text("Saved")


def annotations(site: Site, copy_id: CopyId) -> list[Annotation]:
    return [item.annotation for item in marks_of(site.database, RUN, copy_id).annotations]


def scores(site: Site, copy_id: CopyId) -> dict[str, tuple[Decimal | None, str]]:
    stored: StoredMarks = marks_of(site.database, RUN, copy_id)
    return {one.question: (one.points, one.remark) for one in stored.scores}


def near(annotation: Annotation, *corners: float) -> bool:
    rect = annotation.rect
    found = (rect.x0, rect.y0, rect.x1, rect.y1)
    return all(abs(one - other) < 0.006 for one, other in zip(found, corners, strict=True))


def test_what_the_mouse_draws_is_stored_where_it_is_seen(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    page.keyboard.press("c")
    drag(page, (0.2, 0.45), (0.5, 0.5))
    page.keyboard.type("Oui")
    page.keyboard.press("Enter")
    page.keyboard.press("t")
    page.mouse.click(*on_page(page, 0.7, 0.5))
    page.keyboard.press("f")
    drag(page, (0.3, 0.6), (0.5, 0.65))
    saved(page)
    comment, tick, stroke = annotations(site, copy_id)
    assert (comment.kind, comment.text, comment.page) == (AnnotationKind.COMMENT, "Oui", 0)
    assert near(comment, 0.2, 0.45, 0.5, 0.5)
    assert tick.kind is AnnotationKind.TICK
    assert near(tick, 0.6825, 0.4875, 0.7175, 0.5125)
    assert len(stroke.strokes[0]) > 3
    assert near(stroke, 0.3, 0.6, 0.5, 0.65)

    page.keyboard.press("v")
    drag(page, (0.35, 0.475), (0.45, 0.575))
    saved(page)
    assert near(annotations(site, copy_id)[0], 0.3, 0.55, 0.6, 0.6)
    drag(page, (0.6, 0.6), (0.8, 0.7))
    saved(page)
    assert near(annotations(site, copy_id)[0], 0.3, 0.55, 0.8, 0.7)
    page.keyboard.press("Delete")
    saved(page)
    assert comment.text not in {item.text for item in annotations(site, copy_id)}
    page.keyboard.press("Control+z")
    saved(page)
    back = annotations(site, copy_id)[-1]
    assert back.text == "Oui"
    assert near(back, 0.3, 0.55, 0.8, 0.7)


def test_points_are_given_by_keyboard_and_the_next_copy_comes(
    page: Page, site: Site, copy_ids: list[CopyId]
) -> None:
    first, second = copy_ids
    put_on_desk(page, site, first)
    page.keyboard.type("7,3")
    page.keyboard.press("Enter")
    expect(page.get_by_text("In steps of 0.25.")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("2,5")
    page.keyboard.press("Enter")
    page.keyboard.type("9")
    page.keyboard.press("ArrowUp")
    page.get_by_label("On the whole copy").fill("Solide.")
    page.keyboard.press("Control+Enter")
    page.get_by_text(second).wait_for()
    shown(page)
    assert scores(site, first) == {"1": (Decimal("2.5"), ""), "2": (Decimal("9.25"), "")}
    assert marks_of(site.database, RUN, first).appreciation.text == "Solide."
    assert locking.lock_of(site.database, first) is None
    assert locking.lock_of(site.database, second) is not None


def test_comments_are_kept_in_the_bank_and_used_again(
    page: Page, site: Site, copy_ids: list[CopyId]
) -> None:
    first, second = copy_ids
    put_on_desk(page, site, first)
    page.keyboard.press("e")
    page.mouse.click(*on_page(page, 0.5, 0.5))
    page.keyboard.type("Unité ?")
    page.get_by_label("Points (shown only)").fill("-0,5")
    page.get_by_role("button", name="Keep for all").click()
    page.get_by_text("Kept in the comment bank.").wait_for()
    put_on_desk(page, site, second)
    page.keyboard.press("e")
    page.mouse.click(*on_page(page, 0.5, 0.5))
    page.keyboard.type("unite")
    page.keyboard.press("Alt+1")
    saved(page)
    (used,) = annotations(site, second)
    assert (used.kind, used.text, used.points) == (AnnotationKind.ERROR, "Unité ?", Decimal("-0.5"))


def test_a_finger_draws_and_every_control_is_large_enough(
    browser: Browser, site: Site, password: str, copy_id: CopyId
) -> None:
    with watched_page(browser, site.address, **TABLET) as page:
        sign_in(page, site.address, "correcteur", password)
        put_on_desk(page, site, copy_id)
        small = [
            (control.inner_text(), box)
            for control in controls(page)
            if (box := control.bounding_box()) and min(box["width"], box["height"]) < LEAST_PX
        ]
        assert small == []
        page.get_by_role("button", name="Wrong (X)").tap()
        page.touchscreen.tap(*on_page(page, 0.5, 0.5))
        page.get_by_role("button", name="Draw (F)").tap()
        finger = page.context.new_cdp_session(page)
        for kind, at in (
            ("touchStart", (0.3, 0.55)),
            ("touchMove", (0.4, 0.6)),
            ("touchMove", (0.5, 0.6)),
            ("touchEnd", None),
        ):
            x, y = on_page(page, *at) if at else (0, 0)
            points = [{"x": x, "y": y}] if at else []
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        saved(page)
    cross, stroke = annotations(site, copy_id)
    assert cross.kind is AnnotationKind.CROSS
    assert near(stroke, 0.3, 0.55, 0.5, 0.6)


def controls(page: Page) -> list[Locator]:
    found = page.locator(".desk button, .desk input, .desk textarea").all()
    return [control for control in found if control.is_visible()]


def test_what_is_typed_survives_a_reload_before_it_is_put_down(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    page.get_by_role("button", name="Remark: 1 · One").click()
    page.get_by_role("textbox", name="Remark: 1 · One").press_sequentially("Presque")
    saved(page)
    assert scores(site, copy_id) == {}
    page.reload()
    shown(page)
    expect(page.get_by_role("textbox", name="Remark: 1 · One")).to_have_value("Presque")
    saved(page)
    lock = locking.lock_of(site.database, copy_id)
    assert lock
    draft = load_draft(site.database, run_of(lock), copy_id)
    assert draft.content == {"remark:1": "Presque"}


def lose_answer(route: Route) -> None:
    """The server does it, and the page never hears of it."""
    route.fetch()
    route.abort()


def tick_once(page: Page) -> None:
    page.keyboard.press("t")
    with page.expect_event("requestfailed"):
        page.mouse.click(*on_page(page, 0.7, 0.5))


@pytest.mark.parametrize("is_reloaded", [False, True])
def test_an_annotation_whose_answer_is_lost_is_stored_once(
    page: Page, site: Site, copy_id: CopyId, *, is_reloaded: bool
) -> None:
    put_on_desk(page, site, copy_id)
    page.route(ANNOTATIONS, lose_answer, times=1)
    tick_once(page)
    if is_reloaded:
        page.reload()
        shown(page)
    saved(page)
    assert len(annotations(site, copy_id)) == 1


def test_a_score_whose_answer_is_lost_is_no_conflict(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    page.route("**/scores/1", lose_answer, times=1)
    page.keyboard.type("3")
    with page.expect_event("requestfailed"):
        page.keyboard.press("Enter")
    saved(page)
    assert page.get_by_text("Changed by somebody else meanwhile").count() == 0
    assert scores(site, copy_id)["1"] == (Decimal(3), "")


def test_what_was_kept_in_the_tab_is_forgotten_once_it_is_stored(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    page.route(ANNOTATIONS, lambda route: route.abort(), times=1)
    tick_once(page)
    page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    saved(page)
    page.keyboard.press("Control+z")
    saved(page)
    page.reload()
    shown(page)
    saved(page)
    assert annotations(site, copy_id) == []


def test_what_was_kept_in_the_tab_does_not_undo_what_came_since(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    page.route("**/scores/1", lambda route: route.abort())
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    lock = locking.lock_of(site.database, copy_id)
    assert lock
    hold = Hold(copy_id=copy_id, token=lock.token)
    put_score(site.database, run_of(lock), hold, Scored(question="1", points=Decimal(4)))
    page.unroute("**/scores/1")
    page.reload()
    shown(page)
    page.get_by_text("Changed by somebody else meanwhile: 4").wait_for()
    assert scores(site, copy_id)["1"] == (Decimal(4), "")
    page.get_by_role("button", name="Take that one").click()
    saved(page)


def run_of(lock: Lock) -> Run:
    return Run(correlation_id="elsewhere", actor=lock.account_id)


def test_a_score_changed_elsewhere_is_told_and_either_may_be_kept(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    lock = locking.lock_of(site.database, copy_id)
    assert lock
    hold = Hold(copy_id=copy_id, token=lock.token)
    for question in ("1", "2"):
        elsewhere = Scored(question=question, points=Decimal(4))
        put_score(site.database, run_of(lock), hold, elsewhere)
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    for question, choice in (("1", "Keep mine"), ("2", "Take that one")):
        place = page.locator(f"[data-question='{question}']")
        place.get_by_text("Changed by somebody else meanwhile: 4").wait_for()
        place.get_by_role("button", name=choice).click()
    saved(page)
    assert {key: points for key, (points, _) in scores(site, copy_id).items()} == {"1": 3, "2": 4}


def test_an_expired_lock_is_told_in_words_and_nothing_typed_is_lost(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    expire(site.database, copy_id)
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.get_by_text("You were away too long").wait_for()
    page.get_by_text("What you wrote is kept here.").wait_for()
    assert scores(site, copy_id) == {}
    page.get_by_role("button", name="Take this copy").click()
    saved(page)
    assert scores(site, copy_id)["1"] == (Decimal(3), "")


def test_a_copy_another_marker_took_is_told_and_stays_theirs(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    locking.force_release(site.database, RUN, copy_id, UnlockReason.REASSIGNED)
    other = store_account(site.database, f"U{copy_id[1:6]}")
    locking.acquire(site.database, other, copy_id, ttl_s=600)
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.get_by_text("Another marker has taken this copy.").wait_for()
    expect(page.locator(".points").first).to_have_value("3")
    expect(page.get_by_role("button", name="Take this copy")).to_have_count(0)
    assert scores(site, copy_id) == {}


def test_a_second_tab_may_go_on_and_the_first_is_told(
    page: Page, site: Site, copy_id: CopyId
) -> None:
    put_on_desk(page, site, copy_id)
    second = page.context.new_page()
    second.goto(f"{site.address}/marking?copy={copy_id}")
    second.get_by_text("You have this copy open elsewhere.").wait_for()
    second.get_by_role("button", name="Take this copy").click()
    shown(second)
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.get_by_text("You have taken this copy in another tab.").wait_for()
    second.close()
