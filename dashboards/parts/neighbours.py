"""The neighbours of some entities, read from the graph, and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboards.parts.network import Edge, Node
from dashboards.parts.text import plain
from warehouse.answer import Limits, to_polars
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
    frames = []
    for label in sorted({centre.type for centre in centres}):
        ids = [centre.id for centre in centres if centre.type == label]
        text = f"""MATCH (n:{label})-[r]-(x) WHERE n.id IN $ids
            RETURN startNode(r).id AS subject, type(r) AS type, endNode(r).id AS object, n.id AS centre, x.id AS other,
                coalesce(x.symbol, x.name) AS other_name, labels(x)[0] AS other_type,
                r.sources AS sources, r.evidence AS evidence
            ORDER BY size(sources) DESC, other"""
        limits = Limits(_warehouse.limits.timeout_s, 100_000, _warehouse.limits.memory_mb)
        answer = _warehouse.query(text, {"ids": ids}, limits=limits)
        frames.append(to_polars(answer.table).select(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items()))
    return pl.concat(frames).unique(["subject", "type", "object"], keep="first", maintain_order=True)


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
