"""Every page in a real browser: opened narrow and wide, light and dark; no error, nothing off-screen; then used."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Error, FloatRect, Playwright, Request, expect, sync_playwright
from playwright.sync_api import Page as Tab

from dashboards.page import Page, pages
from dashboards.parts.network import positions
from tests.dashboards.conftest import PATIENCE_S, served
from warehouse.home import Home

_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
_READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
_ERRORS = '[data-testid="stException"], [data-testid="stAlertContentError"]'
expect.set_options(timeout=PATIENCE_S * 1000)
LOOKS = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 23, 29)"}
WIDTHS = (1280, 1920)


def _launched(playwright: Playwright) -> Browser:
    """The system's Chromium, or the one that Playwright fetched."""
    named = os.environ.get("TARGETGRAPH_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        return playwright.chromium.launch(executable_path=named, args=list(_ARGUMENTS))
    except Error as error:
        pytest.skip(f"no Chromium (apt-get install chromium, or playwright install chromium): {error.message[:80]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = _launched(playwright)
        yield launched
        launched.close()


@contextmanager
def _tab(browser: Browser, width: int = 1280, look: str = "light") -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=look)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_S * 1000)
    try:
        yield context.new_page()
    finally:
        context.close()


def _open(tab: Tab, dashboard: str, page: Page) -> None:
    # The first page stands at the root.
    path = "" if page is pages()[0] else page.path
    tab.goto(f"{dashboard}/{path}?{urlencode(dict(page.sample))}")
    _settle(tab)
    expect(tab.get_by_role("heading", name=page.title, level=1)).to_be_visible()


def _settle(tab: Tab) -> None:
    tab.wait_for_selector(_READY)
    tab.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")
    tab.wait_for_selector(_READY)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_in_every_look(browser: Browser, dashboard: str, page: Page, tmp_path: Path) -> None:
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((dashboard, dashboard.replace("http", "ws"), "data:", "blob:")):
            elsewhere.append(request.url)

    for look, ground in LOOKS.items():
        with _tab(browser, WIDTHS[0], look) as tab:
            tab.on("request", note)
            _open(tab, dashboard, page)
            assert tab.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == ground
            assert tab.locator(_ERRORS).all_inner_texts() == []
            assert tab.evaluate(_UNLABELLED) == []
            for width in WIDTHS:
                tab.set_viewport_size({"width": width, "height": 900})
                tab.wait_for_timeout(300)
                assert tab.evaluate("document.scrollingElement.scrollWidth - window.innerWidth") <= 0
                assert tab.evaluate(_OFF_SCREEN) == []
                tab.screenshot(path=tmp_path / f"{page.path}-{width}-{look}.png", full_page=True)
    assert elsewhere == [], "a page asks another machine"


#: Parts of the page that reach beyond its right edge, but for what scrolls within itself.
_OFF_SCREEN = """Array.from(document.querySelectorAll('[data-testid=stMain] [data-testid]'))
    .filter(one => one.getBoundingClientRect().width > 0)
    .filter(one => !one.closest('canvas, [data-testid=stDataFrame], [data-testid=stTooltipContent]'))
    .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1)
    .map(one => one.dataset.testid)"""

#: Inputs that a screen reader could not name.
_UNLABELLED = """Array.from(document.querySelectorAll('[data-testid=stMain] :is(input, textarea, select)'))
    .filter(one => one.type != 'hidden' && one.offsetParent && !one.closest('[data-testid=stDataFrame]'))
    .filter(one => !one.ariaLabel && !one.labels?.length && !one.getAttribute('aria-labelledby'))
    .map(one => one.outerHTML.slice(0, 120))"""


def test_from_a_search_to_the_row_of_a_file(browser: Browser, dashboard: str) -> None:
    with _tab(browser) as tab:
        tab.goto(dashboard)
        _settle(tab)
        tab.get_by_role("searchbox").fill("SKP1")
        tab.keyboard.press("Enter")
        expect(tab.get_by_text("Types")).to_be_visible()
        assert "q=SKP1" in tab.url
        tab.get_by_role("radio", name="Gene").click()
        tab.wait_for_url("**type=Gene**")
        tab.goto(f"{dashboard}/report?id=hgnc:10899")
        _settle(tab)
        tab.get_by_role("tab", name="Relationships").click()
        table = tab.locator('[data-testid="stDataFrame"]:visible').first
        expect(table).to_be_visible()
        table.click(position={"x": 15, "y": 52})
        expect(tab.get_by_text("Who states it")).to_be_visible()
        assert tab.locator(_ERRORS).count() == 0


def test_a_question_is_asked_by_a_click_and_downloaded(browser: Browser, dashboard: str) -> None:
    with _tab(browser) as tab:
        tab.goto(f"{dashboard}/console?{urlencode({'language': 'SQL', 'q': 'SELECT 41 + 1 AS answer'})}")
        _settle(tab)
        assert tab.locator('[data-testid="stDataFrame"]').count() == 0
        tab.get_by_role("button", name="Ask").click()
        expect(tab.locator('[data-testid="stDataFrame"]')).to_be_visible()
        with tab.expect_download() as waiting:
            tab.get_by_role("button", name="CSV", exact=True).click()
        lines = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
        assert lines[0] == "# question: SQL: SELECT 41 + 1 AS answer"
        assert any(line.startswith("# release: reactome") for line in lines)
        assert lines[-2:] == ["answer", "42"]


def test_a_click_on_a_node_expands_it(browser: Browser, dashboard: str) -> None:
    with _tab(browser) as tab:
        tab.goto(f"{dashboard}/explorer?ids=hgnc:10899&types=ENCODES")
        _settle(tab)
        chart = tab.locator('[data-testid="stEChartsChart"] canvas').first
        expect(chart).to_be_visible()
        box = chart.bounding_box()
        assert box is not None
        # The gene stands at one end of the only edge, the protein at the other: each is where the layout put it.
        places = positions(["hgnc:10899", "uniprot:P63208"], [("hgnc:10899", "uniprot:P63208")])
        x, y = _on_screen(box, list(places.values()), places["uniprot:P63208"])
        tab.mouse.click(x, y)
        tab.get_by_role("button", name="Expand").click()
        tab.wait_for_url("**P63208**")
        _settle(tab)
        assert tab.locator(_ERRORS).count() == 0


def _on_screen(box: FloatRect, places: list[tuple[float, float]], place: tuple[float, float]) -> tuple[float, float]:
    """Where a node is drawn: the picture is as large as its margins allow, and in their middle."""
    left, right, top, bottom = 130, 190, 50, 20
    low = [min(one[axis] for one in places) for axis in (0, 1)]
    span = [max(one[axis] for one in places) - low[axis] for axis in (0, 1)]
    room = (box["width"] - left - right, box["height"] - top - bottom)
    scale = min(room[axis] / span[axis] for axis in (0, 1) if span[axis])
    middle = (box["x"] + left + room[0] / 2, box["y"] + top + room[1] / 2)
    return (
        middle[0] + (place[0] - low[0] - span[0] / 2) * scale,
        middle[1] + (place[1] - low[1] - span[1] / 2) * scale,
    )


def test_a_password_opens_the_pages(browser: Browser, sample_home: Home) -> None:
    word = "a long enough word"
    with served(sample_home, TARGETGRAPH_DASHBOARD_OPERATOR_PASSWORD=word) as address, _tab(browser) as tab:
        tab.goto(f"{address}/report?id=hgnc:10899")
        expect(tab.get_by_label("Password")).to_be_focused()
        tab.keyboard.type("not the word")
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("alert")).to_have_text("That is not the password.")
        tab.get_by_label("Password").fill(word)
        tab.keyboard.press("Enter")
        tab.wait_for_url("**/report?id=hgnc:10899")
        _settle(tab)
        expect(tab.get_by_text("You are an operator.")).to_be_visible()


def test_eight_visitors_at_once(browser: Browser, dashboard: str) -> None:
    """Eight sessions that draw at the same time: tabs of one browser, each with its own web socket."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_S * 1000)
    tabs = [context.new_page() for _visitor in range(8)]
    chosen = [pages()[number % len(pages())] for number in range(8)]
    for tab, page in zip(tabs, chosen, strict=True):
        path = "" if page is pages()[0] else page.path
        tab.goto(f"{dashboard}/{path}?{urlencode(dict(page.sample))}", wait_until="commit")
    for tab, page in zip(tabs, chosen, strict=True):
        _settle(tab)
        expect(tab.get_by_role("heading", name=page.title, level=1)).to_be_visible()
        assert tab.locator(_ERRORS).all_inner_texts() == []
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _number: urlopen(f"{dashboard}/_stcore/health", timeout=20).status, range(8)))
    assert told == [200] * 8
    context.close()
