"""The order of relationships by evidence: the same from Cypher and from a frame, and total."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import SmallBuild, stated
from warehouse.analyst.evidence import KINDS, RANKED_BY, ranked, strongest_first
from warehouse.model import MODEL
from warehouse.warehouse import Warehouse

_rows = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abc"), max_size=3, unique=True) | st.none(),
        st.integers(0, 3) | st.none(),
        st.sampled_from([*KINDS, None]),
        st.sampled_from("xyz"),
    ),
    max_size=20,
)


def _key(row: tuple[list[str] | None, int | None, str | None, str]) -> tuple[int, int, int, str]:
    sources, publications, evidence, name = row
    return -len(sources or []), -(publications or 0), [*KINDS, None].index(evidence), name


@settings(max_examples=60)
@given(_rows)
def test_a_frame_is_ranked_as_python_ranks(rows: list[tuple[list[str] | None, int | None, str | None, str]]) -> None:
    schema: dict[str, Any] = {
        "sources": pl.List(pl.String),
        "publications": pl.Int64,
        "evidence": pl.String,
        "name": pl.String,
    }
    frame = ranked(pl.DataFrame(rows, schema=schema, orient="row"), "name")
    assert [_key(row) for row in frame.rows()] == sorted(_key(row) for row in rows)


def test_every_kind_of_evidence_of_the_model_has_its_place() -> None:
    declared = next(one for one in MODEL.relationships["BINDS"].shown if one.name == "evidence")
    assert set(declared.values) == set(KINDS)
    assert "sources, then publications, then kind of evidence (measured, asserted, predicted), then name" in RANKED_BY


def test_cypher_ranks_in_the_same_way(small: SmallBuild) -> None:
    genes = [{"id": f"hgnc:{n}", "symbol": f"G{n}", "aliases": [], "previous_symbols": []} for n in range(1, 7)]
    small.say("hgnc", stated("Gene", *genes), rank=1)

    def bind(number: int, papers: list[str], evidence: str = "asserted") -> dict[str, object]:
        subject, object_ = "drugbank:DB1", f"hgnc:{number}"
        return {"subject": subject, "object": object_, "evidence": evidence, "pubmed_ids": papers}

    small.say("b", stated("Drug", id="drugbank:DB1", name="d"))
    small.say("b", stated("BINDS", bind(1, []), bind(2, ["1", "2"]), bind(3, ["1"]), bind(6, [], "measured")))
    small.say("b", stated("BINDS", bind(5, [])))
    small.say("c", stated("BINDS", bind(4, [])))
    small.say("b", stated("BINDS", bind(4, [])))
    content_hash = small.finish().content_hash
    text = f"MATCH (:Drug)-[r:BINDS]->(g:Gene) RETURN g.symbol AS symbol ORDER BY {strongest_first('r')}, symbol"
    with Warehouse(small.close(f'{{"content_hash": "{content_hash}", "sources": [], "counts": {{}}}}')) as warehouse:
        assert [row[0] for row in warehouse.query(text).rows()] == ["G4", "G2", "G3", "G6", "G1", "G5"]
