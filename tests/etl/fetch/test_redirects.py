"""Redirects, mirrors, and credentials that go no further than they may."""

from __future__ import annotations

import json
import logging

import httpx2
import pytest

from etl.fetching import fetch as fetching
from etl.fetching.fetch import Download
from tests.etl.fetch.cases import DATA, HALF, OTHER, Case, sha
from tests.etl.http_server import Reply
from warehouse.errors import TerminalFetchError, TransientFetchError

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

    monkeypatch.setattr(fetching, "client_of", lambda _: httpx2.Client(transport=httpx2.MockTransport(answer)))
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
