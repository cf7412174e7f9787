"""Every page in a real browser: opened, used as a person would, narrow and wide, light and dark.

No error, nothing on the console, nothing off-screen, everything readable, labelled and within reach of the keyboard.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FloatRect,
    Locator,
    Request,
    expect,
    sync_playwright,
)
from playwright.sync_api import Page as Tab

from analytics.running import plan_run
from benchmarks.analyst._visitor import Visitor
from dashboards.page import Page, pages
from dashboards.parts.network import positions
from tests.browser import launched
from tests.dashboards.conftest import PATIENCE_S, served
from warehouse.home import Home

_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
_READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
_ERRORS = '[data-testid="stException"], [data-testid="stAlertContentError"]'
expect.set_options(timeout=PATIENCE_S * 1000)
LOOKS = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 23, 29)"}
WIDTHS = (1280, 1920)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = launched(playwright, _ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def dashboard(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard of a copy of the sample with a small run, so that every page has something to show."""
    home = Home(tmp_path_factory.mktemp("browser") / "home")
    shutil.copytree(sample_home.root / "builds", home.root / "builds")
    shutil.copy(sample_home.root / "current", home.root / "current")
    given: dict[str, Any] = {"cohort": "tcga_luad", "groups": "mutation:KRAS", "variables": 30, "top_percent": 100.0}
    plan_run("ecv", home.root, permutations=20, **given).execute()
    with served(home) as address:
        yield address


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


def _table(tab: Tab) -> Locator:
    return tab.locator('[data-testid="stDataFrame"]:visible').first


def _press(tab: Tab, button: str) -> None:
    tab.get_by_role("button", name=button, exact=True).click()
    _settle(tab)


def _choose_row(tab: Tab) -> None:
    """Click into the first cell of the first row: the box that chooses it."""
    expect(_table(tab)).to_be_visible()
    _table(tab).click(position={"x": 15, "y": 52})
    _settle(tab)


# -- how a person uses each page -----------------------------------------------------------------------------------


def _search(tab: Tab) -> None:
    tab.get_by_role("searchbox").fill("SKP1")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("Types")).to_be_visible()
    assert "q=SKP1" in tab.url
    tab.get_by_role("radio", name=re.compile(r"^Gene \d")).click()
    tab.wait_for_url("**type=Gene**")


def _read_a_report(tab: Tab) -> None:
    tab.get_by_role("tab", name="Relationships").click()
    _choose_row(tab)
    expect(tab.get_by_text("Supporting records")).to_be_visible()


def _ask_a_question(tab: Tab) -> None:
    assert tab.locator('[data-testid="stDataFrame"]').count() == 0, "asked before a click"
    _press(tab, "Take the example")
    _press(tab, "Ask")
    expect(_table(tab)).to_be_visible()


def _ask_in_sql(tab: Tab) -> None:
    tab.get_by_role("textbox", name="Question").fill("SELECT 41 + 1 AS answer")
    tab.get_by_role("button", name="Ask").click()
    expect(_table(tab)).to_be_visible()
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="CSV", exact=True).click()
    lines = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# question: SQL: SELECT 41 + 1 AS answer"
    assert any(line.startswith("# release: reactome") for line in lines)
    assert lines[-2:] == ["answer", "42"]


def _keep_a_list(tab: Tab) -> None:
    tab.get_by_role("textbox", name="Identifiers").fill("SKP1, TP53, MLL\n2-Sep, no-such-gene")
    _press(tab, "See what they mean")
    expect(tab.get_by_text("Unresolved")).to_be_visible()
    tab.get_by_label("Name of the list").fill("from the browser")
    _press(tab, "Save list")
    expect(tab.get_by_text("members.")).to_be_visible()


def _open_a_cell(tab: Tab) -> None:
    _choose_row(tab)
    expect(tab.get_by_text("What is counted for")).to_be_visible()


def _follow_a_path(tab: Tab) -> None:
    _choose_row(tab)
    expect(tab.locator('[data-testid="stDataFrame"]:visible')).to_have_count(2)


def _expand_a_node(tab: Tab) -> None:
    tab.goto(tab.url.partition("?")[0] + "?ids=hgnc:10899&types=ENCODES")
    _settle(tab)
    chart = tab.locator('[data-testid="stEChartsChart"] canvas').first
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    # The gene stands at one end of the only edge, the protein at the other: each is where the layout put it.
    places = positions(["hgnc:10899", "uniprot:P63208"], [("hgnc:10899", "uniprot:P63208")])
    tab.mouse.click(*_on_screen(box, list(places.values()), places["uniprot:P63208"]))
    tab.get_by_role("button", name="Expand").click()
    tab.wait_for_url("**P63208**")


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


def _divide_otherwise(tab: Tab) -> None:
    figure = tab.locator('[data-testid="stMetricValue"]').first
    before = figure.inner_text()
    tab.get_by_label("Gene").fill("SKP1")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**gene=SKP1**")
    _settle(tab)
    expect(figure).not_to_have_text(before)


def _look_at_every_tab(tab: Tab) -> None:
    for place in range(tab.get_by_role("tab").count()):
        tab.get_by_role("tab").nth(place).click()
        _settle(tab)


#: What is done on a page; on one that is not named here every tab is looked at.
USES: dict[str, Callable[[Tab], None]] = {
    "home": _search,
    "report": _read_a_report,
    "questions": _ask_a_question,
    "console": _ask_in_sql,
    "lists": _keep_a_list,
    "targets": _open_a_cell,
    "paths": _follow_a_path,
    "explorer": _expand_a_node,
    "cohorts": _divide_otherwise,
}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_is_used_and_seen_in_every_look(browser: Browser, dashboard: str, page: Page) -> None:
    elsewhere: list[str] = []
    said: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith((dashboard, dashboard.replace("http", "ws"), "data:", "blob:")):
            elsewhere.append(request.url)

    def note_message(message: ConsoleMessage) -> None:
        # Streamlit looks for its server below each part of the address, and hears "not found" from the first.
        if message.type == "error" and "/_stcore/" not in message.location["url"]:
            said.append(f"{message.text} {message.location['url']}")

    with _tab(browser, WIDTHS[0]) as tab:
        tab.on("request", note_request)
        tab.on("console", note_message)
        tab.on("pageerror", lambda error: said.append(str(error)))
        _open(tab, dashboard, page)
        assert tab.locator(_ERRORS).all_inner_texts() == []
        USES.get(page.path, _look_at_every_tab)(tab)
        _settle(tab)
        _see(tab)
        for look, ground in LOOKS.items():
            tab.emulate_media(color_scheme=look)  # type: ignore[arg-type]
            tab.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).backgroundColor == '{ground}'")
            _settle(tab)
            assert tab.evaluate(_FAINT) == [], look
    assert elsewhere == [], "a page asks another machine"
    assert said == [], "the console of the browser"


def _see(tab: Tab) -> None:
    """What can be seen and reached of the page as it stands, in both widths."""
    assert tab.locator(_ERRORS).all_inner_texts() == []
    assert tab.evaluate(_UNLABELLED) == []
    assert tab.evaluate(_OUT_OF_REACH) == []
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.wait_for_timeout(60)
        assert tab.evaluate("document.scrollingElement.scrollWidth - window.innerWidth") <= 0
        assert tab.evaluate(_OFF_SCREEN) == []


#: Parts of the page that reach beyond its right edge, but for what scrolls within itself.
_OFF_SCREEN = """Array.from(document.querySelectorAll('[data-testid=stMain] [data-testid]'))
    .filter(one => one.getBoundingClientRect().width > 0)
    .filter(one => !one.closest('canvas, [data-testid=stDataFrame], [data-testid=stTooltipContent]'))
    .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1)
    .map(one => one.dataset.testid)"""

#: Inputs that a screen reader could not name.
_UNLABELLED = """Array.from(document.querySelectorAll('[data-testid=stMain] :is(input, textarea, select, button)'))
    .filter(one => one.type != 'hidden' && one.offsetParent && !one.closest('[data-testid=stDataFrame]'))
    .filter(one => !one.ariaLabel && !one.labels?.length && !one.getAttribute('aria-labelledby'))
    .filter(one => one.tagName != 'BUTTON' || !(one.textContent.trim() || one.title))
    .map(one => one.outerHTML.slice(0, 120))"""

#: What can be clicked but not be reached with the keyboard: of a group one is enough, arrows lead to the others; what
#: clears an input or takes a choice out is done by Backspace, and what steps a number by arrows.
_OUT_OF_REACH = """(() => {
    const kinds = ':is(button, input, textarea, select, a[href], [role=button], [role=tab], [role=radio])';
    const reached = one => one.tabIndex == 0;
    return Array.from(document.querySelectorAll('[data-testid=stMain] ' + kinds))
        .filter(one => one.offsetParent && !one.disabled && one.ariaDisabled != 'true' && one.type != 'file')
        .filter(one => !one.closest('[data-testid=stDataFrame], [aria-hidden=true]'))
        .filter(one => !reached(one) && !/^(Clear|Remove|Increment|Decrement)/.test(one.ariaLabel || ''))
        .filter(one => !Array.from(one.closest('[role=tablist], [role=radiogroup], [role=group], [data-baseweb]')
            ?.querySelectorAll(kinds) || []).some(reached))
        .map(one => one.outerHTML.slice(0, 160));
})()"""

#: Texts whose contrast with what is behind them is less than WCAG 2.2 asks (AA: 4.5; 3 where they are large).
_FAINT = """(() => {
    const parse = text => {
        const parts = (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
        const scale = text.startsWith('color(') ? 255 : 1;
        return [parts[0] * scale, parts[1] * scale, parts[2] * scale, parts.length > 3 ? parts[3] : 1];
    };
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const behind = element => {
        const layers = [];
        for (let one = element; one; one = one.parentElement) {
            const colour = parse(getComputedStyle(one).backgroundColor);
            if (colour[3] > 0) layers.push(colour);
            if (colour[3] == 1) break;
        }
        return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255, 1]);
    };
    const luminance = colour => {
        const [r, g, b] = colour.slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const opacity = element => {
        let share = 1;
        for (let one = element; one; one = one.parentElement) share *= Number(getComputedStyle(one).opacity);
        return share;
    };
    const found = [];
    const walker = document.createTreeWalker(document.querySelector('[data-testid=stApp]'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
        if (!text || !element.getClientRects().length || !element.checkVisibility({visibilityProperty: true})) continue;
        if (element.closest('canvas, style, [disabled], [aria-disabled=true], [data-testid=stDataFrame]')) continue;
        if (element.closest('[data-testid^=stSlider]')) continue;  // stands above the thumb that it belongs to
        const style = getComputedStyle(element), ground = behind(element), ink = parse(style.color);
        ink[3] *= opacity(element);
        const [a, b] = [luminance(over(ink, ground)), luminance(ground)];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const size = parseFloat(style.fontSize), icon = style.fontFamily.includes('Material');
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) || icon;
        if (ratio < (large ? 3 : 4.5)) found.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)} (${style.color})`);
    }
    return [...new Set(found)];
})()"""


def test_the_keyboard_alone_searches(browser: Browser, dashboard: str) -> None:
    with _tab(browser) as tab:
        tab.goto(dashboard)
        _settle(tab)
        for _press in range(40):
            tab.keyboard.press("Tab")
            if tab.evaluate("document.activeElement.type") == "search":
                break
        tab.keyboard.type("SKP1")
        tab.keyboard.press("Enter")
        expect(tab.get_by_text("Types")).to_be_visible()
        assert tab.locator(_ERRORS).count() == 0


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


def test_eight_visitors_at_once(dashboard: str) -> None:
    """Eight sessions that draw at the same time, each its own web socket, as tabs of browsers have."""
    chosen = [pages()[number % len(pages())] for number in range(8)]

    def visit(page: Page) -> tuple[list[str], int]:
        visitor = Visitor(dashboard.removeprefix("http://"))
        told = [visitor.open("" if page is pages()[0] else page.path, page.sample) for _again in range(2)]
        visitor.close()
        return [fault for drawn in told for fault in drawn.faults], len(told[-1].widgets)

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(visit, chosen))
    assert [faults for faults, _widgets in told] == [[]] * 8
    assert all(widgets for _faults, widgets in told)
