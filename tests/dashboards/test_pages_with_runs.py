"""Every page while one run and three runs are active; `test_pages` draws them without any."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.page import Page, pages
from warehouse.home import Home


@pytest.mark.parametrize("active", [1, 3])
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.path)
def test_a_page_with_its_sample(
    draw: Callable[..., AppTest], homes_with_runs: dict[int, Home], page: Page, active: int
) -> None:
    test = draw(page.path, dict(page.sample), homes_with_runs[active], "operator")
    assert not test.exception
    assert not test.error
