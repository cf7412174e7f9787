"""What the tests of fetching share: one web server, and an address with a store of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.fetching.fetch import Backoff
from etl.fetching.snapshots import SnapshotStore
from tests.etl.fetch.cases import Case
from tests.etl.http_server import Server, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def backoff(waits: list[float]) -> Backoff:
    return Backoff(jitter=lambda: 0.0, sleep=waits.append)


NUMBERS = itertools.count()


@pytest.fixture
def case(server: Server, tmp_path: Path, backoff: Backoff, waits: list[float]) -> Case:
    # A path of its own, since the server lives as long as the run.
    return Case(server, SnapshotStore(tmp_path / "store"), backoff, f"/release-{next(NUMBERS)}/data.tsv.gz", waits)
