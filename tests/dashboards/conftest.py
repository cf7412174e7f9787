"""A dashboard of the sample: drawn without a server, and served by the verb for a real browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import configuration, opening
from dashboards.configuration import Configuration
from warehouse.home import Home

ROOT = Path(__file__).parent.parent.parent
#: A page is drawn within so many seconds, on a machine that does other things too.
PATIENCE_S = 60


def _script(path: str, role: str, visitor: str) -> None:
    """One page of the dashboard, as the app draws it."""
    from dashboards.app import _draw
    from dashboards.page import Role, pages

    _draw(next(page for page in pages() if page.path == path), Role(role), visitor)


@pytest.fixture
def draw(sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Draw a page by its path, with query parameters."""
    # A drawn page becomes `__main__`, which processes started by later tests would run again: it is put back.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])

    def drawn(
        path: str,
        parameters: Mapping[str, str | list[str]] | None = None,
        home: Home = sample_home,
        role: str = "reader",
        visitor: str = "",
    ) -> AppTest:
        configuration.configure(Configuration(home.root))
        kwargs = {"path": path, "role": role, "visitor": visitor}
        test = AppTest.from_function(_script, kwargs=kwargs, default_timeout=PATIENCE_S)
        for name, value in (parameters or {}).items():
            test.query_params[name] = value
        return test.run()

    yield drawn
    opening.close_all()
    configuration._current.clear()


@contextmanager
def served(home: Home, **settings: str) -> Iterator[str]:
    """The address of a dashboard that the verb serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TARGETGRAPH_")}
    environment = {**kept, "TARGETGRAPH_HOME": str(home.root), "PYTHONPATH": str(ROOT), **settings}
    command = [sys.executable, "-m", "targetgraph", "dashboard", "--port", str(port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, env=environment, cwd=home.root) as process:
        try:
            _await(process, f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read().decode() if process.stdout else ""
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the dashboard did not start")


@pytest.fixture(scope="session")
def dashboard(sample_home: Home) -> Iterator[str]:
    """The address of a dashboard of the sample."""
    with served(sample_home) as address:
        yield address
