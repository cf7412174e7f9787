"""What may pass is tried again: busy, broken and silent servers, and how long it is waited."""

from __future__ import annotations

import socket
import time
from email.utils import formatdate

import pytest

from etl.fetching.fetch import BACKOFF, Backoff, Download
from tests.etl.fetch.cases import DATA, HALF, PAGE, Case, sha
from tests.etl.http_server import Gate, Reply
from warehouse.errors import TransientFetchError


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
