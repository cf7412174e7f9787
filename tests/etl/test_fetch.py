"""Fetching against a web server of our own: what arrives whole is stored, and nothing else ever is."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import logging
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import etl.fetch
from etl.fetch import BACKOFF, Backoff, Download, fetch
from etl.snapshots import SnapshotStore, address_key
from tests.etl.http_server import Gate, Reply, Server, running_server
from warehouse.documents.store import StoredFile
from warehouse.errors import FetchError, SourceError, TerminalFetchError, TransientFetchError

DATA = random.Random(7).randbytes(300_000)
OTHER = random.Random(8).randbytes(300_000)
HALF = 150_000
PAGE = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
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


@dataclass
class Case:
    """One address, its script, and a store of its own."""

    server: Server
    store: SnapshotStore
    backoff: Backoff
    path: str
    waits: list[float] = field(default_factory=list)

    def script(self, *replies: Reply) -> str:
        return self.server.script(self.path, *replies)

    def download(self, data: bytes | None = DATA, **fields: object) -> Download:
        known = Download(self.server.url(self.path), sha256=None if data is None else sha(data))
        return replace(known, **fields)  # type: ignore[arg-type]

    def fetch(self, download: Download | None = None, **options: object) -> StoredFile:
        options = {"backoff": self.backoff, **options}
        return fetch(download or self.download(), self.store, **options)  # type: ignore[arg-type]

    def fails(self, kind: type[FetchError], download: Download | None = None, **options: object) -> FetchError:
        """Fetch, expect a failure of this kind that names the address and says what to do; give it."""
        with pytest.raises(kind) as caught:
            self.fetch(download, **options)
        assert self.server.url("")[len("http://") :] in caught.value.message or "example.org" in caught.value.message
        assert caught.value.hint
        return caught.value

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of each request so far."""
        return [seen.headers.get("Range") for seen in self.server.asked(self.path)]

    @property
    def stored(self) -> list[str]:
        return sorted(path.name for path in (self.store.root / "sha256").glob("*/*"))

    @property
    def partial(self) -> list[str]:
        return sorted(path.name for path in (self.store.root / "partial").glob("*"))

    @property
    def partial_path(self) -> Path:
        return self.store.root / "partial" / address_key(self.server.url(self.path))


NUMBERS = itertools.count()


@pytest.fixture
def case(server: Server, tmp_path: Path, backoff: Backoff, waits: list[float]) -> Case:
    # A path of its own, since the server lives as long as the module.
    return Case(server, SnapshotStore(tmp_path / "store"), backoff, f"/release-{next(NUMBERS)}/data.tsv.gz", waits)


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
    code = "import sys, etl.fetch; print(sorted({'httpx2', 'rich', 'polars'} & set(sys.modules)))"
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


# Truncated and resumed


def test_truncated_then_resumed(case: Case) -> None:
    case.script(Reply(DATA, etag='"1"', cut_at=HALF), Reply(DATA, etag='"1"'))
    assert case.fetch().path.read_bytes() == DATA
    assert case.ranges == [None, f"bytes={HALF}-"]
    assert case.server.asked(case.path)[1].headers["If-Range"] == '"1"'
    assert case.waits == [1.0]
    assert case.partial == []


def test_truncated_every_time_keeps_what_can_be_resumed(case: Case) -> None:
    case.script(Reply(DATA, etag='"1"', cut_at=HALF))
    error = case.fails(TransientFetchError)
    assert "tried 5 times" in error.message
    assert case.waits == [1.0, 2.0, 4.0, 8.0]
    assert case.stored == []
    assert case.partial_path.read_bytes() == DATA[:HALF]
    case.script(Reply(DATA, etag='"1"'))
    assert case.fetch().path.read_bytes() == DATA
    assert case.ranges[-1] == f"bytes={HALF}-"


def test_truncated_and_neither_pinned_nor_validated_keeps_nothing(case: Case) -> None:
    case.script(Reply(DATA, cut_at=HALF))
    case.fails(TransientFetchError, case.download(None))
    assert case.ranges == [None] * 5
    assert case.partial == []


def test_pinned_resumes_without_a_validator(case: Case) -> None:
    case.script(Reply(DATA, cut_at=HALF), Reply(DATA))
    assert case.fetch().path.read_bytes() == DATA
    assert case.ranges == [None, f"bytes={HALF}-"]
    assert "If-Range" not in case.server.asked(case.path)[1].headers


def test_last_modified_stands_in_for_a_weak_etag(case: Case) -> None:
    date = "Sat, 01 Aug 2026 10:00:00 GMT"
    weak = {"ETag": 'W/"1"'}
    case.script(
        Reply(DATA, headers=weak, last_modified=date, cut_at=HALF), Reply(DATA, headers=weak, last_modified=date)
    )
    assert case.fetch(case.download(None)).sha256 == sha(DATA)
    assert case.server.asked(case.path)[1].headers["If-Range"] == date


def test_a_stale_etag_starts_again(case: Case) -> None:
    case.script(Reply(OTHER, etag='"1"', cut_at=HALF), Reply(DATA, etag='"2"'))
    assert case.fetch(case.download(None)).path.read_bytes() == DATA
    assert case.ranges == [None, f"bytes={HALF}-"]


def test_a_server_that_ignores_if_range_is_found_out(case: Case) -> None:
    lying = Reply(DATA, status=206, headers={"ETag": '"2"', "Content-Range": f"bytes {HALF}-299999/300000"})
    case.script(Reply(OTHER, etag='"1"', cut_at=HALF), lying, Reply(DATA, etag='"2"'))
    assert case.fetch(case.download(None)).path.read_bytes() == DATA
    assert case.ranges == [None, f"bytes={HALF}-", None]


@pytest.mark.parametrize("content_range", ["bytes 0-299999/300000", "bytes 150000-299999/300001", "pages 1-2/3", ""])
def test_a_range_that_was_not_asked_for_starts_again(case: Case, content_range: str) -> None:
    wrong = Reply(DATA[HALF:], status=206, headers={"Content-Range": content_range})
    case.script(Reply(DATA, etag='"1"', cut_at=HALF), wrong, Reply(DATA, etag='"1"'))
    assert case.fetch().sha256 == sha(DATA)
    assert case.ranges == [None, f"bytes={HALF}-", None]


def test_a_server_without_ranges_sends_all_again(case: Case) -> None:
    case.script(Reply(DATA, etag='"1"', ranges=False, cut_at=HALF), Reply(DATA, etag='"1"', ranges=False))
    assert case.fetch().path.read_bytes() == DATA
    assert case.ranges == [None, f"bytes={HALF}-"]


def test_a_partial_file_longer_than_the_file_starts_again(case: Case) -> None:
    case.script(Reply(OTHER, cut_at=HALF))
    case.fails(TransientFetchError, case.download(DATA[:1000]), retries=0)
    case.script(Reply(DATA[:1000]))
    assert case.fetch(case.download(DATA[:1000])).path.read_bytes() == DATA[:1000]
    assert case.ranges == [None, f"bytes={HALF}-", None]


def test_a_wrong_checksum_after_a_resumption_is_tried_once_from_scratch(case: Case) -> None:
    case.script(Reply(OTHER, cut_at=HALF), Reply(DATA), Reply(DATA))
    assert case.fetch().path.read_bytes() == DATA
    assert case.ranges == [None, f"bytes={HALF}-", None]


def test_a_complete_partial_file_needs_no_request(case: Case) -> None:
    case.script(Reply(DATA, etag='"1"', cut_at=HALF))
    case.fails(TransientFetchError, retries=0)
    with case.partial_path.open("ab") as file:
        file.write(DATA[HALF:])
    assert case.fetch().path.read_bytes() == DATA
    assert len(case.ranges) == 1


@pytest.mark.parametrize("record", ["", "{", "[]", '{"unknown": 1}', None])
def test_a_partial_file_without_its_record_starts_again(case: Case, record: str | None) -> None:
    case.partial_path.parent.mkdir(parents=True)
    case.partial_path.write_bytes(OTHER[:HALF])
    if record is not None:
        case.partial_path.with_suffix(".json").write_text(record, encoding="utf-8")
    case.script(Reply(DATA))
    assert case.fetch().sha256 == sha(DATA)
    assert case.ranges == [None]


def test_progress_renews_the_number_of_attempts(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etl.fetch, "PROGRESS_BYTES", 40_000)
    cuts = [Reply(DATA, etag='"1"', cut_at=at) for at in range(50_000, 300_000, 50_000)]
    case.script(*cuts, Reply(DATA, etag='"1"'))
    assert case.fetch(retries=1).path.read_bytes() == DATA
    assert case.waits == [1.0] * 5


def test_crumbs_are_no_progress(case: Case) -> None:
    case.script(*[Reply(DATA, etag='"1"', cut_at=at) for at in range(10, 100, 10)])
    case.fails(TransientFetchError, retries=2)
    assert case.ranges == [None, "bytes=10-", "bytes=20-"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(min_size=1, max_size=400),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    ranges=st.booleans(),
    etags=st.lists(st.sampled_from(['"1"', '"2"', None]), min_size=7, max_size=7),
    reset=st.booleans(),
)
def test_any_split_into_truncated_answers_ends_in_the_same_bytes(
    server: Server, data: bytes, *, cuts: list[int], ranges: bool, etags: list[str | None], reset: bool
) -> None:
    """Whatever is cut, and whatever the server says of the file's identity, what is stored is the file."""
    path = "/split/data.bin"
    cut = [Reply(data, etag=etag, ranges=ranges, cut_at=at, reset=reset) for at, etag in zip(cuts, etags, strict=False)]
    url = server.script(path, *cut, Reply(data, etag=etags[-1], ranges=ranges))
    with tempfile.TemporaryDirectory() as folder:
        store = SnapshotStore(Path(folder))
        quiet = Backoff(jitter=lambda: 0.0, sleep=lambda _: None)
        snapshot = fetch(Download(url, sha(data)), store, retries=len(cuts) + 1, backoff=quiet)
        assert snapshot.path.read_bytes() == data
        assert list((store.root / "partial").iterdir()) == []


# What may pass


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(case: Case, status: int) -> None:
    case.script(Reply(PAGE, status=status, headers={"Content-Type": "text/html"}), Reply(DATA))
    assert case.fetch().sha256 == sha(DATA)
    assert case.waits == [1.0]


def test_a_server_that_stays_broken(case: Case) -> None:
    case.script(Reply(status=500))
    error = case.fails(TransientFetchError, retries=2)
    assert "HTTP 500" in error.message
    assert "tried 3 times" in error.message
    assert case.waits == [1.0, 2.0]
    assert case.partial == []


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [("7", 7.0), ("0", 1.0), (formatdate(0, usegmt=True), 1.0), ("soon", 1.0), ("-3", 1.0)],
)
def test_retry_after_is_honoured(case: Case, value: str, wait_s: float) -> None:
    case.script(Reply(status=503, headers={"Retry-After": value}), Reply(DATA))
    assert case.fetch().sha256 == sha(DATA)
    assert case.waits == [wait_s]


def test_retry_after_as_a_date(case: Case) -> None:
    later = formatdate(time.time() + 100, usegmt=True)
    case.script(Reply(status=503, headers={"Retry-After": later}), Reply(DATA))
    case.fetch()
    assert 90 < case.waits[0] <= 100


def test_retry_after_beyond_the_limit_is_not_waited_for(case: Case) -> None:
    case.script(Reply(status=429, headers={"Retry-After": "3600"}), Reply(DATA))
    error = case.fails(TransientFetchError)
    assert "3600 s" in str(error)
    assert case.waits == []


def test_waits_double_up_to_a_limit_and_are_spread() -> None:
    steady = Backoff(jitter=lambda: 0.0)
    assert [steady.delay_s(n) for n in (1, 2, 3, 6, 7, 50)] == [1, 2, 4, 32, 60, 60]
    assert Backoff(jitter=lambda: 1.0).delay_s(3) == 5.0
    assert 1.0 <= BACKOFF.delay_s(1) <= 1.25


def test_a_connection_that_is_reset(case: Case) -> None:
    case.script(Reply(DATA, etag='"1"', cut_at=HALF, reset=True), Reply(DATA, etag='"1"'))
    assert case.fetch().path.read_bytes() == DATA


def test_nobody_listens(case: Case) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a"
        with pytest.raises(TransientFetchError, match="the connection failed") as caught:
            case.fetch(Download(url))
    assert url in caught.value.message
    assert len(case.waits) == 4


def test_a_silent_server_is_given_up_and_resumed(case: Case) -> None:
    gate = Gate()
    case.script(Reply(DATA, etag='"1"', gate=gate, gate_at=131_072), Reply(DATA, etag='"1"'))
    try:
        assert case.fetch(timeout_s=0.3).path.read_bytes() == DATA
    finally:
        gate.opened.set()
    assert case.ranges == [None, "bytes=131072-"]


def test_a_server_that_stays_silent_is_named(case: Case) -> None:
    gate = Gate()
    case.script(Reply(DATA, gate=gate))
    error = case.fails(TransientFetchError, retries=0, timeout_s=0.2)
    gate.opened.set()
    assert "silent for 0.2 s" in error.message


def test_an_empty_answer_is_no_data(case: Case) -> None:
    case.script(Reply(b""))
    assert "empty" in case.fails(TransientFetchError, case.download(None)).message
    assert len(case.ranges) == 5
    assert case.fetch(case.download(b"")).size_bytes == 0


# What will not pass


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_refusal_is_final(case: Case, status: int) -> None:
    case.script(Reply(PAGE, status=status, headers={"Content-Type": "text/html"}))
    error = case.fails(TerminalFetchError)
    assert f"HTTP {status}" in error.message
    assert (len(case.ranges), case.waits, case.stored, case.partial) == (1, [], [], [])


@pytest.mark.parametrize(("status", "kept"), [(403, True), (404, False)])
def test_a_partial_file_stays_only_where_resuming_makes_sense(case: Case, status: int, kept: bool) -> None:
    case.script(Reply(DATA, etag='"1"', cut_at=HALF), Reply(status=status))
    case.fails(TerminalFetchError)
    assert case.partial_path.exists() == kept


def test_a_wrong_checksum_is_final_and_not_stored(case: Case) -> None:
    case.script(Reply(OTHER, etag='"1"'))
    error = case.fails(TerminalFetchError)
    assert sha(DATA) in error.message
    assert sha(OTHER) in error.message
    assert (len(case.ranges), case.stored, case.partial) == (1, [], [])


def test_a_wrong_checksum_after_a_resumption_and_after_a_fresh_start(case: Case) -> None:
    case.script(Reply(OTHER, cut_at=HALF), Reply(OTHER))
    error = case.fails(TerminalFetchError)
    assert "wrong checksum" in error.message
    assert case.ranges == [None, f"bytes={HALF}-", None]
    assert (case.stored, case.partial) == ([], [])


def test_a_file_that_never_fits_together_is_given_up(case: Case) -> None:
    cut = Reply(OTHER, etag='"1"', cut_at=HALF)
    case.script(cut, Reply(OTHER, etag='"1"'), cut, Reply(OTHER, etag='"1"'))
    assert "wrong checksum" in case.fails(TerminalFetchError).message
    assert case.ranges == [None, f"bytes={HALF}-"] * 2
    assert (case.stored, case.partial) == ([], [])


def test_a_wrong_announced_size_is_refused_before_the_body(case: Case) -> None:
    case.script(Reply(DATA))
    error = case.fails(TerminalFetchError, case.download(None, size_bytes=1234))
    assert "expected 1,234 bytes, got 300,000" in error.message
    assert (case.stored, case.partial) == ([], [])


@pytest.mark.parametrize("pinned", [100_000, 299_999])
def test_more_than_the_pinned_size_without_an_announcement(case: Case, pinned: int) -> None:
    case.script(Reply(DATA, announce=False))
    error = case.fails(TerminalFetchError, case.download(None, size_bytes=pinned))
    assert "or more" in error.message
    assert (case.stored, case.partial) == ([], [])


def test_less_than_the_pinned_size_without_an_announcement_is_a_lost_connection(case: Case) -> None:
    case.script(Reply(DATA, announce=False, cut_at=HALF), Reply(DATA, announce=False))
    assert case.fetch(case.download(None, size_bytes=len(DATA))).sha256 == sha(DATA)
    assert case.waits == [1.0]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PAGE, "application/octet-stream"),
        (b"\xef\xbb\xbf\n  <HTML lang='en'>", "text/plain"),
        (b"<!-- a note --> <html>", ""),
        (b"Please log in", "text/html; charset=utf-8"),
        (DATA, "Application/XHTML+XML"),
    ],
)
@pytest.mark.parametrize("size_bytes", [None, 300_000])
def test_a_page_instead_of_data(case: Case, body: bytes, content_type: str, size_bytes: int | None) -> None:
    case.script(Reply(body, headers={"Content-Type": content_type}))
    error = case.fails(TerminalFetchError, case.download(None, size_bytes=size_bytes))
    assert "HTML page" in error.message
    assert (len(case.ranges), case.stored, case.partial) == (1, [], [])


def test_a_page_that_arrives_in_pieces(case: Case) -> None:
    case.script(Reply(PAGE, etag='"1"', cut_at=5), Reply(PAGE, etag='"1"'))
    assert "HTML page" in case.fails(TerminalFetchError, case.download(None)).message
    assert case.ranges == [None, "bytes=5-"]


def test_a_page_is_known_before_it_has_all_arrived(case: Case) -> None:
    case.script(Reply(PAGE + DATA, cut_at=HALF))
    assert "HTML page" in case.fails(TerminalFetchError).message
    assert len(case.ranges) == 1


@pytest.mark.parametrize(
    ("name", "body"), [("index.html", PAGE), ("a.xml", b"<?xml version='1.0'?><header/>"), ("a.tsv", b"<5\thtml\n")]
)
def test_what_is_no_wrong_page(case: Case, name: str, body: bytes) -> None:
    content_type = "text/html" if name == "index.html" else "text/xml"
    case.script(Reply(body, headers={"Content-Type": content_type}))
    assert case.fetch(case.download(None, name=name)).path.read_bytes() == body


def test_a_packed_answer_that_nobody_can_check_is_refused(case: Case) -> None:
    case.script(Reply(DATA, headers={"Content-Encoding": "gzip"}))
    error = case.fails(TerminalFetchError, case.download(None, name="genes.tsv"))
    assert "packed" in error.message
    assert case.stored == []


@pytest.mark.parametrize(("announce", "cut_at"), [(True, 0), (False, 200_000)])
def test_too_large(case: Case, announce: bool, cut_at: int) -> None:
    case.script(Reply(DATA, announce=announce, cut_at=cut_at))
    error = case.fails(TerminalFetchError, size_limit_bytes=100_000)
    assert "limit of 100,000 bytes" in error.message
    assert (case.stored, case.partial) == ([], [])


def test_a_pinned_size_over_the_limit_needs_no_request(case: Case) -> None:
    case.fails(TerminalFetchError, case.download(size_bytes=200), size_limit_bytes=100)
    assert case.ranges == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://me:pw@ftp.example.org/a.gz", "https://***@ftp.example.org/a.gz"),
        ("file:///example.org/passwd", "'file'"),
        ("example.org/a", "''"),
    ],
)
def test_other_schemes_are_refused(case: Case, url: str, said: str) -> None:
    error = case.fails(TerminalFetchError, Download(url))
    assert said in str(error)
    assert "pw" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/example.org",
        "http://[me:pw]@[/example.org",
        "http://me:pw@example.org:port/a",
        "http://example.org:99999/a",
        "http:///a",
        "https://",
        "http://exa mple.org/a",
        "http://example.org/a\nb",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(TerminalFetchError, match="not a valid address") as caught:
        Download("https://example.org/a", mirrors=(url,))
    assert "pw" not in str(caught.value)
    assert "\n" not in caught.value.message


def test_an_address_that_the_http_library_refuses(case: Case) -> None:
    error = case.fails(TerminalFetchError, Download("http://me:pw@example.org" + "x" * 70_000))
    assert "not a valid address" in error.message
    assert "pw" not in str(error)


def test_a_pinned_checksum_is_one() -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        Download("http://example.org/a", sha256="abc")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/7/genes%20all.tsv.gz?x=1", "genes all.tsv.gz"),
        ("https://example.org/", "example.org"),
        ("https://example.org/a/..%2Fb", "b"),
    ],
)
def test_the_name_follows_the_address(url: str, name: str) -> None:
    assert Download(url).file_name == name


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_same_server_is_followed(case: Case, status: int) -> None:
    case.server.script(case.path + "2", Reply(DATA))
    case.script(Reply(status=status, headers={"Location": case.path + "2"}))
    assert case.fetch().sha256 == sha(DATA)


def test_a_redirect_is_recorded(case: Case) -> None:
    target = case.server.script(
        case.path + "?token=hidden", Reply(DATA, etag='"1"', cut_at=HALF), Reply(DATA, etag='"1"')
    )
    case.script(Reply(status=302, headers={"Location": target}))
    case.fetch(case.download(None))
    record = json.loads(case.store.address_path(case.download().url).read_text(encoding="utf-8"))
    assert record["redirects"] == [target.replace("hidden", "***")]
    assert case.server.asked(case.path + "?token=hidden")[1].headers["Range"] == f"bytes={HALF}-"


def test_credentials_follow_to_the_same_server_only(case: Case) -> None:
    here = case.path + "-here"
    case.server.script(
        here, Reply(status=302, headers={"Location": case.server.url(case.path + "-there", host="localhost")})
    )
    case.server.script(case.path + "-there", Reply(DATA))
    case.script(Reply(status=302, headers={"Location": here}))
    case.fetch(case.download(url=case.server.url(case.path, userinfo="me:p%40ss@")))
    expected = "Basic bWU6cEBzcw=="
    assert case.server.asked(case.path)[0].headers["Authorization"] == expected
    assert case.server.asked(here)[0].headers["Authorization"] == expected
    assert "Authorization" not in case.server.asked(case.path + "-there")[0].headers


def test_a_redirect_loop_ends(case: Case) -> None:
    case.script(Reply(status=302, headers={"Location": case.path}))
    assert "more than 10 redirects" in case.fails(TerminalFetchError).message
    assert len(case.ranges) == 11


@pytest.mark.parametrize("location", ["ftp://example.org/a", "file:///etc/passwd", ""])
def test_a_redirect_that_leads_nowhere_good(case: Case, location: str) -> None:
    case.script(Reply(status=302, headers={"Location": location}))
    case.fails(TerminalFetchError)
    assert len(case.ranges) == 1


def test_from_http_to_https_and_never_back(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        places = {"/up": "https://example.org/data", "/down": "http://example.org/data"}
        location = places.get(request.url.path)
        if location is None:
            return httpx2.Response(200, stream=httpx2.ByteStream(DATA))
        return httpx2.Response(302, headers={"Location": location})

    monkeypatch.setattr(etl.fetch, "_client", lambda _: httpx2.Client(transport=httpx2.MockTransport(answer)))
    assert case.fetch(Download("http://example.org/up")).sha256 == sha(DATA)
    error = case.fails(TerminalFetchError, Download("https://example.org/down"))
    assert "redirected from https to http://example.org/data" in error.message


# Mirrors


def test_a_mirror_steps_in(case: Case) -> None:
    case.script(Reply(status=404))
    mirror = case.server.script(case.path + "-mirror", Reply(DATA))
    assert case.fetch(case.download(mirrors=(mirror,))).name == "data.tsv.gz"


def test_every_failed_address_is_named(case: Case) -> None:
    case.script(Reply(status=404))
    mirror = case.server.script(case.path + "-mirror", Reply(OTHER))
    error = case.fails(TerminalFetchError, case.download(mirrors=(mirror,)))
    assert "HTTP 404" in error.message
    assert f"{mirror}: wrong checksum" in error.message
    busy = case.server.script(case.path + "-busy", Reply(status=503))
    case.fails(TransientFetchError, case.download(mirrors=(busy,)))


# This machine


def test_too_little_room_is_told_before_the_body(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, etl.fetch.DISK_RESERVE_BYTES + 299_999))
    case.script(Reply(DATA))
    mirror = case.server.script(case.path + "-mirror", Reply(DATA))
    error = case.fails(TerminalFetchError, case.download(mirrors=(mirror,)))
    assert "300,000 bytes to fetch" in error.message
    assert "room" in str(error.hint)
    assert case.server.asked(case.path + "-mirror") == []
    assert (case.stored, case.partial) == ([], [])


def test_a_disk_that_fills_up_keeps_what_arrived(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    case.script(Reply(DATA, etag='"1"'))
    with monkeypatch.context() as patch:
        patch.setattr(SnapshotStore, "add", full)
        with pytest.raises(TerminalFetchError, match="the disk is full"):
            case.fetch()
    assert case.stored == []
    assert case.fetch().path.read_bytes() == DATA
    assert len(case.ranges) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("SSL_CERT_FILE", "/nowhere/certificates.pem"), ("HTTPS_PROXY", "foo://me:topsecret@proxy:1")]
)
def test_network_settings_that_cannot_be_used(
    case: Case, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(TerminalFetchError, match="network settings") as caught:
        case.fetch()
    assert name in str(caught.value.hint)
    assert "topsecret" not in str(caught.value)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be a user whom the permissions of a folder stop."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_store_that_cannot_be_written(case: Case) -> None:
    case.script(Reply(DATA))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with (
            unprivileged(),
            pytest.raises(TerminalFetchError, match="cannot take the file: Permission denied") as caught,
        ):
            fetch(case.download(), SnapshotStore(Path(folder)), backoff=case.backoff)
        Path(folder).chmod(0o755)
    assert folder in caught.value.message
    assert "permissions" in str(caught.value.hint)
    assert case.ranges == []


def test_a_snapshot_of_another_size_than_pinned(case: Case) -> None:
    case.script(Reply(DATA))
    snapshot = case.fetch()
    case.fails(TerminalFetchError, case.download(size_bytes=5))
    snapshot.path.chmod(0o644)
    snapshot.path.write_bytes(DATA[:-1])
    with pytest.raises(SourceError, match="wrong checksum"):
        case.fetch(case.download(size_bytes=len(DATA)))


# Credentials


def test_no_credential_reaches_a_log_a_message_or_a_file(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx2")  # the scheduler quietens it, for the whole process
    query = "?token=topsecret&sig=topsecret"
    target = case.server.script(case.path + query, Reply(DATA, etag='"1"', cut_at=HALF), Reply(DATA, etag='"1"'))
    case.script(Reply(status=302, headers={"Location": target}))
    url = case.server.url(case.path, userinfo="me:topsecret@") + "#topsecret"
    case.fails(TransientFetchError, case.download(None, url=url), retries=0)
    files = [path for path in case.store.root.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert not any(b"topsecret" in path.read_bytes() for path in files)
    case.fetch(case.download(None, url=url))
    case.server.script(case.path + query, Reply(status=404))
    error = case.fails(TerminalFetchError, case.download(OTHER, url=url + "2"))
    assert "topsecret" not in str(error)
    assert "httpx2" in {record.name for record in caplog.records}
    assert "topsecret" not in caplog.text
    assert not any(b"topsecret" in path.read_bytes() for path in case.store.root.rglob("*.json"))


# The documentation


def test_the_messages_of_the_documentation_are_those_of_the_code() -> None:
    root = Path(etl.fetch.__file__).parents[1]
    modules = ("etl/fetch.py", "etl/fetch_errors.py", "etl/snapshots.py", "warehouse/documents/store.py")
    code = "".join((root / name).read_text(encoding="utf-8") for name in modules)
    table = (root / "docs" / "fetching.md").read_text(encoding="utf-8").partition("| message |")[2]
    shown = [text for line in table.splitlines() for text in re.findall(r"`([^`]+)`", line.split(" | ")[0])]
    # What varies is shown as a capital, a number or dots; what stands between has to be in the code.
    pieces = [piece for text in shown for piece in re.split(r"\b[A-Z]\b|\d+|…|\d?xx", text)]
    assert len(shown) > 25
    assert [piece for piece in pieces if piece not in code] == []


# Several processes, killed processes

FETCH = """
import logging, sys
from pathlib import Path
from etl.fetch import Download, fetch
from etl.snapshots import SnapshotStore

logging.basicConfig(level=logging.INFO, stream=sys.stderr)
print(fetch(Download(sys.argv[1], sys.argv[2] or None), SnapshotStore(Path(sys.argv[3]))).path)
"""

Start = Callable[[Download], "subprocess.Popen[str]"]


@pytest.fixture
def start(case: Case) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def start(download: Download) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", FETCH, download.url, download.sha256 or "", str(case.store.root)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("pinned", [True, False])
def test_two_processes_fetch_one_file_once(case: Case, start: Start, pinned: bool) -> None:
    gate = Gate()
    case.script(Reply(DATA, gate=gate, gate_at=131_072))
    download = case.download(DATA if pinned else None)
    first = start(download)
    assert gate.reached.wait(10)
    second = start(download)
    assert second.stderr is not None
    assert "waiting for another process" in second.stderr.readline()
    gate.opened.set()
    paths = [process.communicate(timeout=20)[0].strip() for process in (first, second)]
    assert paths == [str(case.store.path_of(sha(DATA)))] * 2
    assert len(case.ranges) == 1
    assert (case.stored, case.partial) == ([sha(DATA)], [])


@pytest.mark.parametrize("pinned", [True, False])
def test_a_killed_fetch_is_resumed(case: Case, start: Start, pinned: bool) -> None:
    gate = Gate()
    # Less than any buffer holds: it has to be in the file all the same.
    case.script(Reply(DATA, etag='"1"', gate=gate, gate_at=3_000, piece=1000), Reply(DATA, etag='"1"'))
    download = case.download(DATA if pinned else None)
    process = start(download)
    assert gate.reached.wait(10)
    wait_until(lambda: case.partial_path.exists() and case.partial_path.stat().st_size == 3_000)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    gate.opened.set()
    assert case.stored == []
    assert case.fetch(download).path.read_bytes() == DATA
    assert case.ranges == [None, "bytes=3000-"]
    assert case.partial == []


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
