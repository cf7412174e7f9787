"""Newer releases: found in the publisher's listing, built aside, compared, and published or held.

A server of our own publishes two releases of Reactome.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from etl.build import Plan, build
from etl.freshness import adopted_releases, at_release, freshness
from etl.listings import Frozen, Listing, Modified, are_comparable, release_order
from etl.locate import remotes
from etl.source import Remote, Source, source, sources
from etl.update import Update, UpdateLimits, losses, publish_held, update, updated, with_causes
from targetgraph.cli import app
from tests.etl.http_server import Reply, Server, running_server
from warehouse.candidates import candidate
from warehouse.diff import Difference
from warehouse.errors import BuildError, SourceError
from warehouse.health.troubles import troubles
from warehouse.home import Home
from warehouse.warehouse import Warehouse

_OLD = 40
_VERSION = "/version"
_PLAN = Plan(only=("reactome",), threads=1)


def _pathways(count: int, name: str = "Pathway") -> bytes:
    return b"".join(b"R-HSA-%d\t%s %d\tHomo sapiens\n" % (n, name.encode(), n) for n in range(1, count + 1))


def _hierarchy(count: int) -> bytes:
    return b"".join(b"R-HSA-1\tR-HSA-%d\n" % n for n in range(2, count + 1))


@dataclass
class Publisher:
    """Reactome on a server of our own, and a warehouse with its release 94."""

    server: Server
    home: Home
    declared: Source

    def publish(self, release: str, pathways: Reply, hierarchy: Reply) -> None:
        """Publish the files of a release, and list it."""
        self.server.script(f"/{release}/ReactomePathways.txt", pathways)
        self.server.script(f"/{release}/ReactomePathwaysRelation.txt", hierarchy)
        self.server.script(_VERSION, Reply(body=f"{release}\n".encode()))

    def names(self) -> list[str]:
        """The names of the pathways in the current build."""
        with Warehouse(self.home.current()) as warehouse:
            return [name for (name,) in warehouse.sql("SELECT name FROM pathway ORDER BY id").rows()]


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    with running_server() as server:
        reactome = source("reactome")
        files = [
            replace(
                reactome.part(part), remote=Remote(server.url(f"/94/{name}.txt"), "94"), required=part == "pathways"
            )
            for part, name in (("pathways", "ReactomePathways"), ("hierarchy", "ReactomePathwaysRelation"))
        ]
        listing = Listing(server.url(_VERSION), r"\A\s*(?P<release>\d+)\s*\Z", server.url("/{release}/"))
        made = Publisher(server, Home(tmp_path / "home"), replace(reactome, files=tuple(files), listing=listing))
        for module in ("etl.build", "etl.update"):
            monkeypatch.setattr(f"{module}.source", lambda _name: made.declared)
        made.publish("94", Reply(body=_pathways(_OLD)), Reply(body=_hierarchy(_OLD)))
        build(made.home, _PLAN)
        yield made


def test_nothing_is_newer(publisher: Publisher) -> None:
    before = publisher.home.current()
    made = update(publisher.home, _PLAN)
    assert [(one.state, one.in_build, one.published) for one in made.asked] == [("current", "94", "94")]
    assert (made.published, made.held, made.failed) == (None, None, ())
    assert publisher.home.current() == before


def test_a_newer_release_is_built_compared_and_published(publisher: Publisher) -> None:
    publisher.publish("100", Reply(body=_pathways(_OLD + 2)), Reply(body=_hierarchy(_OLD + 2)))
    asked = freshness(publisher.home, [publisher.declared])
    assert [(one.state, one.in_build, one.published) for one in asked] == [("newer", "94", "100")]
    before = publisher.home.current()
    made = update(publisher.home, _PLAN)
    assert made.published == publisher.home.current() != before
    assert made.changes is not None
    rows = {row["type"]: row for row in made.changes.iter_rows(named=True)}
    assert (rows["Pathway"]["added"], rows["Pathway"]["removed"]) == (2, 0)
    assert {row["cause"] for row in rows.values()} == {"source 94 → 100"}
    with Warehouse(publisher.home.current()) as warehouse:
        assert warehouse.sql("SELECT DISTINCT release FROM releases").rows() == [("100",)]
    assert troubles(publisher.home) == []


def test_what_was_adopted_is_built_from_then_on(publisher: Publisher) -> None:
    publisher.publish("95", Reply(body=_pathways(_OLD, "New")), Reply(body=_hierarchy(_OLD)))
    update(publisher.home, _PLAN)
    assert adopted_releases(publisher.home) == {"reactome": "95"}
    # What the address gives later must be what it gave at first.
    build(publisher.home, replace(_PLAN, offline=True))
    assert publisher.names()[0] == "New 1"
    publisher.declared = replace(publisher.declared, listing=None)
    build(publisher.home, replace(_PLAN, offline=True))
    assert publisher.names()[0] == "Pathway 1"


def test_an_update_that_loses_much_waits_and_is_published(publisher: Publisher) -> None:
    publisher.publish("95", Reply(body=_pathways(_OLD // 2)), Reply(body=_hierarchy(_OLD // 2)))
    before = publisher.home.current()
    made = update(publisher.home, _PLAN)
    assert publisher.home.current() == before
    assert len(publisher.names()) == _OLD
    assert made.held is not None
    assert made.published is None
    assert "reactome no longer states 20 of 40 rows of Pathway." in made.held.reasons
    assert "20 of 40 entities of type Pathway are gone." in made.held.reasons
    assert any("waits to be published (reactome 95)" in one for one in troubles(publisher.home))
    assert adopted_releases(publisher.home) == {}
    assert publish_held(publisher.home, keep=2) == publisher.home.current()
    assert len(publisher.names()) == _OLD // 2
    assert adopted_releases(publisher.home) == {"reactome": "95"}
    assert candidate(publisher.home) is None
    assert troubles(publisher.home) == []


def test_the_limits_decide(publisher: Publisher) -> None:
    publisher.publish("95", Reply(body=_pathways(_OLD // 2)), Reply(body=_hierarchy(_OLD // 2)))
    made = update(publisher.home, _PLAN, UpdateLimits(rows_lost=0.6, entities_vanished=0.5))
    assert made.held is None
    assert made.published == publisher.home.current()


def test_a_later_update_takes_the_place_of_the_one_that_waits(publisher: Publisher) -> None:
    publisher.publish("95", Reply(body=_pathways(5)), Reply(body=_hierarchy(5)))
    update(publisher.home, _PLAN)
    publisher.publish("96", Reply(body=_pathways(_OLD)), Reply(body=_hierarchy(_OLD)))
    made = update(publisher.home, _PLAN)
    assert made.published is not None
    assert candidate(publisher.home) is None
    assert adopted_releases(publisher.home) == {"reactome": "96"}


def test_a_candidate_of_an_older_build_is_not_published(publisher: Publisher) -> None:
    publisher.publish("95", Reply(body=_pathways(5)), Reply(body=_hierarchy(5)))
    update(publisher.home, _PLAN)
    build(publisher.home, replace(_PLAN, offline=True))
    with pytest.raises(BuildError, match="is current now"):
        publish_held(publisher.home, keep=2)
    assert candidate(publisher.home) is not None


@pytest.mark.parametrize(
    ("pathways", "words"),
    [
        (Reply(status=404), "ReactomePathways"),
        (Reply(body=b"<!DOCTYPE html><html>Moved</html>"), "ReactomePathways"),
        (Reply(body=b"broken\n" * 30), "ReactomePathways"),
    ],
    ids=["not published", "a page", "another layout"],
)
def test_a_release_that_cannot_be_read_changes_nothing(publisher: Publisher, pathways: Reply, words: str) -> None:
    publisher.publish("95", pathways, Reply(body=_hierarchy(_OLD)))
    before = publisher.home.current()
    with pytest.raises(SourceError, match=words):
        update(publisher.home, _PLAN)
    assert publisher.home.current() == before
    assert len(publisher.names()) == _OLD
    assert adopted_releases(publisher.home) == {}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(status=404), "404"),
        (Reply(body=b"<html>welcome</html>"), "names no release"),
        (Reply(), "names no release"),
    ],
    ids=["gone", "a page", "empty"],
)
def test_a_publisher_that_cannot_be_asked_is_named(publisher: Publisher, answer: Reply, words: str) -> None:
    publisher.server.script(_VERSION, answer)
    before = publisher.home.current()
    made = update(publisher.home, _PLAN)
    assert [one.state for one in made.asked] == ["unknown"]
    assert len(made.failed) == 1
    assert words in made.failed[0]
    assert publisher.home.current() == before
    with pytest.raises(BuildError, match="reactome"):
        updated(publisher.home, _PLAN)


def test_a_schedule_hears_of_an_update_that_waits(publisher: Publisher) -> None:
    assert updated(publisher.home, _PLAN) == publisher.home.current()
    publisher.publish("95", Reply(body=_pathways(5)), Reply(body=_hierarchy(5)))
    with pytest.raises(BuildError, match="waits to be published"):
        updated(publisher.home, _PLAN)


def test_a_file_whose_address_stays_is_newer_when_its_server_changed_it(publisher: Publisher) -> None:
    publisher.declared = replace(
        publisher.declared,
        listing=Modified("pathways"),
        files=tuple(
            replace(part, remote=replace(part.remote, release="current"))
            for part in publisher.declared.files
            if part.remote is not None
        ),
    )
    build(publisher.home, _PLAN)
    assert [one.state for one in freshness(publisher.home, [publisher.declared])] == ["unknown"]
    for day, state in ((datetime(2020, 2, 3, tzinfo=UTC), "current"), (datetime(2090, 2, 3, tzinfo=UTC), "newer")):
        reply = Reply(body=_pathways(_OLD, "Changed"), last_modified=format_datetime(day, usegmt=True))
        publisher.server.script("/94/ReactomePathways.txt", reply)
        assert [one.state for one in freshness(publisher.home, [publisher.declared])] == [state]
    assert update(publisher.home, _PLAN).published is not None
    assert publisher.names()[0] == "Changed 1"
    assert adopted_releases(publisher.home) == {"reactome": "2090-02-03"}
    assert [one.state for one in freshness(publisher.home, [publisher.declared])] == ["current"]


def _run(publisher: Publisher, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(publisher.home.root)])


def test_the_verb(publisher: Publisher) -> None:
    result = _run(publisher, "update", "--source", "reactome")
    assert (result.exit_code, "Nothing newer was found." in result.stderr) == (0, True)
    publisher.publish("95", Reply(body=_pathways(5)), Reply(body=_hierarchy(5)))
    held = _run(publisher, "update", "--source", "reactome")
    assert held.exit_code == 1
    assert "targetgraph update --publish" in held.stderr
    shown = _run(publisher, "update", "--show", "-f", "csv")
    assert shown.exit_code == 0
    assert "source 94 → 95" in shown.stdout
    assert _run(publisher, "update", "--discard").exit_code == 0
    assert isinstance(_run(publisher, "update", "--show").exception, BuildError)
    assert isinstance(_run(publisher, "update", "--publish").exception, BuildError)
    assert _run(publisher, "update", "--show", "--publish").exit_code == 2
    let = _run(publisher, "update", "--source", "reactome", "--rows-lost", "1", "--entities-vanished", "1")
    assert (let.exit_code, len(publisher.names())) == (0, 5)


def _receipt(mapping: str = "m", code: str = "c", sha256: str = "s", release: str = "1") -> dict[str, Any]:
    files = [{"part": "p", "sha256": sha256, "release": release}]
    return {"code": code, "sources": [{"source": "a", "mapping": mapping, "files": files}]}


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        (_receipt(sha256="t", release="2"), "source 1 → 2"),
        (_receipt(mapping="n"), "mapping"),
        (_receipt(code="d"), "code"),
        (_receipt(mapping="n", sha256="t"), "source 1 → 1; mapping"),
        (_receipt(), "identifiers of other sources"),
        ({"code": "c", "sources": []}, "source is gone"),
    ],
)
def test_the_cause_of_a_change(after: dict[str, Any], cause: str) -> None:
    changes = pl.DataFrame({"type": ["T"], "source": ["a"]})
    assert with_causes(changes, _receipt(), after)["cause"].to_list() == [cause]


@given(st.integers(0, 1000), st.integers(1, 1000), st.floats(0, 1))
def test_losses_are_named_where_they_are_more_than_the_limit(removed: int, before: int, limit: float) -> None:
    removed = min(removed, before)
    row = {"type": "Pathway", "source": "a", "before": before, "removed": removed}
    rows = pl.DataFrame({"type": [], "change": []}, schema={"type": pl.String, "change": pl.String})
    found = Difference(by_source=pl.DataFrame([row]), rows=rows)
    named = losses(found, {"Pathway": before}, UpdateLimits(limit, 1))
    assert len(named) == (removed >= 10 and removed > limit * before)


def test_every_source_that_is_fetched_says_where_newer_releases_are() -> None:
    for name, declared in sources().items():
        if not declared.is_public:
            continue
        assert bool(remotes(declared)) == (declared.listing is not None), name
        if isinstance(declared.listing, Listing):
            newer = at_release(declared, "9999-12-31", anew=True)
            moved = [remote for _part, remote in remotes(newer) if remote.release == "9999-12-31"]
            assert moved, f"{name}: its prefix fits no address of its files"
            assert all(remote.sha256 is None for remote in moved), name
            assert declared.listing.url.startswith("https://")


@pytest.mark.parametrize(
    ("name", "text", "newest"),
    [
        ("reactome", "97\n", "97"),
        ("hgnc", '"hgnc/a/hgnc_complete_set_2025-10-07.txt" "x/hgnc_complete_set_2026-01-06.txt"', "2026-01-06"),
        ("pdb", "<Prefix>20250101/</Prefix><Prefix>20260101/</Prefix><Prefix>pub/</Prefix>", "2026-01-01"),
        ("pathway_commons", '<a href="v9/">v9/</a> <a href="v14/">v14/</a> <a href="current/">', "v14"),
        ("dgidb", '[{"tag_name": "2026-06b"}, {"tag_name": "2026-06"}, {"tag_name": "2025-12"}]', "2026-06b"),
    ],
)
def test_the_newest_release_of_a_listing(name: str, text: str, newest: str) -> None:
    listing = source(name).listing
    assert isinstance(listing, Listing)
    assert listing.newest(text) == newest
    assert listing.newest("") is None


def test_the_order_of_releases() -> None:
    assert sorted(["v12", "v9", "v100"], key=release_order) == ["v9", "v12", "v100"]
    assert are_comparable("94", "100")
    assert are_comparable("2026-06", "2026-06b")
    assert not are_comparable("current", "2026-01-01")
    assert not are_comparable("v12", "2019-09")


def test_a_frozen_source_is_not_asked(publisher: Publisher) -> None:
    declared = replace(publisher.declared, listing=Frozen("It is final."))
    asked = len(publisher.server.requests)
    assert [(one.state, one.detail) for one in freshness(publisher.home, [declared])] == [("frozen", "It is final.")]
    assert len(publisher.server.requests) == asked


def test_an_update_without_a_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError):
        update(Home(tmp_path), Plan())
    assert Update(()).published is None
