"""What was cut off is resumed, and nothing is put together from two files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.fetching import fetch as fetching
from etl.fetching.fetch import Backoff, Download, fetch
from etl.fetching.snapshots import SnapshotStore
from tests.etl.fetch.cases import DATA, HALF, OTHER, Case, sha
from tests.etl.http_server import Reply, Server
from warehouse.errors import TransientFetchError


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
    monkeypatch.setattr(fetching, "PROGRESS_BYTES", 40_000)
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
