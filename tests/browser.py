"""The browser of the tests: the system's Chromium, or the one that Playwright fetched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from playwright.sync_api import Browser, Error, Playwright

from tests.unavailable import unavailable


def launched(playwright: Playwright, arguments: Sequence[str]) -> Browser:
    """Start Chromium; the test is skipped (in CI: fails) where there is none.

    Args:
        playwright: the running Playwright.
        arguments: Chromium's command line.
    """
    named = os.environ.get("TARGETGRAPH_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        return playwright.chromium.launch(executable_path=named, args=list(arguments))
    except Error as error:
        unavailable(f"no Chromium (apt-get install chromium, or playwright install chromium): {error.message[:80]}")
