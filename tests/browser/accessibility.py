"""What axe-core says of a page: nothing serious may be wrong with it."""

from importlib import resources

from playwright.sync_api import Page

RULES = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
GRAVE = ("serious", "critical")
NAVIGATION = '[data-testid="stSidebarNav"]'
UPSTREAM = {"list", "listitem"}
"""Streamlit puts the pages of a group into a div in its navigation's list: theirs to mend."""

LOOK = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.flatMap(
    one => one.nodes.map(node => [one.id, one.impact, node.target.join(" "), node.html])
)"""


def grave_faults(page: Page) -> list[str]:
    """The rules that are broken, each with the element; those of Streamlit's navigation aside."""
    page.evaluate(RULES)
    found: list[tuple[str, str, str, str]] = page.evaluate(LOOK)
    return [
        f"{rule}: {html[:200]}"
        for rule, impact, target, html in found
        if impact in GRAVE and not (rule in UPSTREAM and _is_in_navigation(page, target))
    ]


def _is_in_navigation(page: Page, target: str) -> bool:
    return bool(
        page.evaluate(
            "([target, place]) => Boolean(document.querySelector(target)?.closest(place))",
            [target, NAVIGATION],
        )
    )
