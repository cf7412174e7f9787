"""What will not pass is refused at once, and nothing of it is stored."""

from __future__ import annotations

import pytest

from etl.fetching.fetch import Download
from tests.etl.fetch.cases import DATA, HALF, OTHER, PAGE, Case, sha
from tests.etl.http_server import Reply
from warehouse.errors import TerminalFetchError


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
