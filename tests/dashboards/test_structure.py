"""The picture of a structure in a real browser, from a document with atoms: drawn, turned by keys, with no network."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from streamlit.testing.v1 import AppTest

from dashboards.parts.structure import _CALLED, _data, coordinates_of
from dashboards.theme import CATEGORIES
from etl.build import Plan, build
from tests.browser import launched
from tests.dashboards.conftest import served
from tests.warehouse.documents.test_structures import DOCUMENT
from warehouse.documents.structures import read_coordinates
from warehouse.errors import SourceError
from warehouse.home import Home
from warehouse.warehouse import Warehouse

_WEBGL = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def home(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A build of one document with atoms, whose name is hostile."""
    root = tmp_path_factory.mktemp("structures")
    (root / "raw" / "pdb").mkdir(parents=True)
    title = b"_struct.entry_id 1ABC\n_struct.title '<img src=x onerror=alert(1)>'\n#\nloop_\n_entity.id"
    content = DOCUMENT.replace(b"loop_\n_entity.id", title, 1)
    (root / "raw" / "pdb" / "1abc.cif.gz").write_bytes(gzip.compress(content))
    made = Home(root / "home")
    build(made, Plan(only=("pdb",), raw=root / "raw", threads=1))
    return made


def test_the_build_says_where_its_documents_lie(home: Home) -> None:
    [source] = home.current().receipt()["sources"]
    assert (Path(source["folder"]) / source["files"][0]["file"]).is_file()


def test_the_atoms_come_from_the_document_of_the_structure(home: Home) -> None:
    with Warehouse.open(home.root) as warehouse:
        found = coordinates_of(warehouse, "pdb:1abc")
        assert (found.atoms, found.file) == (4, "pdb/1abc.cif.gz")
        with pytest.raises(SourceError, match="no coordinates of pdb:0xyz"):
            coordinates_of(warehouse, "pdb:0xyz")


def test_what_the_browser_gets_is_data(home: Home) -> None:
    data = _data(read_coordinates(DOCUMENT, "1abc.cif"), "pdb:1abc")
    assert json.loads(json.dumps(data)) == data
    assert data["chains"] == [{"name": "A", "colour": CATEGORIES[0]}]
    assert "1 chain with 2 residues. Other molecules: ZN." in data["description"]
    assert list(_CALLED) == list(CATEGORIES)


def test_a_structure_without_atoms_says_so(draw: Callable[..., AppTest], home: Home, tmp_path: Path) -> None:
    shutil.copytree(home.root / "builds", tmp_path / "builds")
    shutil.copyfile(home.root / "current", tmp_path / "current")
    receipt = next(tmp_path.glob("builds/*/receipt.json"))
    receipt.write_text(receipt.read_text(encoding="utf-8").replace('/raw"', '/elsewhere"'), encoding="utf-8")
    test = draw("report", {"id": "pdb:1abc"}, Home(tmp_path))
    assert not test.exception
    assert not test.error
    assert any("no longer where the build found it" in one.value for one in test.info)


def test_a_structure_is_drawn_and_turned_by_keys(home: Home) -> None:
    with served(home) as address, sync_playwright() as playwright:
        browser = launched(playwright, _WEBGL)
        tab = browser.new_page()
        elsewhere: list[str] = []
        tab.on("request", lambda one: None if "127.0.0.1" in one.url else elsewhere.append(one.url))
        tab.on("dialog", lambda one: elsewhere.append(f"a dialog: {one.message}"))
        tab.goto(f"{address}/report?id=pdb:1abc")
        expect(tab.locator(".structure[data-atoms='4'] canvas").first).to_be_visible()
        stage = tab.get_by_role("application")
        assert "1 chain with 2 residues" in str(stage.get_attribute("aria-label"))
        before = stage.screenshot()
        stage.press("ArrowLeft")
        stage.press("ArrowUp")
        tab.wait_for_timeout(300)
        assert stage.screenshot() != before
        tab.get_by_role("button", name="Show or hide the names of chains").press("Enter")
        expect(tab.get_by_role("button", name="Show or hide the names of chains")).to_have_attribute(
            "aria-pressed", "true"
        )
        assert [one for one in elsewhere if not one.startswith(("data:", "blob:"))] == []
        browser.close()
