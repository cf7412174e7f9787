"""What may be passed on, as a build of its own: equal to one that never heard of the closed sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import SmallBuild, stated
from warehouse.errors import TargetGraphError
from warehouse.export import export
from warehouse.export.redistributable import redistributable
from warehouse.home import Build, Home
from warehouse.licences import conditions, may_be_passed_on
from warehouse.model import MODEL

_BARRED = "TRANSFAC: not redistributable"


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        *(("CC0-1.0", True), ("CC BY 4.0", True), ("CC BY-SA 3.0", True), ("CC BY-NC 4.0", True), ("ODbL 1.0", True)),
        *(("public domain", True), ("CC BY-ND 4.0", False), ("CC BY-NC-ND 4.0", False), (_BARRED, False)),
        *(("must not be redistributed", False), ("proprietary", False), ("ask us", False), ("", False)),
    ],
)
def test_a_licence_that_is_not_understood_allows_nothing(licence: str, allowed: bool) -> None:
    assert may_be_passed_on(licence) is allowed


def test_a_licence_tells_what_it_asks_for() -> None:
    assert conditions("CC BY-NC-SA 4.0") == ["not for commercial use", "under the same licence", "with attribution"]
    assert conditions("CC0-1.0") == []


def _speak(small: SmallBuild, *, closed: bool) -> Build:
    """Three sources of which one, of the best rank, may not be passed on, and single statements that may not."""
    if closed:
        small.say(
            "closed",
            stated(
                "Gene",
                {"id": "hgnc:1", "symbol": "AAA", "name": "the closed name", "aliases": ["SECRET"]},
                {"id": "hgnc:3", "symbol": "CCC", "identifiers": ["ncbigene:9"]},
            ),
            stated(
                "INTERACTS_WITH",
                {"subject": "hgnc:1", "object": "hgnc:2", "pubmed_ids": ["1", "2"], "evidence": "measured"},
                {"subject": "hgnc:1", "object": "hgnc:3", "evidence": "asserted"},
            ),
            rank=10,
        )
        small.writer.connection.execute("UPDATE record.sources SET redistributable = false WHERE source = 'closed'")
    small.say(
        "open",
        stated(
            "Gene",
            {"id": "hgnc:1", "symbol": "AAA", "name": "the open name"},
            {"id": "hgnc:2", "symbol": "BBB", "name": None},
            {"id": "ncbigene:9", "symbol": "CCC", "name": None},
        ),
        stated("INTERACTS_WITH", subject="hgnc:2", object="hgnc:1", pubmed_ids=["2", "3"], evidence="asserted"),
        rank=20,
    )
    statements = [{"subject": "hgnc:2", "object": "hgnc:1", "licences": ["CC BY-NC 4.0"], "evidence": "asserted"}]
    if closed:
        statements += [
            {"subject": "hgnc:1", "object": "hgnc:2", "licences": [_BARRED], "evidence": "asserted"},
            {"subject": "hgnc:1", "object": "hgnc:1", "licences": ["CC0", _BARRED], "evidence": "asserted"},
        ]
    small.say("mixed", stated("CONTROLS_EXPRESSION_OF", *statements), rank=30)
    small.finish()
    counts = json.dumps({"content_hash": "x", "sources": [], "counts": {}})
    return small.close(counts)


def test_it_equals_a_build_without_what_is_closed(new_small: Callable[[], SmallBuild], tmp_path: Path) -> None:
    whole, wanted = _speak(new_small(), closed=True), _speak(new_small(), closed=False)
    hashes = "SELECT * FROM record.fingerprints WHERE table_name LIKE 'resolved.%' ORDER BY ALL"
    from warehouse.tables.schema import open_aside

    with open_aside(wanted) as connection:
        expected = connection.execute(hashes).fetchall()
    before = whole.database.read_bytes()
    with redistributable(whole, tmp_path, MODEL) as (connection, left_out):
        assert connection.execute(hashes).fetchall() == expected
        genes = connection.execute("SELECT id, name, sources FROM main.gene ORDER BY id").fetchall()
        edges = connection.execute("SELECT subject, object, pubmed_ids, evidence, sources FROM main.interacts_with")
        assert genes == [
            ("hgnc:1", "the open name", ["open"]),
            ("hgnc:2", None, ["open"]),
            ("ncbigene:9", None, ["open"]),
        ]
        assert edges.fetchall() == [("hgnc:1", "hgnc:2", ["2", "3"], "asserted", ["open"])]
        disputed = connection.execute("SELECT count(*) FROM main.disputed_value").fetchall()
        assert disputed == [(0,)]
    assert whole.database.read_bytes() == before
    assert left_out.sources == [
        {
            "source": "closed",
            "title": "Closed",
            "licence": "CC0-1.0",
            "statements": {"Gene": 2, "INTERACTS_WITH": 2},
        }
    ]
    assert left_out.statements == [
        {"source": "mixed", "type": "CONTROLS_EXPRESSION_OF", "licence": "CC0", "statements": 1},
        {"source": "mixed", "type": "CONTROLS_EXPRESSION_OF", "licence": _BARRED, "statements": 2},
    ]
    assert [(one["licence"], one["conditions"]) for one in left_out.kept_licences] == [
        ("CC BY-NC 4.0", ["not for commercial use", "with attribution"])
    ]
    assert left_out.types["INTERACTS_WITH"] == {"build": 2, "written": 1}
    assert left_out.types["CONTROLS_EXPRESSION_OF"] == {"build": 3, "written": 1}
    assert left_out.narrowed == {"INTERACTS_WITH": 1}
    assert not list(tmp_path.glob(".redistributable-*")), "nothing is left behind"


def test_no_closed_word_is_in_any_file(new_small: Callable[[], SmallBuild], tmp_path: Path) -> None:
    build = _speak(new_small(), closed=True)
    for file_format in ("csv", "kgx", "graphml", "cx2", "neo4j"):
        *files, manifest = export(build, tmp_path / file_format, file_format, redistributable=True)
        told = json.loads(manifest.read_text())
        assert told["redistributable"] is True
        assert [one["source"] for one in told["sources"]] == ["mixed", "open"]
        assert [one["source"] for one in told["left_out"]["sources"]] == ["closed"]
        for path in files:
            text = path.read_text()
            assert not {"closed", "SECRET", _BARRED} & {word for word in ("closed", "SECRET", _BARRED) if word in text}
        whole = export(build, tmp_path / f"{file_format}-whole", file_format)
        assert any("SECRET" in path.read_text() for path in whole)


def test_the_sample_without_its_closed_sources(sample_home: Home, tmp_path: Path) -> None:
    *_files, manifest = export(
        sample_home.current(), tmp_path / "out", tables=["gene", "sources"], redistributable=True
    )
    told = json.loads(manifest.read_text())
    closed = {one["source"] for one in told["left_out"]["sources"]}
    assert {"pathway_commons", "tcga_molecular"} <= closed
    assert not closed & set(pl.read_parquet(tmp_path / "out" / "sources.parquet")["source"])
    assert not closed & set(pl.read_parquet(tmp_path / "out" / "gene.parquet")["sources"].explode())


def test_no_room_is_told(sample_home: Home, tmp_path: Path) -> None:
    with (
        pytest.raises(TargetGraphError, match="cannot be set apart"),
        redistributable(sample_home.current(), tmp_path / "nowhere", MODEL),
    ):
        pass
