"""The neighbours of some entities, read from the graph, and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboards.parts.network import MOST_NODES, Edge, Node
from dashboards.parts.text import plain
from warehouse.answer import to_polars
from warehouse.model import FULL_MODEL

if TYPE_CHECKING:
    from dashboards.page import View
    from warehouse.home import Build
    from warehouse.warehouse import Warehouse

_COLUMNS: dict[str, Any] = {
    "subject": pl.String,
    "type": pl.String,
    "object": pl.String,
    "centre": pl.String,
    "other": pl.String,
    "other_name": pl.String,
    "other_type": pl.String,
    "sources": pl.List(pl.String),
    "evidence": pl.String,
}
_ENDS = ["subject", "type", "object"]
_MOST_RELATIONSHIPS = 100_000
_MOST_EDGES = 4 * MOST_NODES


@dataclass(frozen=True)
class Centre:
    """An entity whose neighbours are drawn."""

    id: str
    type: str
    name: str


def centres_of(view: View, ids: Sequence[str]) -> list[Centre]:
    """The entities of some identifiers, each once; a caution names those that the build does not have."""
    known = {
        row[0]: Centre(*row)
        for row in view.sql(
            """SELECT e.id, e.type, coalesce(g.symbol, e.name, e.id) FROM entities AS e LEFT JOIN gene AS g USING (id)
            WHERE e.id IN (SELECT unnest($ids::VARCHAR[]))""",
            ids=list(ids),
        ).rows()
    }
    unknown = [one for one in ids if one not in known]
    if unknown:
        st.warning(f"This build has no entity {plain(', '.join(unknown))}.", icon=":material/search_off:")
    return [known[one] for one in dict.fromkeys(ids) if one in known]


def neighbours(view: View, centres: Sequence[Centre]) -> pl.DataFrame:
    """Every relationship of the centres; kept, since filters are tried one after the other."""
    return _read(view.warehouse, view.warehouse.build, tuple(centres))


@st.cache_resource(max_entries=64, show_spinner="Reading the neighbours ...")
def _read(_warehouse: Warehouse, build: Build, centres: tuple[Centre, ...]) -> pl.DataFrame:
    limits = replace(_warehouse.limits, rows=_MOST_RELATIONSHIPS)
    frames = []
    for label in sorted({centre.type for centre in centres}):
        ids = [centre.id for centre in centres if centre.type == label]
        # Which end is the first is asked as a yes or no: the ids of both ends would be looked up among all entities.
        text = f"""MATCH (n:{label})-[r]-(x) WHERE n.id IN $ids
            RETURN startNode(r) = n AS first, type(r) AS type, n.id AS centre, x.id AS other,
                coalesce(x.symbol, x.name) AS other_name, labels(x)[0] AS other_type,
                r.sources AS sources, r.evidence AS evidence"""
        frames.append(_with_ends(to_polars(_warehouse.query(text, {"ids": ids}, limits=limits).table)))
    both = pl.concat(frames).sort(
        pl.col("sources").list.len().fill_null(0), "other", *_ENDS, descending=[True] + [False] * 4
    )
    return both.unique(_ENDS, keep="first", maintain_order=True)


def _with_ends(found: pl.DataFrame) -> pl.DataFrame:
    ends = {"subject": ("centre", "other"), "object": ("other", "centre")}
    columns = [pl.when("first").then(near).otherwise(far).alias(end) for end, (near, far) in ends.items()]
    return found.with_columns(columns).select(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items())


def filtered(found: pl.DataFrame) -> pl.DataFrame:
    """What the visitor chose: by type of relationship, type of neighbour, source, and number."""
    sources = sorted(set(found["sources"].explode().drop_nulls()))
    first, second, third, fourth = st.columns(4)
    types = first.multiselect(
        "Relationships", sorted(set(found["type"])), key="types", bind="query-params", placeholder="All"
    )
    others = second.multiselect(
        "Neighbours", sorted(set(found["other_type"])), key="others", bind="query-params", placeholder="All"
    )
    stated_by = third.multiselect("Sources", sources, key="sources", bind="query-params", placeholder="All")
    most = fourth.slider(
        "At most of each type", 1, 100, 12, key="most", bind="query-params", help="The best supported come first."
    )
    chosen = found
    if types:
        chosen = chosen.filter(pl.col("type").is_in(types))
    if others:
        chosen = chosen.filter(pl.col("other_type").is_in(others))
    if stated_by:
        chosen = chosen.filter(pl.col("sources").list.eval(pl.element().is_in(stated_by)).list.any())
    place = pl.int_range(pl.len()).over("centre", "type")
    return chosen.filter(place < most).head(_MOST_EDGES)


def picture(centres: Sequence[Centre], kept: pl.DataFrame) -> tuple[list[Node], list[Edge]]:
    """Nodes and edges to draw: the centres, ringed, and the neighbours that were kept."""
    nodes = {centre.id: Node(centre.id, centre.name, centre.type, 0.8, ringed=True) for centre in centres}
    for row in kept.iter_rows(named=True):
        other = row["other"]
        nodes.setdefault(other, Node(other, row["other_name"] or other, row["other_type"], 0.25, note=other))
    edges = [_edge(row) for row in kept.iter_rows(named=True)]
    return list(nodes.values()), edges


def _edge(row: dict[str, Any]) -> Edge:
    sources = row["sources"] or []
    return Edge(
        row["subject"],
        row["object"],
        row["type"],
        min(len(sources), 4) / 6,
        note=", ".join(sources),
        directed=not FULL_MODEL.relationships[row["type"]].symmetric,
        dashed=row["evidence"] == "predicted",
    )
