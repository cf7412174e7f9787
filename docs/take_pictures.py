"""`python docs/take_pictures.py`: take the pictures of the analyst's guide again, from the real pages.

Makes the generated sample in a folder of its own with a run of gene networks and a list, serves the dashboard as the
verb does, and photographs what the guide tells of in Chromium, light, 1280 pixels wide. `--only NAME` takes one. Needs
the extras `dashboard` and `analytics`, Playwright, and a Chromium (the system's, or Playwright's own).
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Locator, expect, sync_playwright
from playwright.sync_api import Page as Tab

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.harness import served, targetgraph  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
_WIDTH, _PATIENCE_MS = 1280, 60_000
_READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
#: What a newcomer pastes: symbols, an old symbol, an accession, ids of two databases, a date, a typing error.
_PASTED = "SMPK1, TP53, MLL\nP63208 ENSG00000146648 3845\n2-Sep, EGRF, SMPA"
Scene = Callable[[Tab], int]


def _search(tab: Tab) -> int:
    tab.get_by_role("searchbox").fill("SMPK")
    tab.keyboard.press("Enter")
    _settle(tab)
    expect(tab.get_by_text("Types")).to_be_visible()
    return 620


def _report(tab: Tab) -> int:
    tab.get_by_role("tab", name="Relationships").click()
    _settle(tab)
    _table(tab).click(position={"x": 15, "y": 52})
    expect(tab.get_by_text("Supporting records")).to_be_visible()
    _settle(tab)
    return 0


def _list(tab: Tab) -> int:
    tab.get_by_role("textbox", name="Identifiers").fill(_PASTED)
    tab.get_by_role("button", name="See what they mean").click()
    expect(_table(tab)).to_be_visible()
    return 0


def _enrichment(tab: Tab) -> int:
    tab.get_by_role("tab", name="Enrichment").click()
    tab.get_by_role("button", name="Test", exact=True).click()
    expect(_table(tab)).to_be_visible()
    return 0


def _question(tab: Tab) -> int:
    tab.get_by_role("button", name="Ask").click()
    expect(_table(tab)).to_be_visible()
    return 0


def _path(tab: Tab) -> int:
    expect(_table(tab)).to_be_visible()
    _table(tab).click(position={"x": 15, "y": 52})
    _settle(tab)
    return 0


def _whole(_tab: Tab) -> int:
    return 0


#: Name of the picture → the page and its parameters, and what is done there; what comes back is the height, 0 = all.
SCENES: dict[str, tuple[str, dict[str, str], Scene]] = {
    "search": ("", {}, _search),
    "report": ("report", {"id": "hgnc:10899", "tab": "Relationships"}, _report),
    "list": ("lists", {"type": "Gene"}, _list),
    "enrichment": ("lists", {"tested": "signaling", "background": "All annotated genes"}, _enrichment),
    "question": ("questions", {"template": "drugs_of_gene", "of_gene": "EGFR"}, _question),
    "network": ("explorer", {"ids": "hgnc:10899", "most": "6"}, _whole),
    "paths": ("paths", {"from": "SMPK1", "to": "lung cancer"}, _path),
    "survival": ("cohorts", {"gene": "SMPK1", "cohort": "tcga.study:LUAD"}, _whole),
    "gene_network": ("gene_networks", {}, _whole),
    "runs": ("runs", {}, _whole),
    "sources": ("sources", {}, _whole),
}


def main(arguments: list[str]) -> int:
    """Take the pictures; the exit status is 0 if all were taken."""
    parser = argparse.ArgumentParser(prog="python docs/take_pictures.py")
    parser.add_argument("--only", action="append", choices=list(SCENES), help="take this one; may be repeated")
    parser.add_argument("--home", type=Path, help="keep the sample in this folder, and take it from there next time")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder:
        home = options.home or Path(folder) / "home"
        # The sample lies in a folder of its own beside the home.
        sample = home.with_name(f"{home.name}-sample")
        if not (sample / "results").exists():
            _prepare(home)
        with served(sample) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
            for name in options.only or SCENES:
                _take(browser, address, name)
            browser.close()
    return 0


def _prepare(home: Path) -> None:
    """The sample, a run of gene networks, and a list of the genes of the sample's story."""
    where = ["--sample", "--home", str(home)]
    targetgraph("build", *where)
    words = ["--cohort", "tcga_luad", "--groups", "mutation:KRAS", "--permutations", "50", "--top-percent", "100"]
    targetgraph("analyze", "ecv", *words, *where)
    words = ["--param", "pathway=reactome:R-HSA-9900002", "--format", "csv"]
    found = targetgraph("ask", "genes_of_pathway", *words, *where)
    symbols = [line.split(",")[1] for line in found.output.splitlines()[1:]]
    targetgraph("list", "make", "signaling", *symbols, "--description", "Signaling by SMPK1", *where)


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _take(browser: Browser, address: str, name: str) -> None:
    path, parameters, act = SCENES[name]
    context = browser.new_context(viewport={"width": _WIDTH, "height": 860}, color_scheme="light")
    context.set_default_timeout(_PATIENCE_MS)
    tab = context.new_page()
    tab.goto(f"http://{address}/{path}?{urlencode(parameters)}")
    _settle(tab)
    height = act(tab) or _height(tab)
    tab.set_viewport_size({"width": _WIDTH, "height": max(min(height, 1400), 500)})
    tab.mouse.move(_WIDTH - 5, 5)
    tab.wait_for_timeout(800)
    _settle(tab)
    _save(tab.screenshot(), FOLDER / f"{name}.webp")
    context.close()


def _height(tab: Tab) -> int:
    """So high that all of the page is seen."""
    text = "document.querySelector('[data-testid=stMainBlockContainer]').getBoundingClientRect().height"
    return int(tab.evaluate(text)) + 40


def _table(tab: Tab) -> Locator:
    return tab.locator('[data-testid="stDataFrame"]:visible').first


def _settle(tab: Tab) -> None:
    tab.wait_for_selector(_READY)
    tab.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")
    tab.wait_for_selector(_READY)


def _save(png: bytes, path: Path) -> None:
    Image.open(io.BytesIO(png)).convert("RGB").save(path, quality=80, method=6)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
