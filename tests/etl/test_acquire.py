"""Builds from the network: a source's pinned files fetched from a server of our own."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from etl.build import Plan, build
from etl.source import Remote, Source, source
from tests.etl.http_server import Reply, Server, running_server
from warehouse.errors import FetchError, NotPublishedError, SourceError
from warehouse.home import Home
from warehouse.warehouse import Warehouse

_PATHWAYS = b"R-HSA-1\tOne\tHomo sapiens\nR-HSA-2\tTwo\tHomo sapiens\nR-MMU-1\tOne\tMus musculus\n"
_HIERARCHY = b"R-HSA-1\tR-HSA-2\n"


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server on the loopback address."""
    with running_server() as running:
        yield running


def _published(server: Server, hierarchy: Reply | None = None, sha256: str | None = None) -> Source:
    """Reactome with two files, as if its addresses were on our server."""
    reactome = source("reactome")
    packed = gzip.compress(_PATHWAYS, mtime=0)
    pathways = Remote(
        server.script("/94/ReactomePathways.txt.gz", Reply(body=packed)),
        "94",
        sha256=sha256 or hashlib.sha256(packed).hexdigest(),
        size_bytes=len(packed),
        rows=3,
    )
    parts = [replace(reactome.part("pathways"), remote=pathways)]
    if hierarchy is not None:
        remote = Remote(server.script("/94/ReactomePathwaysRelation.txt", hierarchy), "94", rows=1)
        parts.append(replace(reactome.part("hierarchy"), remote=remote, required=False))
    return replace(reactome, files=tuple(parts))


def _build(
    monkeypatch: pytest.MonkeyPatch, home: Home, declared: Source, *, offline: bool = False, strict: bool = False
) -> None:
    monkeypatch.setattr("etl.build.source", lambda name: declared)
    build(home, Plan(only=("reactome",), offline=offline, strict=strict, threads=1))


def test_a_fetched_release_is_built_and_fetched_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    declared = _published(server, Reply(body=_HIERARCHY))
    _build(monkeypatch, home, declared)
    with Warehouse.open(tmp_path) as warehouse:
        told = warehouse.sql("SELECT part, release, url FROM releases ORDER BY part").rows()
        assert [row[:2] for row in told] == [("hierarchy", "94"), ("pathways", "94")]
        assert all(url.startswith("http://127.0.0.1") for _part, _release, url in told)
        assert warehouse.query("MATCH (a:Pathway)-[:PART_OF]->(b:Pathway) RETURN a.id, b.id").rows() == [
            ("reactome:R-HSA-2", "reactome:R-HSA-1")
        ]
    asked = len(server.asked("/94/ReactomePathways.txt.gz"))
    _build(monkeypatch, home, declared, offline=True)
    assert len(server.asked("/94/ReactomePathways.txt.gz")) == asked == 1


def test_an_optional_file_that_is_not_published_is_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    _build(monkeypatch, home, _published(server, Reply(status=404)))
    missing = home.current().receipt()["sources"][0]["missing"]
    assert len(missing) == 1
    assert missing[0].startswith("hierarchy (")
    assert "HTTP 404" in missing[0]


def test_an_optional_file_that_arrives_wrong_is_set_aside_or_stops_a_strict_build(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Reply(body=b"<!DOCTYPE html><html>sorry</html>", headers={"Content-Type": "text/html"})
    with pytest.raises(FetchError, match="got an HTML page"):
        _build(monkeypatch, Home(tmp_path), _published(server, page), strict=True)
    assert Home(tmp_path).builds() == []
    _build(monkeypatch, Home(tmp_path), _published(server, page))
    pathways, hierarchy = Home(tmp_path).current().receipt()["sources"][0]["files"]
    assert (pathways["status"], pathways["rows_kept"]) == ("green", 2)
    assert (hierarchy["status"], hierarchy["file"]) == ("failed", "ReactomePathwaysRelation.txt")
    assert "got an HTML page" in hierarchy["failure"]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (lambda server: _published(server, sha256="0" * 64), "wrong checksum"),
        (
            lambda server: replace(
                _published(server), files=(replace(source("reactome").part("pathways"), remote=None),)
            ),
            "no file that can be fetched",
        ),
    ],
)
def test_a_failed_fetch_leaves_the_current_build(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: object, message: str
) -> None:
    home = Home(tmp_path)
    _build(monkeypatch, home, _published(server))
    before = home.current()
    broken = declared(server)  # type: ignore[operator]
    if "checksum" in message:
        changed = replace(
            broken.files[0].remote, url=server.script("/95/x.txt", Reply(body=_PATHWAYS)), size_bytes=None
        )
        broken = replace(broken, files=(replace(broken.files[0], remote=changed),))
    with pytest.raises(SourceError, match=message):
        _build(monkeypatch, home, broken)
    assert home.current() == before


def test_a_required_file_that_is_not_published_stops_the_build(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = _published(server)
    gone = replace(declared.files[0], remote=Remote(server.script("/gone.txt", Reply(status=410)), "94"))
    with pytest.raises(NotPublishedError, match="HTTP 410"):
        _build(monkeypatch, Home(tmp_path), replace(declared, files=(gone,)))


@pytest.mark.parametrize("fault", ["", "checksum", "size"])
def test_a_second_hand_pin_is_verified_at_the_first_fetch(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Where it holds, the receipt says so; where not, the file is set aside and the message says what may be wrong."""
    declared = _published(server, Reply(body=_HIERARCHY))
    pathways, hierarchy = declared.files
    assert hierarchy.remote is not None
    sha256 = "0" * 64 if fault == "checksum" else hashlib.sha256(_HIERARCHY).hexdigest()
    size_bytes = len(_HIERARCHY) + (fault == "size")
    remote = replace(hierarchy.remote, sha256=sha256, size_bytes=size_bytes, second_hand=True)
    _build(monkeypatch, Home(tmp_path), replace(declared, files=(pathways, replace(hierarchy, remote=remote))))
    (account,) = Home(tmp_path).current().receipt()["sources"]
    _pathways, file = account["files"]
    if fault:
        assert (account["status"], file["status"]) == ("failed", "failed")
        assert f"wrong {fault}" in file["failure"]
        assert "that pin is second-hand and was never verified" in file["failure"]
    else:
        assert (account["status"], file["status"]) == ("green", "green")
        assert file["notes"] == ["The pinned checksum was second-hand; the first fetch verified it."]
