"""What a test does where something that it needs cannot be had on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skip the test on a developer's machine; fail it in CI, where a skipped test would hide a missing set-up."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
