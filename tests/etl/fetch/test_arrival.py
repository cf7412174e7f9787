"""What arrives whole is stored, once, and remembered."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etl.fetching import fetch as fetching
from tests.etl.fetch.cases import DATA, HALF, OTHER, Case, sha
from tests.etl.http_server import Reply
from warehouse.errors import TerminalFetchError

# What goes well


def test_a_pinned_file_is_fetched_once(case: Case) -> None:
    case.script(Reply(DATA))
    snapshot = case.fetch(case.download(size_bytes=len(DATA)))
    assert snapshot.path.read_bytes() == DATA
    assert (snapshot.sha256, snapshot.size_bytes, snapshot.name) == (sha(DATA), len(DATA), "data.tsv.gz")
    assert case.fetch() == snapshot
    assert len(case.ranges) == 1
    assert case.partial == []
    headers = case.server.asked(case.path)[0].headers
    assert headers["Accept-Encoding"] == "identity"


def test_what_is_in_the_store_needs_no_request(case: Case, tmp_path: Path) -> None:
    (tmp_path / "by_hand").write_bytes(DATA)
    case.store.add(tmp_path / "by_hand")
    assert case.fetch(offline=True).name == "data.tsv.gz"
    assert case.ranges == []


def test_bytes_are_kept_as_published_whatever_the_encoding(case: Case) -> None:
    case.script(Reply(DATA, headers={"Content-Encoding": "gzip"}))
    assert case.fetch(case.download(None)).path.read_bytes() == DATA


def test_progress_is_told_every_byte(case: Case) -> None:
    told: dict[str, list[float | str | None]] = {}

    class Task:
        def __init__(self, name: str) -> None:
            self.name = name

        def advance(self, amount: float = 1) -> None:
            told[self.name][2] += amount  # type: ignore[operator]

        def describe(self, text: str) -> None:
            raise AssertionError(text)

    class Progress:
        @contextmanager
        def task(self, name: str, total: float | None = None, unit: str = "steps") -> Iterator[Task]:
            told[name] = [total, unit, 0.0]
            yield Task(name)

    case.script(Reply(DATA, etag='"1"', cut_at=HALF), Reply(DATA, etag='"1"'))
    case.fetch(progress=Progress())
    assert told["fetch data.tsv.gz"] == [len(DATA), "bytes", len(DATA)]


def test_the_modules_for_network_and_bars_are_loaded_late() -> None:
    code = "import sys, etl.fetching.fetch; print(sorted({'httpx2', 'rich', 'polars'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Trust on first use


def test_an_unpinned_file_is_remembered_and_its_checksum_shown(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    case.script(Reply(DATA))
    snapshot = case.fetch(case.download(None))
    assert f"sha256={sha(DATA)} size_bytes={len(DATA)}" in caplog.text
    assert case.store.remembered(case.download().url) == sha(DATA)
    assert case.fetch(case.download(None), offline=True) == snapshot
    assert len(case.ranges) == 1


def test_other_content_at_a_remembered_address_is_refused(case: Case) -> None:
    case.script(Reply(DATA), Reply(OTHER))
    case.fetch(case.download(None)).path.unlink()
    error = case.fails(TerminalFetchError, case.download(None))
    assert sha(DATA) in error.message
    assert sha(OTHER) in error.message
    assert str(case.store.address_path(case.download().url)) in str(error.hint)
    assert case.stored == []
    assert case.store.remembered(case.download().url) == sha(DATA)


def test_offline_says_what_is_missing(case: Case) -> None:
    error = case.fails(TerminalFetchError, offline=True)
    assert "offline" in error.message
    assert "--raw" in str(error.hint)
    assert case.ranges == []


# The documentation


def test_the_messages_of_the_documentation_are_those_of_the_code() -> None:
    root = Path(fetching.__file__).parents[2]
    modules = (
        "etl/fetching/fetch.py",
        "etl/fetching/errors.py",
        "etl/fetching/snapshots.py",
        "etl/fetching/web.py",
        "warehouse/documents/store.py",
    )
    code = "".join((root / name).read_text(encoding="utf-8") for name in modules)
    table = (root / "docs" / "fetching.md").read_text(encoding="utf-8").partition("| message |")[2]
    shown = [text for line in table.splitlines() for text in re.findall(r"`([^`]+)`", line.split(" | ")[0])]
    # What varies is shown as a capital, a number or dots; what stands between has to be in the code.
    pieces = [piece for text in shown for piece in re.split(r"\b[A-Z]\b|\d+|…|\d?xx", text)]
    assert len(shown) > 25
    assert [piece for piece in pieces if piece not in code] == []
