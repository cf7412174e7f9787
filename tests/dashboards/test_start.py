"""What is done before the first visitor: pages imported, the build opened, what pages name read ahead."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import configuration, opening, server
from dashboards.configuration import Configuration
from dashboards.page import Page, pages
from warehouse.home import Home
from warehouse.warehouse import Warehouse


@pytest.fixture(autouse=True)
def _closed_after() -> Iterator[None]:
    yield
    gc.unfreeze()
    opening.close_all()
    configuration._current.clear()


def test_the_build_is_open_before_the_first_visitor(sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    read = threading.Event()

    def note(warehouse: Warehouse) -> None:
        assert warehouse.sql("SELECT count(*) FROM gene").rows()[0][0] > 0
        read.set()

    page = Page("A page", "Ask", ":material/search:", lambda _view: None, prepare=note)
    monkeypatch.setattr(server, "pages", lambda: (page,))
    configuration.configure(Configuration(sample_home.root))
    server._get_ready()
    assert read.wait(20)
    assert len(opening._OPENED) == 1
    assert gc.get_freeze_count() > 1000


def test_without_a_build_the_dashboard_starts_all_the_same(tmp_path: Path) -> None:
    configuration.configure(Configuration(tmp_path / "nothing"))
    server._get_ready()
    assert not opening._OPENED


@pytest.mark.parametrize("page", [page for page in pages() if page.prepare], ids=lambda page: page.path)
def test_what_a_page_reads_ahead(sample_home: Home, page: Page) -> None:
    assert page.prepare is not None
    with Warehouse.open(sample_home.root) as warehouse:
        page.prepare(warehouse)
